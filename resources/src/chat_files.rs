//! Files attached to chats, with the passages of their text, which are indexed one by one.

mod passages;
mod row;
mod search;

use chrono::TimeDelta;
use schemas::chat::{ChatFile, KeptFile};
use surrealdb::types::{RecordId, SurrealValue};

use crate::{
    Database, Index, Result,
    database::{Params, record, row},
    outbox::{self, Kind},
};
pub use passages::Page;
use row::{ChunkRow, FileRow, ImageRow};
pub use search::FileHit;
pub(crate) use search::INDEXED;

/// Queries of one user's files.
pub struct ChatFiles<'a> {
    database: &'a Database,
    index: &'a Index,
    user: &'a str,
}

/// A new file.
#[derive(Debug, Clone)]
pub struct NewFile {
    /// Its name.
    pub name: String,
    /// Its media type, such as `application/pdf`.
    pub mime_type: String,
    /// Its size in bytes.
    pub size: u64,
    /// Its content.
    pub content: Content,
}

/// The content of a file.
#[derive(Debug, Clone)]
pub enum Content {
    /// A text.
    Text(String),
    /// The text of each page.
    Pages(Vec<Page>),
    /// A picture, with its width and height in pixels.
    Image(Vec<u8>, u32, u32),
}

/// How the text of a file begins.
#[derive(Debug, Clone, PartialEq)]
pub struct Opening {
    /// The file.
    pub file: ChatFile,
    /// Its first text; empty for a picture.
    pub text: String,
    /// Whether that is all of its text.
    pub whole: bool,
}

impl<'a> ChatFiles<'a> {
    /// Queries of the rows of `user`.
    pub fn new(database: &'a Database, index: &'a Index, user: &'a str) -> Self {
        Self { database, index, user }
    }
}

impl ChatFiles<'_> {
    /// Stores files in one transaction; returns them in the order given. They belong to no chat yet.
    pub async fn create(&self, new: Vec<NewFile>) -> Result<Vec<KeptFile>> {
        let _writing = self.index.outbox.begin_write().await;
        let (mut files, mut chunks, mut images) = (Vec::new(), Vec::new(), Vec::new());
        let now = crate::now();
        for (place, new) in (0..).zip(new) {
            // The first is the newest, so that lists have them in the order given.
            let (file, its_chunks, image) = row::rows(self.user, now - TimeDelta::microseconds(place), new);
            files.push(file);
            chunks.extend(its_chunks);
            images.extend(image);
        }
        let keys: Vec<String> = chunks.iter().map(|chunk| chunk.cid.clone()).collect();
        let values = |table: &str, rows: Vec<(String, surrealdb::types::Value)>| -> Vec<_> {
            rows.into_iter().map(|(key, fields)| row(record(table, self.user, &key), fields)).collect()
        };
        let params = Params::new()
            .with("files", values("chat_file", FileRow::keyed(&files)))
            .with("chunks", values("chat_file_chunk", ChunkRow::keyed(&chunks)))
            .with("images", values("chat_file_image", ImageRow::keyed(images)))
            .with("outbox", outbox::rows(Kind::File, self.user, &keys));
        let statements = "BEGIN;
            INSERT INTO chat_file $files RETURN NONE;
            INSERT INTO chat_file_chunk $chunks RETURN NONE;
            INSERT INTO chat_file_image $images RETURN NONE;
            INSERT INTO outbox $outbox RETURN NONE;
            COMMIT;";
        self.database.run(statements, params).await?;
        self.index.index_rows(self.user, &chunks).await;
        Ok(files.into_iter().map(KeptFile::from).collect())
    }

    /// The files, newest first.
    pub async fn list(&self, limit: u32, offset: u32) -> Result<Vec<KeptFile>> {
        let statement = "SELECT * FROM chat_file WHERE user = $user ORDER BY created_rank LIMIT $limit START $offset";
        let params = Params::new().with("user", self.user).with("limit", limit).with("offset", offset);
        let rows: Vec<FileRow> = self.database.run(statement, params).await?.take(0)?;
        Ok(rows.into_iter().map(KeptFile::from).collect())
    }

    /// The file called `id`.
    pub async fn get(&self, id: &str) -> Result<Option<KeptFile>> {
        Ok(self.rows(&[id.to_owned()]).await?.pop().map(KeptFile::from))
    }

    /// Those of the files called `ids` that exist, in this order.
    pub async fn get_many(&self, ids: &[String]) -> Result<Vec<ChatFile>> {
        Ok(self.rows(ids).await?.into_iter().map(|row| KeptFile::from(row).file).collect())
    }

    /// The first `characters` of the text of each of these files, in this order.
    pub async fn opening(&self, ids: &[String], characters: usize) -> Result<Vec<Opening>> {
        let mut openings = Vec::with_capacity(ids.len());
        for row in self.rows(ids).await? {
            let text = self.text(&row.fid, characters).await?;
            let whole = row.characters.unsigned_abs() <= text.chars().count() as u64;
            openings.push(Opening { file: KeptFile::from(row).file, text, whole });
        }
        Ok(openings)
    }

    /// The text of a file, passage by passage, each without what it repeats of the one before; empty for a picture.
    pub async fn passages(&self, id: &str) -> Result<Vec<String>> {
        let statement = "SELECT * FROM chat_file_chunk:[$user, $first]..=[$user, $last]";
        let params = Params::new().with("user", self.user);
        let params = params.with("first", row::chunk_id(id, 0)).with("last", row::chunk_id(id, usize::MAX));
        let rows: Vec<ChunkRow> = self.database.run(statement, params).await?.take(0)?;
        Ok(rows.into_iter().map(|row| row.text.chars().skip(row.repeated as usize).collect()).collect())
    }

    /// Attaches files to the chat with an app, or with Recollect (`None`), unless they belong to another chat already.
    pub async fn attach_to_chat(&self, app_id: Option<&str>, ids: &[String]) -> Result<()> {
        let statement = "UPDATE $ids SET session = $chat WHERE session = NONE RETURN NONE";
        let params = Params::new().with("ids", self.records(ids)).with("chat", app_id.unwrap_or_default());
        self.database.run(statement, params).await.map(drop)
    }

    /// Deletes the file called `id`. Returns whether it existed.
    pub async fn delete(&self, id: &str) -> Result<bool> {
        Ok(self
            .delete_many("SELECT VALUE fid FROM $ids", Params::new().with("ids", self.records(&[id.to_owned()])))
            .await?
            > 0)
    }

    /// Deletes the files of the chat with an app, or with Recollect (`None`); returns how many.
    pub async fn delete_of_chat(&self, app_id: Option<&str>) -> Result<usize> {
        let wanted = "SELECT VALUE fid FROM chat_file WHERE user = $user AND session = $chat";
        self.delete_many(wanted, Params::new().with("chat", app_id.unwrap_or_default())).await
    }

    /// Deletes the files whose ids the query `wanted` returns, with their passages and pictures.
    async fn delete_many(&self, wanted: &str, params: Params) -> Result<usize> {
        let _writing = self.index.outbox.begin_write().await;
        let statements = format!(
            "BEGIN;
            LET $gone = ({wanted});
            LET $keys = array::flatten($gone.map(|$fid| (SELECT VALUE cid FROM
                chat_file_chunk:[$user, $fid + ':']..=[$user, $fid + ';'])));
            FOR $fid IN $gone {{
                DELETE chat_file_chunk:[$user, $fid + ':']..=[$user, $fid + ';'];
                LET $image = type::record('chat_file_image', [$user, $fid]);
                DELETE $image;
                LET $file = type::record('chat_file', [$user, $fid]);
                DELETE $file;
            }};
            INSERT INTO outbox (SELECT rand::uuid::v7() AS id, 'file' AS kind, $user AS user, $this AS key FROM $keys);
            RETURN {{ gone: count($gone), keys: $keys }};
            COMMIT;"
        );
        let mut answers = self.database.run(&statements, params.with("user", self.user)).await?;
        let Gone { gone, keys } = answers.take(5)?;
        if gone > 0 {
            self.index.remove_rows(Kind::File, self.user, &keys).await;
        }
        Ok(usize::try_from(gone).unwrap_or_default())
    }

    /// The first `characters` of the text of a file.
    async fn text(&self, id: &str, characters: usize) -> Result<String> {
        let statement = "SELECT * FROM chat_file_chunk:[$user, $first]..[$user, $end]";
        let (mut text, mut first, mut missing) = (String::new(), 0, characters);
        while missing > 0 {
            // No passage is longer, but those of short pages are much shorter.
            let end = first + missing / passages::MAX_CHARS + 20;
            let params = Params::new().with("user", self.user);
            let params = params.with("first", row::chunk_id(id, first)).with("end", row::chunk_id(id, end));
            let rows: Vec<ChunkRow> = self.database.run(statement, params).await?.take(0)?;
            for row in &rows {
                text.extend(row.text.chars().skip(row.repeated as usize));
            }
            if rows.len() < end - first {
                break;
            }
            missing = characters.saturating_sub(text.chars().count());
            first = end;
        }
        Ok(text.chars().take(characters).collect())
    }

    async fn rows(&self, ids: &[String]) -> Result<Vec<FileRow>> {
        let params = Params::new().with("ids", self.records(ids));
        let mut rows: Vec<FileRow> = self.database.run("SELECT * FROM $ids", params).await?.take(0)?;
        rows.sort_by_key(|row| ids.iter().position(|id| *id == row.fid));
        Ok(rows)
    }

    fn records(&self, ids: &[String]) -> Vec<RecordId> {
        ids.iter().map(|id| record("chat_file", self.user, id)).collect()
    }
}

#[derive(SurrealValue)]
struct Gone {
    gone: i64,
    keys: Vec<String>,
}
