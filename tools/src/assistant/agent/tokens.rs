//! How much room a text takes in a model's context.

/// About how many tokens a text is: tokenizers differ, but hardly one needs more than this for English, and for other
/// scripts a letter is a token at most.
pub(super) fn count(text: &str) -> usize {
    let (mut ascii, mut other) = (0, 0);
    for byte in text.bytes() {
        if byte.is_ascii() {
            ascii += 1;
        } else if byte & 0xC0 != 0x80 {
            other += 1;
        }
    }
    ascii / 4 + other + 1
}
