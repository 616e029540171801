//! The text of a PDF, page by page. Such a file may be damaged, or made to do harm, so that it is read apart, within a
//! time and a size.

mod font;
mod layout;

use std::time::{Duration, Instant};

use lopdf::{Document, Error, LoadOptions, Object, ObjectId, content::Content};
use resources::chat_files::Page;

use self::{font::Font, layout::Layout};

/// How long reading may take.
const PATIENCE: Duration = Duration::from_secs(20);

/// How far a compressed part of the file may swell, in bytes.
const LARGEST_PART: usize = 64 << 20;

/// How many pages are read at most.
const MOST_PAGES: usize = 5000;

/// Why a PDF is not read.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Unread {
    /// It wants a password.
    Encrypted,
    /// It is not as a PDF should be.
    Damaged,
    /// It takes too long.
    TooSlow,
    /// It has more pages than are read.
    TooManyPages,
    /// It has more text than it may.
    TooLong,
}

/// Reads a PDF on a thread of its own, whatever it does there.
pub(super) async fn read(bytes: Vec<u8>, longest: usize) -> Result<Vec<Page>, Unread> {
    let deadline = Instant::now() + PATIENCE;
    let reading = tokio::task::spawn_blocking(move || pages(&bytes, longest, deadline));
    match tokio::time::timeout(PATIENCE + Duration::from_secs(1), reading).await {
        // What cannot be looked at in time is left to itself: a page is only given up between two of its steps.
        Err(_) => Err(Unread::TooSlow),
        Ok(Err(_panicked)) => Err(Unread::Damaged),
        Ok(Ok(pages)) => pages,
    }
}

fn pages(bytes: &[u8], longest: usize, deadline: Instant) -> Result<Vec<Page>, Unread> {
    let options = LoadOptions { max_decompressed_size: Some(LARGEST_PART), ..LoadOptions::default() };
    let document = Document::load_mem_with_options(bytes, options).map_err(|error| match error {
        Error::InvalidPassword | Error::Decryption(_) | Error::UnsupportedSecurityHandler(_) => Unread::Encrypted,
        _ => Unread::Damaged,
    })?;
    // A file that anybody may read has been decrypted by now.
    if document.is_encrypted() && !document.was_encrypted() {
        return Err(Unread::Encrypted);
    }
    let ids: Vec<ObjectId> = document.page_iter().take(MOST_PAGES + 1).collect();
    if ids.is_empty() {
        return Err(Unread::Damaged);
    }
    if ids.len() > MOST_PAGES {
        return Err(Unread::TooManyPages);
    }
    let (mut pages, mut length) = (Vec::with_capacity(ids.len()), 0);
    for (number, id) in (1..).zip(ids) {
        // A page that cannot be read is an empty one; the others may well be whole.
        let text = text_of(&document, id, deadline).or_else(|reason| match reason {
            Unread::Damaged => Ok(String::new()),
            other => Err(other),
        })?;
        length += text.chars().count();
        if length > longest {
            return Err(Unread::TooLong);
        }
        pages.push(Page { number: Some(number), text });
    }
    Ok(pages)
}

fn text_of(document: &Document, page: ObjectId, deadline: Instant) -> Result<String, Unread> {
    let fonts = document.get_page_fonts(page).map_err(|_| Unread::Damaged)?;
    let fonts: Vec<(Vec<u8>, Font<'_>)> =
        fonts.into_iter().filter_map(|(name, font)| Some((name, Font::of(font, document, LARGEST_PART)?))).collect();
    let content = document.get_page_content_with_limit(page, LARGEST_PART).map_err(|_| Unread::Damaged)?;
    let mut layout = Layout::default();
    for (count, operation) in Content::decode_iter(&content).enumerate() {
        if count % 1000 == 0 && Instant::now() > deadline {
            return Err(Unread::TooSlow);
        }
        // What came before a broken step is worth having.
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
            (operator, _, numbers) => layout.step(operator, numbers),
        }
    }
    Ok(layout.finish())
}

#[cfg(test)]
mod tests;
