//! Extracts the text of a PDF, page by page, within a [`Budget`]. What the budget does not see, a single step of the parser
//! that takes too much, is for the limits of the process.

mod font;
mod layout;

use std::time::Instant;

use lopdf::{Document, Error, LoadOptions, Object, ObjectId, content::Content};
use serde::{Deserialize, Serialize};

use self::{font::Font, layout::Layout};

/// The maximum decompressed size of a part of the file, in bytes.
const MAX_PART: usize = 64 << 20;

/// The maximum number of pages.
pub const MAX_PAGES: usize = 5000;

/// Why a PDF cannot be read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
pub enum PdfError {
    /// It is password-protected.
    #[error("is a password-protected PDF")]
    Encrypted,
    /// It is malformed.
    #[error("is a damaged PDF")]
    Damaged,
    /// The time limit was exceeded.
    #[error("is a PDF that takes too long to read")]
    TooSlow,
    /// The memory limit was exceeded.
    #[error("is a PDF that takes too much memory to read")]
    TooMuchMemory,
    /// It has more than [`MAX_PAGES`] pages.
    #[error("is a PDF with more than {} pages", MAX_PAGES)]
    TooManyPages,
    /// Its text is too long.
    #[error("is a PDF whose text is too long")]
    TooLong,
}

/// The text of a page.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Page {
    /// Its number, from 1 on.
    pub number: u32,
    /// Its text.
    pub text: String,
}

/// What is left of the limits of a file.
#[derive(Debug, Clone, Copy)]
pub struct Budget {
    /// When reading ends.
    pub deadline: Instant,
    /// How many characters the text may still have.
    pub chars: usize,
}

impl Budget {
    fn check_time(&self) -> Result<(), PdfError> {
        if Instant::now() > self.deadline { Err(PdfError::TooSlow) } else { Ok(()) }
    }

    fn take_chars(&mut self, count: usize) -> Result<(), PdfError> {
        self.chars = self.chars.checked_sub(count).ok_or(PdfError::TooLong)?;
        Ok(())
    }
}

/// The pages of a PDF.
///
/// # Errors
/// As [`PdfError`] says. A damaged page is no error: it counts as empty.
pub fn read(bytes: &[u8], mut budget: Budget) -> Result<Vec<Page>, PdfError> {
    let options = LoadOptions { max_decompressed_size: Some(MAX_PART), ..LoadOptions::default() };
    let document = Document::load_mem_with_options(bytes, options).map_err(|error| match error {
        Error::InvalidPassword | Error::Decryption(_) | Error::UnsupportedSecurityHandler(_) => PdfError::Encrypted,
        _ => PdfError::Damaged,
    })?;
    // Files with an empty password are decrypted by now.
    if document.is_encrypted() && !document.was_encrypted() {
        return Err(PdfError::Encrypted);
    }
    let ids: Vec<ObjectId> = document.page_iter().take(MAX_PAGES + 1).collect();
    if ids.is_empty() {
        return Err(PdfError::Damaged);
    }
    if ids.len() > MAX_PAGES {
        return Err(PdfError::TooManyPages);
    }
    let mut pages = Vec::with_capacity(ids.len());
    for (number, id) in (1..).zip(ids) {
        let before = budget.chars;
        // The other pages may be readable.
        let text = text_of(&document, id, &mut budget).or_else(|reason| match reason {
            PdfError::Damaged => Ok(String::new()),
            other => Err(other),
        })?;
        // The text as it is returned counts: hyphenated words are joined, and a ligature is two letters.
        budget.chars = before;
        budget.take_chars(text.chars().count())?;
        pages.push(Page { number, text });
    }
    Ok(pages)
}

fn text_of(document: &Document, page: ObjectId, budget: &mut Budget) -> Result<String, PdfError> {
    let mut fonts: Vec<(Vec<u8>, Font<'_>)> = Vec::new();
    for (name, font) in document.get_page_fonts(page).map_err(|_| PdfError::Damaged)? {
        budget.check_time()?;
        if font::has_huge_range(font, document, MAX_PART) {
            return Err(PdfError::TooMuchMemory);
        }
        fonts.extend(Font::of(font, document, MAX_PART).map(|font| (name, font)));
    }
    let content = document.get_page_content_with_limit(page, MAX_PART).map_err(|_| PdfError::Damaged)?;
    let mut layout = Layout::new(budget);
    for (count, operation) in Content::decode_iter(&content).enumerate() {
        if count % 1000 == 0 {
            layout.check_time()?;
        }
        // Keep the text before a broken operation.
        let Ok(operation) = operation else { break };
        let operands = &operation.operands;
        let numbers: Vec<f32> = operands.iter().filter_map(|operand| operand.as_float().ok()).collect();
        match (operation.operator.as_str(), operands.as_slice(), numbers.as_slice()) {
            ("Tf", [Object::Name(name), ..], &[size]) => {
                layout.set_font(fonts.iter().find(|(known, _)| known == name).map(|(_, font)| font), size);
            }
            ("Tj", [Object::String(text, _)], _) => layout.show(text)?,
            ("'", [Object::String(text, _)], _) => layout.show_on_next_line(text)?,
            ("\"", [_, _, Object::String(text, _)], _) => layout.show_on_next_line(text)?,
            ("TJ", [Object::Array(parts)], _) => parts.iter().try_for_each(|part| match part {
                Object::String(text, _) => layout.show(text),
                other => {
                    layout.shift(other.as_float().unwrap_or_default());
                    Ok(())
                }
            })?,
            (operator, _, numbers) => layout.apply(operator, numbers),
        }
    }
    Ok(layout.finish())
}

#[cfg(test)]
mod tests;
