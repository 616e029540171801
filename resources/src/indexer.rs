//! The worker that brings the vector index up to the database.

use std::{collections::BTreeSet, sync::Arc, time::Duration};

use schemas::memory::Memory;
use tokio_util::sync::CancellationToken;

use crate::{
    Resources, Result,
    outbox::{Entry, Kind, Outbox},
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
pub(crate) async fn run(resources: Arc<Resources>, stop: CancellationToken) {
    loop {
        let outcome = resources.index_some().await;
        tokio::select! {
            () = stop.cancelled() => return,
            () = rest(&resources.outbox, outcome) => {}
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

impl Resources {
    /// Indexes the oldest rows of the outbox; says how many.
    async fn index_some(&self) -> Result<usize> {
        let entries = self.outbox_entries(None, BATCH).await?;
        if entries.is_empty() {
            return Ok(0);
        }
        self.outbox.barrier().await;
        self.index_entries(&entries).await?;
        self.vectors.flush().await?;
        self.outbox_done(&entries).await?;
        Ok(entries.len())
    }

    /// Makes what was written before a crash findable by its words, before the first request is served.
    pub(crate) async fn heal_words(&self) -> Result<()> {
        let mut after = None;
        loop {
            let entries = self.outbox_entries(after.as_ref(), 1000).await?;
            let Some(last) = entries.last() else { return Ok(()) };
            after = Some(last.id.clone());
            let (documents, gone) = self.sort_out(&entries).await?;
            self.vectors.upsert(&documents).await?;
            self.drop_from_index(&gone).await?;
        }
    }

    async fn index_entries(&self, entries: &[Entry]) -> Result<()> {
        let (mut documents, gone) = self.sort_out(entries).await?;
        let texts = documents.iter().map(|document| document.text.clone()).collect();
        let vectors = self.embedder.embed_documents(texts).await?;
        for (document, vector) in documents.iter_mut().zip(vectors) {
            document.dense = Some(vector);
        }
        self.vectors.upsert(&documents).await?;
        self.drop_from_index(&gone).await
    }

    /// What is to be found from now on, and what is not.
    async fn sort_out(&self, entries: &[Entry]) -> Result<(Vec<Document>, Vec<(String, String)>)> {
        let names: BTreeSet<(String, String)> =
            entries.iter().map(|entry| (entry.user.clone(), entry.key.clone())).collect();
        let records: Vec<_> = names.iter().map(|(user, key)| crate::database::record("memory", user, key)).collect();
        let memories = crate::memories::read_records(&self.database, records).await?;
        let found: Vec<&Memory> = memories.iter().filter(|memory| is_findable(memory)).collect();
        let is_found = |(user, key): &(String, String)| found.iter().any(|m| m.uid == *user && m.id == *key);
        let gone = names.iter().filter(|name| !is_found(name)).cloned().collect();
        Ok((found.into_iter().map(document).collect(), gone))
    }

    async fn drop_from_index(&self, gone: &[(String, String)]) -> Result<()> {
        for (user, key) in gone {
            self.vectors.delete(user, Kind::Memory, std::slice::from_ref(key)).await?;
        }
        Ok(())
    }

    /// Fills an empty index from the database; `progress` hears how many rows are done, of how many.
    pub(crate) async fn index_everything(&self, mut progress: impl FnMut(u64, u64)) -> Result<u64> {
        self.outbox_everything().await?;
        let all = self.pending().await?;
        let mut done = 0;
        progress(done, all);
        loop {
            match self.index_some().await? as u64 {
                0 => return Ok(done),
                some => done += some,
            }
            progress(done, all);
        }
    }

    /// Notes every row once; for an empty index, what was noted before says nothing more.
    async fn outbox_everything(&self) -> Result<()> {
        let statements = "BEGIN;
            DELETE outbox;
            INSERT INTO outbox (SELECT rand::uuid::v7() AS id, 'memory' AS kind, user, mid AS key FROM memory);
            COMMIT;";
        self.database.run(statements, crate::database::Bound::new()).await.map(drop)
    }
}

/// Whether a memory may be found: the user has not rejected it.
pub(crate) fn is_findable(memory: &Memory) -> bool {
    memory.user_review != Some(false)
}

/// A memory as the index sees it, without its vector.
pub(crate) fn document(memory: &Memory) -> Document {
    Document {
        user: memory.uid.clone(),
        kind: Kind::Memory,
        id: memory.id.clone(),
        category: crate::memories::category_name(memory.category),
        at: memory.created_at.timestamp(),
        text: memory.content.clone(),
        dense: None,
    }
}
