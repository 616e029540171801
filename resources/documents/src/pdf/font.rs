//! Fonts of a PDF: the letters of their codes, and their widths.

use std::collections::HashMap;

use lopdf::{Dictionary, Document, Encoding, Object};

/// The default width of a letter, in thousandths of the font size.
const DEFAULT_WIDTH: f32 = 500.0;

/// How many widths of a font are read: there are no more codes of two bytes.
const MAX_WIDTHS: usize = 1 << 16;

/// The largest distance between the first and the last code of a range: codes have at most two bytes.
const MAX_RANGE: u64 = 0xffff;

/// A font as a page uses it.
pub(super) struct Font<'a> {
    encoding: Encoding<'a>,
    widths: HashMap<u32, f32>,
    default_width: f32,
    /// The number of bytes per code.
    bytes: usize,
}

impl<'a> Font<'a> {
    /// Reads a font's dictionary; `None` when its encoding is unknown.
    pub(super) fn of(font: &'a Dictionary, document: &'a Document, limit: usize) -> Option<Self> {
        let encoding = font.get_font_encoding_with_limit(document, limit).ok()?;
        let is_composite = font.get(b"Subtype").and_then(Object::as_name).is_ok_and(|kind| kind == b"Type0");
        let (widths, default_width) = if is_composite { composite(font, document) } else { simple(font, document) };
        Some(Self { encoding, widths, default_width, bytes: if is_composite { 2 } else { 1 } })
    }

    /// The letters of these codes.
    pub(super) fn decode(&self, codes: &[u8]) -> String {
        let text = self.encoding.bytes_to_string(codes).unwrap_or_default();
        text.chars().filter(|letter| *letter != '\u{fffd}' && *letter != '\0').collect()
    }

    /// The total width of these codes, in thousandths of the font size, their number, and the number of spaces among
    /// them.
    pub(super) fn measure(&self, codes: &[u8]) -> (f32, usize, usize) {
        let (mut width, mut count, mut spaces) = (0.0, 0, 0);
        for code in codes.chunks(self.bytes) {
            let code = code.iter().fold(0, |code, byte| code << 8 | u32::from(*byte));
            width += self.widths.get(&code).unwrap_or(&self.default_width);
            count += 1;
            spaces += usize::from(code == 32 && self.bytes == 1);
        }
        (width, count, spaces)
    }
}

/// Whether a `ToUnicode` map names a range of more codes than two bytes have. The map is stored code by code.
pub(super) fn has_huge_range(font: &Dictionary, document: &Document, limit: usize) -> bool {
    let stream = font.get_deref(b"ToUnicode", document).and_then(Object::as_stream);
    let Ok(map) = stream.and_then(|stream| stream.get_plain_content_with_limit(limit)) else { return false };
    let map = String::from_utf8_lossy(&map);
    map.split("beginbfrange").skip(1).any(|section| {
        let section = section.split("endbfrange").next().unwrap_or_default();
        // Entries are `<first> <last> <letters>` or `<first> <last> [<letters> …]`.
        let mut rest = section;
        while let Some((first, after)) = next_code(rest) {
            let Some((last, after)) = next_code(after) else { break };
            if last.saturating_sub(first) > MAX_RANGE {
                return true;
            }
            let after = after.trim_start();
            rest = match after.strip_prefix('[') {
                Some(list) => list.split_once(']').map_or("", |(_, after)| after),
                None => after.split_once('>').map_or("", |(_, after)| after),
            };
        }
        false
    })
}

/// The next code in angle brackets, and what follows it. One that is too long counts as the largest.
fn next_code(text: &str) -> Option<(u64, &str)> {
    let (code, after) = text.split_once('<')?.1.split_once('>')?;
    let digits: String = code.split_whitespace().collect();
    Some((u64::from_str_radix(&digits, 16).unwrap_or(u64::MAX), after))
}

/// The widths of a font with one-byte codes, and its default width.
fn simple(font: &Dictionary, document: &Document) -> (HashMap<u32, f32>, f32) {
    let first = font.get_deref(b"FirstChar", document).and_then(Object::as_i64).unwrap_or_default();
    let widths = font.get_deref(b"Widths", document).and_then(Object::as_array);
    let numbers = widths.into_iter().flatten().filter_map(|width| number(width, document));
    ((u32::try_from(first).unwrap_or_default()..256).zip(numbers).collect(), DEFAULT_WIDTH)
}

/// The widths of a font with two-byte codes, and its default width.
fn composite(font: &Dictionary, document: &Document) -> (HashMap<u32, f32>, f32) {
    let descendants = font.get_deref(b"DescendantFonts", document).and_then(Object::as_array);
    let descendant = descendants.ok().and_then(|all| document.dereference(all.first()?).ok()?.1.as_dict().ok());
    let Some(descendant) = descendant else { return (HashMap::new(), DEFAULT_WIDTH) };
    let default_width = descendant.get_deref(b"DW", document).and_then(Object::as_float).unwrap_or(1000.0);
    let listed = descendant.get_deref(b"W", document).and_then(Object::as_array);
    let (mut widths, mut codes, mut remaining) = (HashMap::new(), Vec::<u32>::new(), MAX_WIDTHS);
    for entry in listed.into_iter().flatten() {
        // Either a code and the widths from there on, or two codes and the width from one to the other.
        let entry = document.dereference(entry).map_or(entry, |(_, entry)| entry);
        match (codes.as_slice(), entry) {
            (&[first], Object::Array(list)) => {
                let listed = list.iter().take(remaining).filter_map(|width| number(width, document));
                widths.extend((first..=u32::MAX).zip(listed));
                remaining -= list.len().min(remaining);
                codes.clear();
            }
            (&[first, last], width) => {
                let width = number(width, document).unwrap_or(default_width);
                let codes_of_range = (first..=last.min(0xffff)).take(remaining);
                remaining -= codes_of_range.clone().count();
                widths.extend(codes_of_range.map(|code| (code, width)));
                codes.clear();
            }
            (_, code) => codes.push(number(code, document).unwrap_or_default() as u32),
        }
    }
    (widths, default_width)
}

fn number(object: &Object, document: &Document) -> Option<f32> {
    document.dereference(object).ok()?.1.as_float().ok()
}
