//! Redirect URIs: which are allowed, and with which parameters.

use reqwest::Url;
use resources::grants::is_loopback;

/// The URI, if it is allowed as a redirect after signing in: it is one of `allowed`, exactly, or a program on the
/// browser's own machine, on any port.
pub(super) fn allowed(uri: &str, allowed: &[String]) -> Option<Url> {
    let url: Url = uri.parse().ok()?;
    let is_plain = url.username().is_empty() && url.password().is_none() && url.fragment().is_none();
    let is_program = url.scheme() == "http" && is_loopback(&url);
    (is_plain && (is_program || allowed.iter().any(|known| known == uri))).then_some(url)
}

/// The URL with these parameters added.
pub(super) fn with_parameters(mut url: Url, parameters: &[(&str, Option<&str>)]) -> String {
    for (name, value) in parameters {
        if let Some(value) = value {
            url.query_pairs_mut().append_pair(name, value);
        }
    }
    url.into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn local_programs_and_configured_uris_are_allowed() {
        let list = ["https://memory.example/back".to_owned(), "omi://back".to_owned()];
        for good in [
            "http://127.0.0.1:4711/callback",
            "http://localhost/",
            "http://[::1]:9/x?y=1",
            "https://memory.example/back",
            "omi://back",
        ] {
            assert!(allowed(good, &list).is_some(), "{good}");
        }
        for bad in [
            "https://127.0.0.1:4711/callback",
            "http://127.0.0.1.evil.example/",
            "http://127.0.0.1@evil.example/",
            "http://user@127.0.0.1/",
            "http://127.0.0.1/#x",
            "http://localhost.evil.example/",
            "http:\\\\evil.example\\127.0.0.1",
            "https://memory.example/back/",
            "https://memory.example/back?x",
            "https://memory.example",
            "//evil.example",
            "javascript:alert(1)",
            "",
        ] {
            assert!(allowed(bad, &list).is_none(), "{bad}");
        }
        // Other spellings of a loopback address are canonicalised.
        assert_eq!(allowed("http://0x7f.1:80/", &list).unwrap().as_str(), "http://127.0.0.1/");
    }

    #[test]
    fn parameters_are_added() {
        let url = "http://localhost/x?y=1".parse().unwrap();
        assert_eq!(with_parameters(url, &[("code", Some("a b")), ("state", None)]), "http://localhost/x?y=1&code=a+b");
    }
}
