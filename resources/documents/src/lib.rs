//! Parsers of documents from outside, which may be malicious.
//!
//! What needs limits on memory and time is parsed in a child process: [`Extractor`] starts it, which is this program with
//! the command `extract-text`, and [`child`] is what runs in it. The parsers themselves know nothing of processes; those
//! of [`subtitles`] and a [`calendar`] take time and memory in proportion to the text.

pub mod calendar;
pub mod child;
mod extractor;
pub mod pdf;
pub mod subtitles;

pub use extractor::{Extractor, ExtractorError};
