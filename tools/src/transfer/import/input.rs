//! The files of an import, and their formats.

use std::{
    fs::File,
    io::{self, Cursor, Read},
    path::{Path, PathBuf},
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
};

use chrono::{DateTime, Utc};

/// How much of a file is read to detect its format, in bytes.
const HEAD_SIZE: u64 = 64 * 1024;

/// A file to be imported.
#[derive(Debug, Clone)]
pub struct Input {
    /// Its name in the report.
    pub name: String,
    /// Its size, in bytes.
    pub length: u64,
    /// The time of its last change, which stands in for the date of a transcript without one.
    pub(super) modified: DateTime<Utc>,
    source: InputSource,
}

#[derive(Debug, Clone)]
enum InputSource {
    File(PathBuf),
    Bytes(Arc<[u8]>),
}

/// The format of a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Format {
    /// One JSON document: an export of Recollect, of Omi, of ChatGPT or of Claude.
    Json,
    /// JSON Lines, with a memory per line.
    Lines,
    /// SRT or VTT.
    Subtitles,
    /// iCalendar.
    Calendar,
    /// Plain text.
    Plain,
}

impl Input {
    /// The file at `path`.
    ///
    /// # Errors
    /// The file cannot be opened.
    pub fn file(path: &Path) -> io::Result<Self> {
        File::open(path)?;
        let about = path.metadata()?;
        let modified = about.modified().map_or_else(|_| Utc::now(), DateTime::from);
        let source = InputSource::File(path.to_owned());
        Ok(Self { name: path.display().to_string(), length: about.len(), modified, source })
    }

    /// Bytes from another source.
    pub fn bytes(name: &str, bytes: Vec<u8>) -> Self {
        let length = bytes.len() as u64;
        Self { name: name.to_owned(), length, modified: Utc::now(), source: InputSource::Bytes(bytes.into()) }
    }

    pub(super) fn open(&self) -> io::Result<Box<dyn Read>> {
        Ok(match &self.source {
            InputSource::File(path) => Box::new(File::open(path)?),
            InputSource::Bytes(bytes) => Box::new(Cursor::new(Arc::clone(bytes))),
        })
    }

    /// Detects the format from the content; the error is for people.
    pub(super) fn format(&self) -> Result<Format, String> {
        let mut head = Vec::new();
        let opened = self.open().and_then(|reader| reader.take(HEAD_SIZE).read_to_end(&mut head));
        opened.map_err(|error| format!("cannot be read: {error}"))?;
        if head.starts_with(b"PK\x03\x04") {
            return Err("it is a ZIP archive: unpack it, and import the folder".into());
        }
        // The end of the head may split a character.
        let text = String::from_utf8_lossy(&head);
        let broken = text.trim_end_matches(char::REPLACEMENT_CHARACTER).contains(char::REPLACEMENT_CHARACTER);
        let text = text.trim_start_matches('\u{feff}').trim_start();
        if text.is_empty() {
            return Err("it is empty".into());
        }
        if broken || text.contains('\0') || text.starts_with('<') {
            return Err("unknown format".into());
        }
        Ok(if text.starts_with("BEGIN:VCALENDAR") {
            Format::Calendar
        } else if text.starts_with("WEBVTT") || text.lines().take(50).any(|line| line.contains("-->")) {
            Format::Subtitles
        } else if text.starts_with('{') && is_lines(text) {
            Format::Lines
        } else if text.starts_with(['{', '[']) {
            Format::Json
        } else {
            Format::Plain
        })
    }
}

/// Whether the first line is a complete memory.
fn is_lines(text: &str) -> bool {
    let first = text.lines().next().unwrap_or_default();
    let line: Option<serde_json::Value> = serde_json::from_str(first).ok();
    line.is_some_and(|line| {
        line.get("content").is_some() || text.lines().nth(1).is_some_and(|next| next.starts_with('{'))
    })
}

/// A reader that counts the bytes read.
pub(super) struct CountingReader<R> {
    pub(super) reader: R,
    pub(super) counter: Option<Arc<AtomicU64>>,
}

impl<R: Read> Read for CountingReader<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let count = self.reader.read(buffer)?;
        if let Some(counter) = &self.counter {
            counter.fetch_add(count as u64, Ordering::Relaxed);
        }
        Ok(count)
    }
}

/// The whole text of a small file.
pub(super) fn text(mut reader: impl Read) -> Result<String, String> {
    let mut bytes = Vec::new();
    reader.read_to_end(&mut bytes).map_err(|error| format!("cannot be read: {error}"))?;
    let text = String::from_utf8(bytes).map_err(|_| "it is not valid UTF-8")?;
    Ok(text.trim_start_matches('\u{feff}').replace("\r\n", "\n"))
}
