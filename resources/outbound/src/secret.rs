//! Passwords and keys of other services, which are kept out of logs.

use std::fmt;

use serde::Deserialize;

/// A password or key from the configuration. Printing it shows asterisks, whatever the format.
#[derive(Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(transparent)]
pub struct Secret(String);

impl Secret {
    /// The secret itself, for the request that sends it.
    pub fn expose(&self) -> &str {
        &self.0
    }

    /// Replaces the secret in a text of another server, which may repeat it.
    pub fn redact(&self, text: &str) -> String {
        if self.0.is_empty() { text.to_owned() } else { text.replace(&self.0, "***") }
    }
}

/// A URL without user, password, query and fragment, which may contain secrets.
pub fn redact_url(url: &str) -> String {
    let Ok(mut url) = reqwest::Url::parse(url) else { return "an invalid URL".into() };
    // A URL that cannot have a user has none to remove.
    let _ = url.set_username("");
    let _ = url.set_password(None);
    url.set_query(None);
    url.set_fragment(None);
    url.as_str().trim_end_matches('/').to_owned()
}

impl From<String> for Secret {
    fn from(text: String) -> Self {
        Self(text)
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("***")
    }
}

impl fmt::Display for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("***")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn printing_shows_nothing() {
        let secret = Secret::from("sesame".to_owned());
        assert_eq!(format!("{secret} {secret:?} {:?}", Some(&secret)), "*** *** Some(***)");
        assert_eq!(secret.redact("the key sesame is wrong"), "the key *** is wrong");
        assert_eq!(Secret::from(String::new()).redact("the key is wrong"), "the key is wrong");
    }

    #[test]
    fn addresses_are_shown_without_what_is_secret_in_them() {
        assert_eq!(redact_url("https://ada:sesame@a.example:8443/v1/?key=sesame#x"), "https://a.example:8443/v1");
        assert_eq!(redact_url("ws://127.0.0.1:8000"), "ws://127.0.0.1:8000");
        assert_eq!(redact_url("sesame"), "an invalid URL");
    }
}
