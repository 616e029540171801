//! Database rows of files.

use chrono::{DateTime, Utc};
use schemas::chat::{ChatFile, KeptFile};
use surrealdb::types::{Bytes, SurrealValue, Value};

use super::{Content, NewFile, Page, passages};

/// A row of `chat_file`.
#[derive(Debug, Clone, SurrealValue)]
pub(super) struct FileRow {
    pub(super) fid: String,
    pub(super) user: String,
    pub(super) name: String,
    pub(super) mime_type: String,
    pub(super) created_at: DateTime<Utc>,
    pub(super) size: i64,
    pub(super) characters: i64,
    pub(super) pages: Option<i64>,
    pub(super) width: Option<i64>,
    pub(super) height: Option<i64>,
    /// The app in whose chat a message names it, '' for Recollect itself; none as long as no message does.
    pub(super) session: Option<String>,
}

/// A row of `chat_file_chunk`.
#[derive(Debug, Clone, SurrealValue)]
pub(super) struct ChunkRow {
    pub(super) cid: String,
    pub(super) user: String,
    pub(super) file: String,
    pub(super) name: String,
    pub(super) created_at: DateTime<Utc>,
    pub(super) place: i64,
    pub(super) page: Option<i64>,
    pub(super) text: String,
    /// How many characters at its beginning are the end of the one before it.
    pub(super) repeated: i64,
}

/// A row of `chat_file_image`.
#[derive(Debug, Clone, SurrealValue)]
pub(super) struct ImageRow {
    pub(super) fid: String,
    pub(super) user: String,
    pub(super) mime_type: String,
    pub(super) content: Bytes,
}

/// The rows of a new file.
pub(super) fn rows(user: &str, created_at: DateTime<Utc>, new: NewFile) -> (FileRow, Vec<ChunkRow>, Option<ImageRow>) {
    let NewFile { name, mime_type, size, content } = new;
    let fid = crate::new_id();
    let mut file = FileRow {
        fid: fid.clone(),
        user: user.to_owned(),
        name,
        mime_type,
        created_at,
        size: size as i64,
        characters: 0,
        pages: None,
        width: None,
        height: None,
        session: None,
    };
    let mut image = None;
    let pages = match content {
        Content::Text(text) => vec![Page { number: None, text }],
        Content::Pages(pages) => {
            file.pages = Some(pages.len() as i64);
            pages
        }
        Content::Image(content, width, height) => {
            (file.width, file.height) = (Some(i64::from(width)), Some(i64::from(height)));
            let (user, mime_type) = (user.to_owned(), file.mime_type.clone());
            image = Some(ImageRow { fid, user, mime_type, content: content.into() });
            Vec::new()
        }
    };
    let chunk = |(place, passage): (usize, passages::Passage)| ChunkRow {
        cid: chunk_id(&file.fid, place),
        user: user.to_owned(),
        file: file.fid.clone(),
        name: file.name.clone(),
        created_at,
        place: place as i64,
        page: passage.page.map(i64::from),
        text: passage.text,
        repeated: passage.repeated as i64,
    };
    let chunks: Vec<ChunkRow> = passages::cut(&pages).into_iter().enumerate().map(chunk).collect();
    file.characters = chunks.iter().map(|chunk| chunk.text.chars().count() as i64 - chunk.repeated).sum();
    (file, chunks, image)
}

/// The id of a passage; those of a file sort as its text goes.
pub(super) fn chunk_id(file: &str, place: usize) -> String {
    format!("{file}:{:05}", place.min(99_999))
}

impl FileRow {
    pub(super) fn keyed(rows: &[Self]) -> Vec<(String, Value)> {
        rows.iter().map(|row| (row.fid.clone(), row.clone().into_value())).collect()
    }
}

impl ChunkRow {
    pub(super) fn keyed(rows: &[Self]) -> Vec<(String, Value)> {
        rows.iter().map(|row| (row.cid.clone(), row.clone().into_value())).collect()
    }
}

impl ImageRow {
    pub(super) fn keyed(rows: Vec<Self>) -> Vec<(String, Value)> {
        rows.into_iter().map(|row| (row.fid.clone(), row.into_value())).collect()
    }
}

impl From<FileRow> for KeptFile {
    fn from(row: FileRow) -> Self {
        let number = |value: Option<i64>| value.and_then(|value| u32::try_from(value).ok());
        Self {
            file: ChatFile {
                openai_file_id: row.fid.clone(),
                id: row.fid,
                name: row.name,
                thumbnail: String::new(),
                mime_type: row.mime_type,
                created_at: row.created_at,
            },
            size: row.size.unsigned_abs(),
            characters: row.characters.unsigned_abs(),
            pages: number(row.pages),
            width: number(row.width),
            height: number(row.height),
        }
    }
}
