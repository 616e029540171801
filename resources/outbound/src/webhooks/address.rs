//! URLs of webhooks: as the user has set them, and as they are called.

use reqwest::Url;
use schemas::webhook::WebhookKind;

use crate::http::{UrlError, parse_http_url};

/// The URL in what a user has set, or `None`. The setting of `audio_bytes` ends with a comma and the seconds between two
/// requests.
pub fn stored_url(kind: WebhookKind, text: &str) -> Option<&str> {
    let without_seconds = match text.trim().rsplit_once(',') {
        Some((url, seconds)) if kind == WebhookKind::AudioBytes && seconds.trim().parse::<f64>().is_ok() => url,
        _ => text,
    };
    Some(without_seconds.trim().trim_end_matches(',')).filter(|url| !url.is_empty())
}

/// The URL with the user appended to its query.
pub(super) fn with_user(text: &str, user: &str) -> Result<Url, UrlError> {
    let mut url = parse_http_url(text)?;
    url.set_fragment(None);
    url.query_pairs_mut().append_pair("uid", user);
    Ok(url)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_user_is_added_to_what_is_there() {
        let added = |text| with_user(text, "a b").unwrap().to_string();
        assert_eq!(added("https://hooks.example"), "https://hooks.example/?uid=a+b");
        assert_eq!(added("https://hooks.example/x?k=%20v#end"), "https://hooks.example/x?k=%20v&uid=a+b");
        assert_eq!(added("https://hooks.example/x?"), "https://hooks.example/x?uid=a+b");
    }

    #[test]
    fn addresses_are_read_as_the_app_writes_them() {
        use WebhookKind::{AudioBytes, DaySummary};
        assert_eq!(stored_url(AudioBytes, "https://a.example/x,5"), Some("https://a.example/x"));
        assert_eq!(stored_url(AudioBytes, "https://a.example/x"), Some("https://a.example/x"));
        assert_eq!(stored_url(DaySummary, "https://a.example/x,5"), Some("https://a.example/x,5"));
        for nothing in ["", ",", " ", ",5"] {
            assert_eq!(stored_url(AudioBytes, nothing), None, "{nothing}");
        }
    }
}
