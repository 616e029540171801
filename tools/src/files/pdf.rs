//! Extracts the text of a PDF, page by page. The file may be damaged or malicious, so it is read on a separate thread,
//! with limits on time and size.

mod font;
mod layout;

use std::time::{Duration, Instant};

use lopdf::{Document, Error, LoadOptions, Object, ObjectId, content::Content};
use resources::chat_files::Page;

use self::{font::Font, layout::Layout};

/// The time limit.
const READ_TIMEOUT: Duration = Duration::from_secs(20);

/// The maximum decompressed size of a part of the file, in bytes.
const MAX_PART: usize = 64 << 20;

/// The maximum number of pages.
const MAX_PAGES: usize = 5000;

/// Why a PDF cannot be read.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum PdfError {
    /// It is password-protected.
    Encrypted,
    /// It is malformed.
    Damaged,
    /// The time limit was exceeded.
    TooSlow,
    /// It has more than [`MAX_PAGES`] pages.
    TooManyPages,
    /// Its text is too long.
    TooLong,
}

/// Reads a PDF with at most `max_chars` characters on a separate thread.
pub(super) async fn read(bytes: Vec<u8>, max_chars: usize) -> Result<Vec<Page>, PdfError> {
    let deadline = Instant::now() + READ_TIMEOUT;
    let reading = tokio::task::spawn_blocking(move || pages(&bytes, max_chars, deadline));
    match tokio::time::timeout(READ_TIMEOUT + Duration::from_secs(1), reading).await {
        // The thread stops by itself at the next check of the deadline.
        Err(_) => Err(PdfError::TooSlow),
        Ok(Err(_panicked)) => Err(PdfError::Damaged),
        Ok(Ok(pages)) => pages,
    }
}

fn pages(bytes: &[u8], max_chars: usize, deadline: Instant) -> Result<Vec<Page>, PdfError> {
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
    let (mut pages, mut length) = (Vec::with_capacity(ids.len()), 0);
    for (number, id) in (1..).zip(ids) {
        // A damaged page counts as empty; the others may be readable.
        let text = text_of(&document, id, deadline).or_else(|reason| match reason {
            PdfError::Damaged => Ok(String::new()),
            other => Err(other),
        })?;
        length += text.chars().count();
        if length > max_chars {
            return Err(PdfError::TooLong);
        }
        pages.push(Page { number: Some(number), text });
    }
    Ok(pages)
}

fn text_of(document: &Document, page: ObjectId, deadline: Instant) -> Result<String, PdfError> {
    let fonts = document.get_page_fonts(page).map_err(|_| PdfError::Damaged)?;
    let fonts: Vec<(Vec<u8>, Font<'_>)> =
        fonts.into_iter().filter_map(|(name, font)| Some((name, Font::of(font, document, MAX_PART)?))).collect();
    let content = document.get_page_content_with_limit(page, MAX_PART).map_err(|_| PdfError::Damaged)?;
    let mut layout = Layout::default();
    for (count, operation) in Content::decode_iter(&content).enumerate() {
        if count % 1000 == 0 && Instant::now() > deadline {
            return Err(PdfError::TooSlow);
        }
        // Keep the text before a broken operation.
        let Ok(operation) = operation else { break };
        let operands = &operation.operands;
        let numbers: Vec<f32> = operands.iter().filter_map(|operand| operand.as_float().ok()).collect();
        match (operation.operator.as_str(), operands.as_slice(), numbers.as_slice()) {
            ("Tf", [Object::Name(name), ..], &[size]) => {
                layout.set_font(fonts.iter().find(|(known, _)| known == name).map(|(_, font)| font), size);
            }
            ("Tj", [Object::String(text, _)], _) => layout.show(text),
            ("'", [Object::String(text, _)], _) => layout.show_on_next_line(text),
            ("\"", [_, _, Object::String(text, _)], _) => layout.show_on_next_line(text),
            ("TJ", [Object::Array(parts)], _) => parts.iter().for_each(|part| match part {
                Object::String(text, _) => layout.show(text),
                other => layout.shift(other.as_float().unwrap_or_default()),
            }),
            (operator, _, numbers) => layout.apply(operator, numbers),
        }
    }
    Ok(layout.finish())
}

#[cfg(test)]
mod tests;
