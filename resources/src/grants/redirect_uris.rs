//! Redirect URIs of clients.

use reqwest::Url;

/// Schemes that a browser or the operating system handles itself, instead of opening the client's app. Windows' own
/// schemes start with `ms-`.
const FORBIDDEN_SCHEMES: [&str; 30] = [
    "about",
    "afp",
    "blob",
    "chrome",
    "data",
    "facetime",
    "file",
    "filesystem",
    "ftp",
    "intent",
    "javascript",
    "ldap",
    "mailto",
    "mhtml",
    "nfs",
    "res",
    "search",
    "search-ms",
    "sftp",
    "shell",
    "sip",
    "smb",
    "sms",
    "ssh",
    "tel",
    "telnet",
    "vbscript",
    "view-source",
    "ws",
    "wss",
];

/// Whether a client may register this redirect URI: https, http on the loopback interface, or a private-use scheme of
/// an app (RFC 8252).
pub fn is_redirect_uri(text: &str) -> bool {
    let Ok(url) = text.parse::<Url>() else { return false };
    let is_plain = url.fragment().is_none() && url.username().is_empty() && url.password().is_none();
    is_plain
        && match url.scheme() {
            "https" => true,
            "http" => is_loopback(&url),
            scheme => !scheme.starts_with("ms-") && !FORBIDDEN_SCHEMES.contains(&scheme),
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
        for good in
            ["https://a.example/cb", "http://localhost:1/", "http://[::1]/cb", "com.example.app:/cb", "vscode://x/y"]
        {
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
            "http://localhost:*/cb",
        ] {
            assert!(!is_redirect_uri(bad), "{bad}");
        }
    }
}
