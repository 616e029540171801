//! How deep JSON nests: what reads it, checks it and stores it goes down with it, so that it has to have an end.

/// How many lists and objects may stand within each other.
pub const MAX_DEPTH: usize = 64;

/// Whether lists and objects stand within each other too often in this text, which need not be JSON.
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_stands_within_each_other_is_deep() {
        let nested = |depth: usize| format!("{}1{}", "[".repeat(depth), "]".repeat(depth)).into_bytes();
        assert!(!is_too_deep(&nested(MAX_DEPTH)));
        assert!(is_too_deep(&nested(MAX_DEPTH + 1)));
        assert!(!is_too_deep(&b"[]{}".repeat(100)));
        assert!(!is_too_deep(format!(r#"{{"a":"{}\\\"{}"}}"#, "[".repeat(99), "{".repeat(99)).as_bytes()));
    }
}
