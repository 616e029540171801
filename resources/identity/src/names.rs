//! Display names and e-mail addresses from outside, sanitized and checked.

/// The longest name of a user, in characters.
pub const MAX_NAME_LENGTH: usize = 200;

/// The longest e-mail address, in characters.
pub const MAX_EMAIL_LENGTH: usize = 320;

/// The text without control, invisible and bidirectional formatting characters, cut to `max_length` characters. Joiners
/// stay, since names in some scripts need them. `None` when nothing is left.
pub fn sanitize(text: &str, max_length: usize) -> Option<String> {
    let is_visible = |character: &char| {
        !character.is_control()
            && !matches!(character, '\u{ad}' | '\u{61c}' | '\u{200b}' | '\u{200e}'..='\u{200f}' | '\u{2028}'..='\u{202e}')
            && !matches!(character, '\u{2060}'..='\u{206f}' | '\u{feff}' | '\u{fff9}'..='\u{fffb}')
    };
    let text: String = text.trim().chars().filter(is_visible).take(max_length).collect();
    let text = text.trim();
    (!text.is_empty()).then(|| text.to_owned())
}

/// Whether a text looks like an e-mail address. Delivery is not tested.
pub fn is_email(text: &str) -> bool {
    let text = text.trim();
    let parts = text.split_once('@');
    let has_parts = parts.is_some_and(|(name, host)| !name.is_empty() && !host.is_empty() && !host.contains('@'));
    let is_plain = !text.contains(char::is_whitespace) && sanitize(text, MAX_EMAIL_LENGTH).as_deref() == Some(text);
    has_parts && is_plain
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_invisible_is_removed() {
        for (given, expected) in [
            (" Ana ", "Ana"),
            ("Zoë 🐝", "Zoë 🐝"),
            ("علی\u{200c}رضا", "علی\u{200c}رضا"),
            ("A\u{1b}[31mna\n", "A[31mna"),
            ("A\u{202e}an\u{200b}", "Aan"),
            ("Anastasia", "Anastas"),
        ] {
            assert_eq!(sanitize(given, 7).as_deref(), Some(expected), "{given:?}");
        }
        for nothing in ["", "  ", "\u{7}", "\u{200b}\u{feff}"] {
            assert_eq!(sanitize(nothing, 7), None, "{nothing:?}");
        }
    }

    #[test]
    fn addresses_have_a_name_and_a_host_and_nothing_hidden() {
        for good in ["a@b", " Ana.Ö+x@example.com ", "ana@[::1]"] {
            assert!(is_email(good), "{good}");
        }
        let long = format!("ana@{}.example", "x".repeat(320));
        for bad in ["", "ana", "@b", "a@", "a@b@c", "a b@c", "a@b\u{1b}[2J", "a@b\u{200b}", long.as_str()] {
            assert!(!is_email(bad), "{bad:?}");
        }
    }
}
