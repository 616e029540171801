//! Names and addresses as others give them, made fit to be kept and shown.

/// How many characters the name of a user has at most.
pub(crate) const LONGEST_NAME: usize = 200;

/// The same of an e-mail address.
const LONGEST_EMAIL: usize = 320;

/// A text fit to be shown, of so many characters at most: without what is invisible, or turns the letters after it
/// around; but with what joins letters or keeps them apart, which names in some scripts need. `None` when nothing is left
/// of it.
pub(crate) fn shown(text: &str, longest: usize) -> Option<String> {
    let is_seen = |character: &char| {
        !character.is_control()
            && !matches!(character, '\u{ad}' | '\u{61c}' | '\u{200b}' | '\u{200e}'..='\u{200f}' | '\u{2028}'..='\u{202e}')
            && !matches!(character, '\u{2060}'..='\u{206f}' | '\u{feff}' | '\u{fff9}'..='\u{fffb}')
    };
    let text: String = text.trim().chars().filter(is_seen).take(longest).collect();
    let text = text.trim();
    (!text.is_empty()).then(|| text.to_owned())
}

/// Whether a text looks like an e-mail address; whether mail arrives there nobody tries.
pub fn is_email(text: &str) -> bool {
    let text = text.trim();
    let parts = text.split_once('@');
    let has_parts = parts.is_some_and(|(name, host)| !name.is_empty() && !host.is_empty() && !host.contains('@'));
    let is_plain = !text.contains(char::is_whitespace) && shown(text, LONGEST_EMAIL).as_deref() == Some(text);
    has_parts && is_plain
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_shown_is_seen() {
        for (given, seen) in [
            (" Ana ", "Ana"),
            ("Zoë 🐝", "Zoë 🐝"),
            ("علی\u{200c}رضا", "علی\u{200c}رضا"),
            ("A\u{1b}[31mna\n", "A[31mna"),
            ("A\u{202e}an\u{200b}", "Aan"),
            ("Anastasia", "Anastas"),
        ] {
            assert_eq!(shown(given, 7).as_deref(), Some(seen), "{given:?}");
        }
        for nothing in ["", "  ", "\u{7}", "\u{200b}\u{feff}"] {
            assert_eq!(shown(nothing, 7), None, "{nothing:?}");
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
