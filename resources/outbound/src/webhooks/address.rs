//! Where webhooks lead: how an address stands in what a user has set, and how the user stands in the address.

use reqwest::Url;
use schemas::webhook::WebhookKind;

use crate::http::{Refused, web_address};

/// The address within what a user has set; `None` where that is none. That of `audio_bytes` ends with a comma and the
/// seconds between two requests.
pub fn stored(kind: WebhookKind, text: &str) -> Option<&str> {
    let without_seconds = match text.trim().rsplit_once(',') {
        Some((url, seconds)) if kind == WebhookKind::AudioBytes && seconds.trim().parse::<f64>().is_ok() => url,
        _ => text,
    };
    Some(without_seconds.trim().trim_end_matches(',')).filter(|url| !url.is_empty())
}

/// The address with the user in its query, behind whatever stands there already.
pub(super) fn of_user(text: &str, user: &str) -> Result<Url, Refused> {
    let mut url = web_address(text)?;
    url.set_fragment(None);
    url.query_pairs_mut().append_pair("uid", user);
    Ok(url)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_user_is_added_to_what_is_there() {
        let added = |text| of_user(text, "a b").unwrap().to_string();
        assert_eq!(added("https://hooks.example"), "https://hooks.example/?uid=a+b");
        assert_eq!(added("https://hooks.example/x?k=%20v#end"), "https://hooks.example/x?k=%20v&uid=a+b");
        assert_eq!(added("https://hooks.example/x?"), "https://hooks.example/x?uid=a+b");
    }

    #[test]
    fn addresses_are_read_as_the_app_writes_them() {
        use WebhookKind::{AudioBytes, DaySummary};
        assert_eq!(stored(AudioBytes, "https://a.example/x,5"), Some("https://a.example/x"));
        assert_eq!(stored(AudioBytes, "https://a.example/x"), Some("https://a.example/x"));
        assert_eq!(stored(DaySummary, "https://a.example/x,5"), Some("https://a.example/x,5"));
        for nothing in ["", ",", " ", ",5"] {
            assert_eq!(stored(AudioBytes, nothing), None, "{nothing}");
        }
    }
}
