//! A font of a PDF: which letters its codes stand for, and how wide they are.

use std::collections::HashMap;

use lopdf::{Dictionary, Document, Encoding, Object};

/// How wide a letter is of which nothing is known, in thousandths of the font's size.
const USUAL: f32 = 500.0;

/// A font as a page uses it.
pub(super) struct Font<'a> {
    encoding: Encoding<'a>,
    widths: HashMap<u32, f32>,
    usual: f32,
    /// How many bytes a code has.
    bytes: usize,
}

impl<'a> Font<'a> {
    /// Reads a font's dictionary; `None` where its letters cannot be told.
    pub(super) fn of(font: &'a Dictionary, document: &'a Document, limit: usize) -> Option<Self> {
        let encoding = font.get_font_encoding_with_limit(document, limit).ok()?;
        let is_composite = font.get(b"Subtype").and_then(Object::as_name).is_ok_and(|kind| kind == b"Type0");
        let (widths, usual) = if is_composite { composite(font, document) } else { simple(font, document) };
        Some(Self { encoding, widths, usual, bytes: if is_composite { 2 } else { 1 } })
    }

    /// The letters that these codes stand for.
    pub(super) fn read(&self, codes: &[u8]) -> String {
        let text = self.encoding.bytes_to_string(codes).unwrap_or_default();
        text.chars().filter(|letter| *letter != '\u{fffd}' && *letter != '\0').collect()
    }

    /// How wide these codes are together, in thousandths of the font's size, how many they are, and how many of them are
    /// spaces.
    pub(super) fn measure(&self, codes: &[u8]) -> (f32, usize, usize) {
        let (mut width, mut count, mut spaces) = (0.0, 0, 0);
        for code in codes.chunks(self.bytes) {
            let code = code.iter().fold(0, |code, byte| code << 8 | u32::from(*byte));
            width += self.widths.get(&code).unwrap_or(&self.usual);
            count += 1;
            spaces += usize::from(code == 32 && self.bytes == 1);
        }
        (width, count, spaces)
    }
}

/// The widths of a font whose codes have one byte, and of codes beyond them.
fn simple(font: &Dictionary, document: &Document) -> (HashMap<u32, f32>, f32) {
    let first = font.get_deref(b"FirstChar", document).and_then(Object::as_i64).unwrap_or_default();
    let widths = font.get_deref(b"Widths", document).and_then(Object::as_array);
    let numbers = widths.into_iter().flatten().filter_map(|width| number(width, document));
    ((u32::try_from(first).unwrap_or_default()..256).zip(numbers).collect(), USUAL)
}

/// The widths of a font whose codes have two bytes, and of codes beyond them.
fn composite(font: &Dictionary, document: &Document) -> (HashMap<u32, f32>, f32) {
    let descendants = font.get_deref(b"DescendantFonts", document).and_then(Object::as_array);
    let descendant = descendants.ok().and_then(|all| document.dereference(all.first()?).ok()?.1.as_dict().ok());
    let Some(descendant) = descendant else { return (HashMap::new(), USUAL) };
    let usual = descendant.get_deref(b"DW", document).and_then(Object::as_float).unwrap_or(1000.0);
    let listed = descendant.get_deref(b"W", document).and_then(Object::as_array);
    let (mut widths, mut codes) = (HashMap::new(), Vec::<u32>::new());
    for entry in listed.into_iter().flatten() {
        // Either a code and the widths from there on, or two codes and the width from one to the other.
        let entry = document.dereference(entry).map_or(entry, |(_, entry)| entry);
        match (codes.as_slice(), entry) {
            (&[first], Object::Array(list)) => {
                widths.extend((first..).zip(list.iter().filter_map(|width| number(width, document))));
                codes.clear();
            }
            (&[first, last], width) => {
                let width = number(width, document).unwrap_or(usual);
                widths.extend((first..=last.min(0xffff)).map(|code| (code, width)));
                codes.clear();
            }
            (_, code) => codes.push(number(code, document).unwrap_or_default() as u32),
        }
    }
    (widths, usual)
}

fn number(object: &Object, document: &Document) -> Option<f32> {
    document.dereference(object).ok()?.1.as_float().ok()
}
