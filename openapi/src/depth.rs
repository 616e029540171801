//! The nesting limit of JSON: parsing, validation and storage are recursive.

/// The maximum number of nested arrays and objects.
pub const MAX_DEPTH: usize = 64;

/// Whether this text, which need not be JSON, nests arrays and objects deeper than that.
pub fn is_too_deep(text: &[u8]) -> bool {
    let (mut depth, mut is_in_text, mut is_escaped) = (0_usize, false, false);
    for byte in text {
        match (is_in_text, byte) {
            (true, _) if is_escaped => is_escaped = false,
            (true, b'\\') => is_escaped = true,
            (_, b'"') => is_in_text = !is_in_text,
            (false, b'[' | b'{') => depth += 1,
            (false, b']' | b'}') => depth = depth.saturating_sub(1),
            _ => {}
        }
        if depth > MAX_DEPTH {
            return true;
        }
    }
    false
}

/// The number of values in this JSON text, at most one too many for each array and object.
pub(crate) fn count_values(text: &[u8]) -> usize {
    let (mut count, mut is_in_text, mut is_escaped) = (1, false, false);
    for byte in text {
        match (is_in_text, byte) {
            (true, _) if is_escaped => is_escaped = false,
            (true, b'\\') => is_escaped = true,
            (_, b'"') => is_in_text = !is_in_text,
            (false, b'[' | b'{' | b',') => count += 1,
            _ => {}
        }
    }
    count
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_counted_outside_texts() {
        let count = |text: &str| count_values(text.as_bytes());
        assert_eq!((count("1"), count("[1,2,3]"), count(r#"{"a":"[,\",","b":{}}"#)), (1, 4, 4));
    }

    #[test]
    fn only_what_stands_within_each_other_is_deep() {
        let nested = |depth: usize| format!("{}1{}", "[".repeat(depth), "]".repeat(depth)).into_bytes();
        assert!(!is_too_deep(&nested(MAX_DEPTH)));
        assert!(is_too_deep(&nested(MAX_DEPTH + 1)));
        assert!(!is_too_deep(&b"[]{}".repeat(100)));
        assert!(!is_too_deep(format!(r#"{{"a":"{}\\\"{}"}}"#, "[".repeat(99), "{".repeat(99)).as_bytes()));
    }
}
