//! What brings the vector index up to the database: a worker that embeds what changed, and the words of a row at once.
//!
//! A noun that is searched has two lines here, [`Index::documents`] and [`source`]. Whatever changes its rows writes
//! their outbox rows in the same transaction and then calls [`Index::index_words`].

use std::{collections::HashSet, sync::Arc, time::Duration};

use surrealdb::types::RecordId;
use tokio_util::sync::CancellationToken;

use crate::{
    Error, Index, Result, action_items, chat_files,
    database::{Params, record},
    memories,
    outbox::{Entry, Kind, Outbox},
    transcripts::{self, IndexLevel},
    vectors::Document,
};

/// How many rows are embedded at a time.
const BATCH: u32 = 128;

/// How long no write may come before the worker takes the processor, and how long it waits for that at most.
const QUIET: Duration = Duration::from_millis(40);
const AT_MOST: Duration = Duration::from_millis(400);

/// The same wait when the index is so far behind that nobody finds anything within a second: writers go first then.
const AT_MOST_BEHIND: Duration = Duration::from_secs(3);

/// How long to wait after a failure.
const RETRY: Duration = Duration::from_secs(2);

/// Runs until `stop`: takes rows from the outbox, embeds and indexes them, and forgets them once the index has flushed.
pub(crate) async fn run(index: Arc<Index>, stop: CancellationToken) {
    loop {
        let outcome = index.index_batch().await;
        tokio::select! {
            () = stop.cancelled() => return,
            () = rest(&index.outbox, outcome) => {}
        }
    }
}

/// Waits until it is time for the next batch.
async fn rest(outbox: &Outbox, outcome: Result<usize>) {
    match outcome {
        Ok(0) => {
            outbox.changed().await;
            calm(outbox, AT_MOST).await;
        }
        Ok(done) if done < BATCH as usize => calm(outbox, AT_MOST).await,
        Ok(_) => calm(outbox, AT_MOST_BEHIND).await,
        Err(error) => {
            tracing::warn!("the vector index is behind: {error}");
            tokio::time::sleep(RETRY).await;
        }
    }
}

/// Waits until no write has come for a while, but no longer than `at_most`.
async fn calm(outbox: &Outbox, at_most: Duration) {
    let calm = async { while tokio::time::timeout(QUIET, outbox.changed()).await.is_ok() {} };
    tokio::time::timeout(at_most, calm).await.ok();
}

impl Index {
    /// Indexes the oldest rows of the outbox; says how many.
    async fn index_batch(&self) -> Result<usize> {
        let _alone = self.outbox.alone().await;
        let entries = self.outbox_entries(None, BATCH).await?;
        if entries.is_empty() {
            return Ok(0);
        }
        let users: HashSet<&str> = entries.iter().map(|entry| &*entry.user).collect();
        users.into_iter().for_each(|user| self.changes.note(user));
        self.outbox.barrier().await;
        let (transcripts, mut done): (Vec<_>, Vec<_>) = entries.into_iter().partition(is_transcript);
        self.index_entries(&done).await?;
        let mut read = 0;
        for entry in transcripts {
            read += self.learn_transcript(&entry.user, &entry.key, IndexLevel::Dense).await?;
            done.push(entry);
            // A row of another kind that comes meanwhile must not wait for every transcript.
            if read >= BATCH as usize {
                break;
            }
        }
        self.vectors.flush().await?;
        self.outbox_done(&done).await?;
        Ok(done.len())
    }

    /// Makes what was written before a crash findable by its words, before the first request is served.
    pub(crate) async fn reindex_pending(&self) -> Result<()> {
        let mut after = None;
        loop {
            let entries = self.outbox_entries(after.as_ref(), 1000).await?;
            let Some(last) = entries.last() else { return Ok(()) };
            after = Some(last.id.clone());
            for entry in entries.iter().filter(|entry| is_transcript(entry)) {
                self.learn_transcript(&entry.user, &entry.key, IndexLevel::Lexical).await?;
            }
            let (documents, gone) = self.partition(&entries).await?;
            self.vectors.upsert(&documents).await?;
            self.remove_from_index(&gone).await?;
        }
    }

    /// Makes the rows called `keys` findable by their words, before the call that changed them returns: `documents` is
    /// all there is to find of them. Their meaning follows, as the outbox says.
    pub(crate) async fn index_words(&self, kind: Kind, user: &str, keys: &[String], documents: &[Document]) {
        let name = |key: &String| Name { kind, user: user.to_owned(), key: key.clone() };
        let gone = without(keys.iter().map(name).collect(), documents);
        let outcome = self.vectors.upsert(documents).await;
        self.outbox.later(outcome.and(self.remove_from_index(&gone).await));
    }

    /// The vector of a question; `None` while the embedding model is away, so that its words alone are looked for.
    pub(crate) async fn meaning_of(&self, question: &str) -> Result<Option<Arc<[f32]>>> {
        match self.embedder.embed_query(question).await {
            Ok(vector) => Ok(Some(vector)),
            Err(Error::Unavailable(_)) => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// Fills an empty index from the database; `progress` hears how many rows are done, of how many.
    pub(crate) async fn reindex_all(&self, mut progress: impl FnMut(u64, u64)) -> Result<u64> {
        self.enqueue_all().await?;
        let all = self.pending().await?;
        let mut done = 0;
        progress(done, all);
        loop {
            match self.index_batch().await? as u64 {
                0 => return Ok(done),
                some => done += some,
            }
            progress(done, all);
        }
    }

    /// What is to be found of these rows, all of one kind; one that is gone, or hidden, has no document.
    async fn documents(&self, kind: Kind, names: &[Name]) -> Result<Vec<Document>> {
        match kind {
            Kind::Memory => memories::documents(&self.database, names).await,
            Kind::ActionItem => action_items::documents(&self.database, names).await,
            Kind::Conversation => transcripts::documents(self, names).await,
            Kind::File => chat_files::documents(&self.database, names).await,
            Kind::Segment | Kind::Transcript => Ok(Vec::new()),
        }
    }

    async fn index_entries(&self, entries: &[Entry]) -> Result<()> {
        let (mut documents, gone) = self.partition(entries).await?;
        let texts = documents.iter().map(|document| document.text.clone()).collect();
        let vectors = self.embedder.embed_documents(texts).await?;
        for (document, vector) in documents.iter_mut().zip(vectors) {
            document.dense = Some(vector);
        }
        self.vectors.upsert(&documents).await?;
        self.remove_from_index(&gone).await
    }

    /// What is to be found from now on, and what is not.
    async fn partition(&self, entries: &[Entry]) -> Result<(Vec<Document>, Vec<Name>)> {
        let rows = entries.iter().filter(|entry| !is_transcript(entry));
        let mut names: Vec<Name> = rows.filter_map(Name::of).collect();
        names.sort_unstable();
        names.dedup();
        let mut documents = Vec::with_capacity(names.len());
        for alike in names.chunk_by(|a, b| a.kind == b.kind) {
            documents.extend(self.documents(alike[0].kind, alike).await?);
        }
        let gone = without(names, &documents);
        Ok((documents, gone))
    }

    async fn remove_from_index(&self, gone: &[Name]) -> Result<()> {
        for alike in gone.chunk_by(|a, b| (a.kind, &a.user) == (b.kind, &b.user)) {
            let keys: Vec<String> = alike.iter().map(|name| name.key.clone()).collect();
            self.vectors.delete(&alike[0].user, alike[0].kind, &keys).await?;
        }
        Ok(())
    }

    /// Notes every row once; for an empty index, what was noted before says nothing more.
    async fn enqueue_all(&self) -> Result<()> {
        let note = |kind: Kind| {
            let ((table, key), kind) = (source(kind)?, kind.as_str());
            let rows = format!("SELECT rand::uuid::v7() AS id, '{kind}' AS kind, user, {key} AS key FROM {table}");
            Some(format!("INSERT INTO outbox ({rows});"))
        };
        let notes: String = Kind::ALL.into_iter().filter_map(note).collect();
        self.database.run(&format!("BEGIN; DELETE outbox; {notes} COMMIT;"), Params::new()).await.map(drop)
    }
}

/// The table whose rows are of this kind, and what gives a row's key.
fn source(kind: Kind) -> Option<(&'static str, &'static str)> {
    match kind {
        Kind::Memory => Some(("memory", "mid")),
        Kind::ActionItem => Some(("action_item", "aid")),
        // A transcript is noted by its conversation.
        Kind::Conversation | Kind::Segment => Some(("conversation", "cid")),
        Kind::File => Some(("chat_file_chunk", "cid")),
        Kind::Transcript => None,
    }
}

/// Whether a row of the outbox is about what was said in a conversation: a row of many documents.
fn is_transcript(entry: &Entry) -> bool {
    entry.kind == Kind::Segment.as_str()
}

/// A row that is searched.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Name {
    kind: Kind,
    user: String,
    key: String,
}

impl Name {
    /// What an outbox row is about; a kind that this version does not know is nothing.
    fn of(entry: &Entry) -> Option<Self> {
        let kind = Kind::ALL.into_iter().find(|kind| kind.as_str() == entry.kind)?;
        Some(Self { kind, user: entry.user.clone(), key: entry.key.clone() })
    }

    /// The row's id in a table whose ids are user and key.
    pub(crate) fn record(&self, table: &str) -> RecordId {
        record(table, &self.user, &self.key)
    }
}

/// Those of the names that have no document.
fn without(mut names: Vec<Name>, documents: &[Document]) -> Vec<Name> {
    let found: HashSet<_> = documents.iter().map(|found| (found.kind, &*found.user, &*found.id)).collect();
    names.retain(|name| !found.contains(&(name.kind, &*name.user, &*name.key)));
    names
}
