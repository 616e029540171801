//! Where a browser may be sent: never wherever somebody likes.

use reqwest::Url;
use resources::grants::is_loopback;

/// The address, if a browser may be sent there after signing in: it is one of `allowed`, letter by letter, or a program
/// on the browser's own machine, at any port.
pub(super) fn allowed(address: &str, allowed: &[String]) -> Option<Url> {
    let url: Url = address.parse().ok()?;
    let is_plain = url.username().is_empty() && url.password().is_none() && url.fragment().is_none();
    let is_program = url.scheme() == "http" && is_loopback(&url);
    (is_plain && (is_program || allowed.iter().any(|one| one == address))).then_some(url)
}

/// The address with these parameters behind those it has.
pub(super) fn with(mut url: Url, parameters: &[(&str, Option<&str>)]) -> String {
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
    fn browsers_are_sent_home_or_where_the_owner_says() {
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
        // What a parser reads as the machine itself is.
        assert_eq!(allowed("http://0x7f.1:80/", &list).unwrap().as_str(), "http://127.0.0.1/");
    }

    #[test]
    fn parameters_come_behind_others() {
        let url = "http://localhost/x?y=1".parse().unwrap();
        assert_eq!(with(url, &[("code", Some("a b")), ("state", None)]), "http://localhost/x?y=1&code=a+b");
    }
}
