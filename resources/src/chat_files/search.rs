//! Finding passages of files, by words at once and by meaning as soon as they are embedded.

use chrono::{DateTime, Utc};

use super::{ChatFiles, row::ChunkRow};
use crate::{
    Result,
    database::{Params, record},
    index::{Indexed, IndexedNoun},
    vectors::{Document, Kind, Query},
};

/// A passage that was found.
#[derive(Debug, Clone, PartialEq)]
pub struct FileHit {
    /// The file's id.
    pub file_id: String,
    /// The file's name.
    pub name: String,
    /// Which passage of the file it is, counted from 0.
    pub place: u32,
    /// The page that it is on, counted from 1, where the file has pages.
    pub page: Option<u32>,
    /// What it says.
    pub text: String,
    /// When the file was uploaded.
    pub uploaded_at: DateTime<Utc>,
    /// From 0 to 1, higher is better; comparable only within one answer.
    pub score: f32,
}

impl ChatFiles<'_> {
    /// The passages that answer `question` best, at most `limit`, best first; only of the files called `ids` unless there
    /// are none.
    pub async fn search(&self, question: &str, ids: &[String], limit: usize) -> Result<Vec<FileHit>> {
        let dense = self.index.embed_query(question).await?;
        let query = Query {
            user: self.user,
            kind: Kind::File,
            text: question,
            dense: dense.as_deref(),
            categories: ids,
            ids: None,
            after: None,
            before: None,
            // A row can have gone since it was indexed: a few more fill the page.
            limit: limit + 5,
        };
        let hits = self.index.vectors.search(&query).await?;
        let records: Vec<_> = hits.iter().map(|hit| record("chat_file_chunk", self.user, &hit.id)).collect();
        let params = Params::new().with("ids", records);
        let mut rows: Vec<ChunkRow> = self.database.run("SELECT * FROM $ids", params).await?.take(0)?;
        let found = hits.into_iter().filter_map(|hit| {
            let at = rows.iter().position(|row| row.cid == hit.id)?;
            Some(found(rows.swap_remove(at), hit.score))
        });
        Ok(found.take(limit).collect())
    }
}

/// Passages of files in the index.
pub(crate) const INDEXED: IndexedNoun = IndexedNoun::of::<ChunkRow>();

impl Indexed for ChunkRow {
    const KIND: Kind = Kind::File;
    const TABLE: &'static str = "chat_file_chunk";
    const KEY: &'static str = "cid";

    fn key(&self) -> &str {
        &self.cid
    }

    /// The file's name is part of the text, as it is often the only place that says what the passage is about. Searches
    /// are limited to files, hence the category.
    fn document(&self) -> Option<Document> {
        Some(Document {
            user: self.user.clone(),
            kind: Kind::File,
            id: self.cid.clone(),
            category: self.file.clone(),
            at: self.created_at.timestamp(),
            text: format!("{}\n{}", self.name, self.text.trim()),
            dense: None,
        })
    }
}

fn found(row: ChunkRow, score: f32) -> FileHit {
    FileHit {
        file_id: row.file,
        name: row.name,
        place: u32::try_from(row.place).unwrap_or_default(),
        page: row.page.and_then(|page| u32::try_from(page).ok()),
        text: row.text.trim().to_owned(),
        uploaded_at: row.created_at,
        score,
    }
}
