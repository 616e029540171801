//! The text of documents from outside, which may be malicious: they are parsed in a child process with limits on memory
//! and time.
//!
//! [`Extractor`] starts the child, which is this program with the command `extract-text`, and [`child`] is what runs in
//! it. The parsers themselves know nothing of processes.

pub mod child;
mod extractor;
pub mod pdf;

pub use extractor::{Extractor, ExtractorError};
