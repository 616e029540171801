//! The indexer: a worker that embeds changed rows, and the lexical indexing of a row while it is written.
//!
//! A write to a searched row inserts an outbox row in the same transaction and then calls [`Index::index_rows`].

use std::{collections::HashSet, sync::Arc, time::Duration};

use tokio_util::sync::CancellationToken;

use super::{
    Index,
    indexed::{IndexKey, IndexLevel, Indexed, Indexing, read_documents},
    outbox::{Outbox, OutboxEntry},
};
use crate::{
    Error, Result,
    database::{Params, record},
    vectors::{Document, Kind},
};

/// How many rows are embedded at a time.
const BATCH_SIZE: u32 = 128;
/// How many outbox rows are read at a time at start.
const PAGE_SIZE: u32 = 1000;

/// The pause in writes that the worker waits for before it takes the processor.
const QUIET_INTERVAL: Duration = Duration::from_millis(40);
/// The maximum wait for such a pause.
const MAX_QUIET_WAIT: Duration = Duration::from_millis(400);
/// The maximum wait when the index is so far behind that nothing is found within a second: then writes go first.
const MAX_QUIET_WAIT_BEHIND: Duration = Duration::from_secs(3);

/// How long to wait after a failure.
const RETRY_INTERVAL: Duration = Duration::from_secs(2);

/// Runs until `stop`: takes rows from the outbox, embeds and indexes them, and deletes them once the index has been
/// flushed.
pub(super) async fn run(index: Arc<Index>, stop: CancellationToken) {
    loop {
        let indexed = index.index_batch().await;
        tokio::select! {
            () = stop.cancelled() => return,
            () = wait(&index.outbox, indexed) => {}
        }
    }
}

/// Waits until it is time for the next batch.
async fn wait(outbox: &Outbox, indexed: Result<usize>) {
    match indexed {
        Ok(0) => {
            outbox.changed().await;
            wait_until_quiet(outbox, MAX_QUIET_WAIT).await;
        }
        Ok(count) if count < BATCH_SIZE as usize => wait_until_quiet(outbox, MAX_QUIET_WAIT).await,
        Ok(_) => wait_until_quiet(outbox, MAX_QUIET_WAIT_BEHIND).await,
        Err(error) => {
            tracing::warn!("the vector index is behind: {error}");
            tokio::time::sleep(RETRY_INTERVAL).await;
        }
    }
}

/// Waits for a pause in writes, but no longer than `timeout`.
async fn wait_until_quiet(outbox: &Outbox, timeout: Duration) {
    let quiet = async { while tokio::time::timeout(QUIET_INTERVAL, outbox.changed()).await.is_ok() {} };
    tokio::time::timeout(timeout, quiet).await.ok();
}

impl Index {
    /// Indexes the oldest rows of the outbox; returns how many.
    async fn index_batch(&self) -> Result<usize> {
        let _lock = self.outbox.lock().await;
        let entries = self.outbox_entries(None, BATCH_SIZE).await?;
        if entries.is_empty() {
            return Ok(0);
        }
        let users: HashSet<&str> = entries.iter().map(|entry| &*entry.user).collect();
        users.into_iter().for_each(|user| self.changes.notify(user));
        self.outbox.flush_barrier().await;
        let (with_passages, mut done): (Vec<_>, Vec<_>) =
            entries.into_iter().partition(|entry| self.has_passages(entry));
        self.index_documents(&done).await?;
        let mut passages = 0;
        for entry in with_passages {
            passages += self.index_passages(&entry, IndexLevel::Dense).await?;
            done.push(entry);
            // A row of another kind that comes meanwhile must not wait for every transcript.
            if passages >= BATCH_SIZE as usize {
                break;
            }
        }
        self.vectors.flush().await?;
        self.outbox_done(&done).await?;
        Ok(done.len())
    }

    /// Indexes the words of rows whose indexing a crash interrupted, before the first request is served.
    pub(super) async fn reindex_pending(&self) -> Result<()> {
        let mut after = None;
        loop {
            let entries = self.outbox_entries(after.as_ref(), PAGE_SIZE).await?;
            let Some(last) = entries.last() else { return Ok(()) };
            after = Some(last.id.clone());
            for entry in &entries {
                self.index_passages(entry, IndexLevel::Lexical).await?;
            }
            let (documents, gone) = self.partition(&entries).await?;
            self.vectors.upsert(&documents).await?;
            self.remove(&gone).await?;
        }
    }

    /// Indexes the words of rows before the call that wrote them returns. The worker adds the embeddings.
    pub(crate) async fn index_rows<'a, R: Indexed>(&self, user: &str, rows: impl IntoIterator<Item = &'a R>) {
        let (keys, documents): (Vec<String>, Vec<Option<Document>>) =
            rows.into_iter().map(|row| (row.key().to_owned(), row.document())).unzip();
        let documents: Vec<Document> = documents.into_iter().flatten().collect();
        self.index_lexical(R::KIND, user, &keys, &documents).await;
    }

    /// Indexes the words of a row as it is in the database, before the call that changed it returns.
    pub(crate) async fn load_and_index_row<R: Indexed>(&self, user: &str, key: &str) {
        let key = [key.to_owned()];
        match read_documents::<R>(&self.database, vec![record(R::TABLE, user, &key[0])]).await {
            Ok(documents) => self.index_lexical(R::KIND, user, &key, &documents).await,
            Err(error) => self.outbox.defer(Err(error)),
        }
    }

    /// Removes deleted rows from the index before the call that deleted them returns.
    pub(crate) async fn remove_rows(&self, kind: Kind, user: &str, keys: &[String]) {
        self.index_lexical(kind, user, keys, &[]).await;
    }

    /// Writes the `documents` of the rows `keys`, and removes the rows without a document.
    async fn index_lexical(&self, kind: Kind, user: &str, keys: &[String], documents: &[Document]) {
        let key = |key: &String| IndexKey { kind, user: user.to_owned(), key: key.clone() };
        let gone = without_document(keys.iter().map(key).collect(), documents);
        let written = self.vectors.upsert(documents).await;
        self.outbox.defer(written.and(self.remove(&gone).await));
    }

    /// The embedding of a query; `None` while the embedding model is unavailable, so that only words are searched.
    pub(crate) async fn embed_query(&self, text: &str) -> Result<Option<Arc<[f32]>>> {
        match self.embedder.embed_query(text).await {
            Ok(vector) => Ok(Some(vector)),
            Err(Error::Unavailable(_)) => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// Fills an empty index from the database; `progress` is called with the rows done and the rows in all. Returns how
    /// many rows were indexed.
    pub(crate) async fn reindex_all(&self, mut progress: impl FnMut(u64, u64)) -> Result<u64> {
        self.enqueue_all().await?;
        let all = self.pending().await?;
        let mut done = 0;
        progress(done, all);
        loop {
            match self.index_batch().await? as u64 {
                0 => return Ok(done),
                count => done += count,
            }
            progress(done, all);
        }
    }

    async fn index_documents(&self, entries: &[OutboxEntry]) -> Result<()> {
        let (mut documents, gone) = self.partition(entries).await?;
        let texts = documents.iter().map(|document| document.text.clone()).collect();
        let vectors = self.embedder.embed_documents(texts).await?;
        for (document, vector) in documents.iter_mut().zip(vectors) {
            document.dense = Some(vector);
        }
        self.vectors.upsert(&documents).await?;
        self.remove(&gone).await
    }

    /// The documents of the rows that outbox rows are about, and the rows without a document. Rows of passages are left
    /// out.
    async fn partition(&self, entries: &[OutboxEntry]) -> Result<(Vec<Document>, Vec<IndexKey>)> {
        let rows = entries.iter().filter(|entry| !self.has_passages(entry));
        let mut keys: Vec<IndexKey> = rows.filter_map(IndexKey::of).collect();
        keys.sort_unstable();
        keys.dedup();
        let mut documents = Vec::with_capacity(keys.len());
        for alike in keys.chunk_by(|a, b| a.kind == b.kind) {
            let Some(noun) = self.nouns.iter().find(|noun| noun.kind == alike[0].kind) else { continue };
            if let Indexing::Documents(read) = noun.indexing {
                let ids = alike.iter().map(|key| key.record(noun.table)).collect();
                documents.extend(read(&self.database, ids).await?);
            }
        }
        let gone = without_document(keys, &documents);
        Ok((documents, gone))
    }

    /// Indexes the passages of the row that an outbox row is about; returns how many had changed.
    async fn index_passages(&self, entry: &OutboxEntry, level: IndexLevel) -> Result<usize> {
        let noun = self.nouns.iter().find(|noun| noun.kind.as_str() == entry.kind);
        match (noun.map(|noun| noun.indexing), IndexKey::of(entry)) {
            (Some(Indexing::Passages(index)), Some(key)) => index(self, &key, level).await,
            _ => Ok(0),
        }
    }

    /// Whether an outbox row is about a row of passages.
    fn has_passages(&self, entry: &OutboxEntry) -> bool {
        let mut nouns = self.nouns.iter().filter(|noun| noun.kind.as_str() == entry.kind);
        nouns.any(|noun| matches!(noun.indexing, Indexing::Passages(_)))
    }

    async fn remove(&self, gone: &[IndexKey]) -> Result<()> {
        for alike in gone.chunk_by(|a, b| (a.kind, &a.user) == (b.kind, &b.user)) {
            let keys: Vec<String> = alike.iter().map(|key| key.key.clone()).collect();
            self.vectors.delete(&alike[0].user, alike[0].kind, &keys).await?;
        }
        Ok(())
    }

    /// Replaces the outbox by one row for each row of every searched noun.
    async fn enqueue_all(&self) -> Result<()> {
        let enqueue = |noun: &super::IndexedNoun| {
            let (table, key, kind) = (noun.table, noun.key, noun.kind.as_str());
            let rows = format!("SELECT rand::uuid::v7() AS id, '{kind}' AS kind, user, {key} AS key FROM {table}");
            format!("INSERT INTO outbox ({rows});")
        };
        let inserts: String = self.nouns.iter().map(enqueue).collect();
        self.database.run(&format!("BEGIN; DELETE outbox; {inserts} COMMIT;"), Params::new()).await.map(drop)
    }
}

/// Those of the keys that have no document.
fn without_document(mut keys: Vec<IndexKey>, documents: &[Document]) -> Vec<IndexKey> {
    let found: HashSet<_> = documents.iter().map(|found| (found.kind, &*found.user, &*found.id)).collect();
    keys.retain(|key| !found.contains(&(key.kind, &*key.user, &*key.key)));
    keys
}
