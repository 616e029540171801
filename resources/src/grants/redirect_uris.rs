//! Redirect URIs of clients.

use reqwest::Url;

/// Private-use schemes without a dot that MCP clients are known to own. RFC 8252, section 7.1 requires the reversed domain
/// name of the app's owner, so that anything else without a dot may belong to the browser or the operating system.
const APP_SCHEMES: [&str; 14] = [
    "claude",
    "codex",
    "cursor",
    "goose",
    "kiro",
    "lmstudio",
    "omi",
    "raycast",
    "vscode",
    "vscode-insiders",
    "vscodium",
    "warp",
    "windsurf",
    "zed",
];

/// What [`is_redirect_uri`] accepts, for error messages.
pub const REDIRECT_URI_RULE: &str = "https, http on the loopback interface, or an app's own scheme, which contains a dot \
     (com.example.app:/callback) or is that of a known MCP client (cursor, vscode, …)";

/// Whether a client may register this redirect URI: https, http on the loopback interface, or a private-use scheme of
/// an app (RFC 8252), which contains a dot or is one of the known ones.
pub fn is_redirect_uri(text: &str) -> bool {
    let Ok(url) = text.parse::<Url>() else { return false };
    let is_plain = url.fragment().is_none() && url.username().is_empty() && url.password().is_none();
    is_plain
        && match url.scheme() {
            "https" => true,
            "http" => is_loopback(&url),
            scheme => scheme.contains('.') || APP_SCHEMES.contains(&scheme),
        }
}

/// Whether a URL points to the loopback interface of the browser's machine.
pub fn is_loopback(url: &Url) -> bool {
    matches!(url.scheme(), "http" | "https") && matches!(url.host_str(), Some("localhost" | "127.0.0.1" | "[::1]"))
}

/// Whether `given` is the registered URI. The comparison is exact, except for the port of a loopback URI, which an app
/// does not know before it starts (RFC 8252, section 7.3).
pub fn matches_redirect_uri(registered: &str, given: &str) -> bool {
    if registered == given {
        return true;
    }
    match (without_port(registered), without_port(given)) {
        (Some(registered), Some(given)) => registered == given,
        _ => false,
    }
}

fn without_port(text: &str) -> Option<Url> {
    let mut url: Url = text.parse().ok()?;
    let is_app = url.scheme() == "http" && is_loopback(&url) && is_redirect_uri(text);
    // URLs that are not normalized are rejected: `http://127.0.0.1:1/a/../b`.
    let is_literal = url.as_str().strip_suffix('/').unwrap_or(url.as_str()) == text.strip_suffix('/').unwrap_or(text);
    (is_app && is_literal && url.set_port(None).is_ok()).then_some(url)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_the_same_to_the_letter() {
        for (registered, given) in [
            ("https://a.example/cb", "https://a.example/cb"),
            ("cursor://anysphere.cursor-mcp/oauth/callback", "cursor://anysphere.cursor-mcp/oauth/callback"),
            ("http://127.0.0.1/cb", "http://127.0.0.1:49152/cb"),
            ("http://127.0.0.1:33418", "http://127.0.0.1:49152/"),
            ("http://localhost:1/cb?a=b", "http://localhost:2/cb?a=b"),
            ("http://[::1]/cb", "http://[::1]:8080/cb"),
        ] {
            assert!(matches_redirect_uri(registered, given), "{registered} {given}");
        }
        for (registered, given) in [
            ("https://a.example/cb", "https://a.example/cb/"),
            ("https://a.example/cb", "https://a.example/cb?x"),
            ("https://a.example/cb", "https://A.example/cb"),
            ("https://a.example/cb", "https://a.example:444/cb"),
            ("https://a.example/cb", "http://a.example/cb"),
            ("http://127.0.0.1/cb", "http://localhost/cb"),
            ("http://127.0.0.1/cb", "https://127.0.0.1/cb"),
            ("http://127.0.0.1/cb", "http://127.0.0.1:1/other"),
            ("http://127.0.0.1/cb", "http://127.0.0.1:1/x/../cb"),
            ("http://127.0.0.1/cb", "http://127.0.0.1:1@a.example/cb"),
            ("http://127.0.0.1/cb", "http://user@127.0.0.1:1/cb"),
            ("http://127.0.0.1/cb", "http://127.0.0.1:1/cb#x"),
            ("http://127.0.0.1/cb", "http://127.0.0.1.a.example/cb"),
            ("http://a.example/cb", "http://a.example:1/cb"),
        ] {
            assert!(!matches_redirect_uri(registered, given), "{registered} {given}");
        }
    }

    #[test]
    fn redirect_uris_lead_to_the_web_or_to_an_app() {
        for good in [
            "https://a.example/cb",
            "http://localhost:1/",
            "http://[::1]/cb",
            "com.example.app:/cb",
            "com.example.app://oauth/cb",
            "vscode://x/y",
            "VSCode-Insiders://x/y",
            "cursor://anysphere.cursor-mcp/oauth/callback",
            "omi://back",
        ] {
            assert!(is_redirect_uri(good), "{good}");
        }
        for bad in [
            "",
            "/cb",
            "a.example/cb",
            "http://a.example/cb",
            "https://a.example/cb#x",
            "https://u:p@a.example/",
            "javascript:alert(1)",
            "JavaScript:alert(1)",
            "data:text/html,x",
            "file:///etc/passwd",
            "search-ms://localhost/x",
            "ms-settings:x",
            "microsoft-edge:https://evil.example",
            "itms-services://?action=download-manifest",
            "webcal://evil.example/x.ics",
            "steam://run/1",
            "zoommtg://zoom.us/join",
            "vnc://evil.example",
            "mailto:a@evil.example",
            "myapp://cb",
            "cursorx://cb",
            "com.example.app://user@host/cb",
            "http://localhost:*/cb",
        ] {
            assert!(!is_redirect_uri(bad), "{bad}");
        }
    }
}
