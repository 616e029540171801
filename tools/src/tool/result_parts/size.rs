//! Sizes of JSON values as language models see them.

use serde_json::Value;

/// Sizes are measured in quarters of a token: an ASCII character is one, any other character is four.
pub(super) const UNITS_PER_TOKEN: usize = 4;

/// A value up to this size is one piece, in units. Positions depend on it, the size of a part does not.
pub(super) const MAX_PIECE: usize = 1_000;

/// The size of a value as JSON, in units; `None` if it is more than `limit`, without looking at all of it.
pub(super) fn size_within(value: &Value, limit: usize) -> Option<usize> {
    let mut left = limit;
    spend(value, &mut left)?;
    Some(limit - left)
}

fn spend(value: &Value, left: &mut usize) -> Option<()> {
    let mut spend_units = |units: usize| {
        *left = left.checked_sub(units)?;
        Some(())
    };
    match value {
        Value::Null => spend_units(4),
        Value::Bool(_) => spend_units(5),
        Value::Number(number) => spend_units(number.to_string().len()),
        Value::String(text) => {
            spend_units(2)?;
            text.chars().try_for_each(|letter| spend_units(size_of_char(letter)))
        }
        Value::Array(items) => {
            spend_units(2 + items.len())?;
            items.iter().try_for_each(|item| spend(item, left))
        }
        Value::Object(fields) => {
            spend_units(2)?;
            fields.iter().try_for_each(|(name, value)| {
                *left = left.checked_sub(name.len() + 4)?;
                spend(value, left)
            })
        }
    }
}

/// The size of a value as JSON, in units.
pub(super) fn size_of(value: &Value) -> usize {
    size_within(value, usize::MAX).unwrap_or(usize::MAX)
}

/// The same, of a field with its name.
pub(super) fn size_of_field(name: &str, value: &Value) -> usize {
    name.len() + 4 + size_of(value)
}

/// The size of a character within a text.
pub(super) fn size_of_char(letter: char) -> usize {
    match letter {
        '"' | '\\' | '\n' | '\r' | '\t' => 2,
        '\0'..='\u{1f}' => 6,
        ' '..='\u{7f}' => 1,
        _ => UNITS_PER_TOKEN,
    }
}

/// Whether a value is more than one piece.
pub(super) fn is_long(value: &Value) -> bool {
    matches!(value, Value::String(_) | Value::Array(_) | Value::Object(_)) && size_within(value, MAX_PIECE).is_none()
}

/// The size of a field whose value is empty.
pub(super) fn size_of_name(name: &str) -> usize {
    name.len() + 6
}

/// The size of a part of a text.
pub(super) fn size_of_text(text: &str) -> usize {
    text.chars().map(size_of_char).sum()
}
