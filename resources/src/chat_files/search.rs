//! Finding passages of files, by words at once and by meaning as soon as they are embedded.

use chrono::{DateTime, Utc};

use super::{ChatFiles, row::ChunkRow};
use crate::{
    Database, Result,
    database::{Params, record},
    indexer::Name,
    outbox::Kind,
    vectors::{Document, Query},
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
        let dense = self.index.meaning_of(question).await?;
        let query = Query {
            user: self.user,
            kind: Kind::File,
            text: question,
            dense: dense.as_deref(),
            categories: ids,
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

    /// Makes passages findable by their words, before the call that wrote them returns.
    pub(super) async fn index(&self, rows: &[ChunkRow]) {
        let keys: Vec<String> = rows.iter().map(|row| row.cid.clone()).collect();
        let documents: Vec<Document> = rows.iter().map(document).collect();
        self.index.index_words(Kind::File, self.user, &keys, &documents).await;
    }
}

/// What is to be found of these passages, whoever they belong to; for the index worker alone.
pub(crate) async fn documents(database: &Database, names: &[Name]) -> Result<Vec<Document>> {
    let records: Vec<_> = names.iter().map(|name| name.record("chat_file_chunk")).collect();
    let params = Params::new().with("ids", records);
    let rows: Vec<ChunkRow> = database.run("SELECT * FROM $ids", params).await?.take(0)?;
    Ok(rows.iter().map(document).collect())
}

/// A passage as the index sees it, without its vector: the file's name is often the only place that says what it is
/// about. What is searched in is the file, hence the category.
fn document(row: &ChunkRow) -> Document {
    Document {
        user: row.user.clone(),
        kind: Kind::File,
        id: row.cid.clone(),
        category: row.file.clone(),
        at: row.created_at.timestamp(),
        text: format!("{}\n{}", row.name, row.text.trim()),
        dense: None,
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
