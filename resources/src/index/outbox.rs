//! The outbox of the vector index: rows written in the transaction that changed a searched row, so that a crash between
//! the database and the index loses nothing.

use std::time::{Duration, Instant};

use surrealdb::types::{RecordId, SurrealValue, Uuid, Value};
use tokio::sync::{Mutex, MutexGuard, Notify, RwLock, RwLockReadGuard};

use super::Index;
pub(crate) use crate::vectors::Kind;
use crate::{
    Result,
    database::{Params, row},
};

/// A count of at least so many rows is kept for a while: counting takes time in proportion, and anyone may ask.
const MIN_KEPT_COUNT: u64 = 1000;
const COUNT_TTL: Duration = Duration::from_secs(5);

/// A row of the outbox: the row of this kind, user and key has changed. Its present state is read when it is indexed.
#[derive(Debug, Clone, PartialEq, Eq, SurrealValue)]
pub(crate) struct OutboxEntry {
    pub(crate) id: RecordId,
    pub(crate) kind: String,
    pub(crate) user: String,
    pub(crate) key: String,
}

#[derive(SurrealValue)]
struct NewEntry {
    kind: String,
    user: String,
    key: String,
}

/// Coordinates writers and the index worker.
#[derive(Default)]
pub(crate) struct Outbox {
    writers: RwLock<()>,
    worker: Mutex<()>,
    changed: Notify,
    /// The last count of the rows, and when it was taken.
    counted: Mutex<Option<(Instant, u64)>>,
}

impl Outbox {
    /// Held from before a write's transaction until its words are in the index.
    pub(crate) async fn begin_write(&self) -> RwLockReadGuard<'_, ()> {
        self.writers.read().await
    }

    /// Waits for the writes under way: a point without embedding that came later would replace the worker's.
    pub(crate) async fn flush_barrier(&self) {
        drop(self.writers.write().await);
    }

    /// Held while the worker reads rows and indexes them, and by others that must exclude it.
    pub(crate) async fn lock(&self) -> MutexGuard<'_, ()> {
        self.worker.lock().await
    }

    /// Wakes the worker.
    pub(crate) fn wake(&self) {
        self.changed.notify_one();
    }

    /// Waits until there may be work.
    pub(crate) async fn changed(&self) {
        self.changed.notified().await;
    }

    /// Leaves a row to the worker, as its outbox row is pending; logs why it could not be indexed at once.
    pub(crate) fn defer(&self, outcome: Result<()>) {
        if let Err(error) = outcome {
            tracing::warn!("the vector index is behind: {error}");
        }
        self.wake();
    }
}

/// Outbox rows for these keys, to be inserted in the transaction that changes them.
pub(crate) fn rows(kind: Kind, user: &str, keys: &[String]) -> Vec<Value> {
    let fields = |key: &String| NewEntry { kind: kind.as_str().into(), user: user.into(), key: key.clone() };
    keys.iter().map(|key| row(RecordId::new("outbox", Uuid::new_v7()), fields(key))).collect()
}

impl Index {
    /// The number of outbox rows.
    pub async fn pending(&self) -> Result<u64> {
        let mut counted = self.outbox.counted.lock().await;
        if let Some((at, count)) = *counted
            && count >= MIN_KEPT_COUNT
            && at.elapsed() < COUNT_TTL
        {
            return Ok(count);
        }
        // With VALUE, the engine's count of a whole table is an object all the same.
        let statement = "RETURN (SELECT count() FROM outbox GROUP ALL)[0].count";
        let count: Option<i64> = self.database.run(statement, Params::new()).await?.take(0)?;
        let count = count.unwrap_or_default().unsigned_abs();
        *counted = Some((Instant::now(), count));
        Ok(count)
    }

    /// The oldest rows of the outbox after the row `after`, at most `limit`.
    pub(crate) async fn outbox_entries(&self, after: Option<&RecordId>, limit: u32) -> Result<Vec<OutboxEntry>> {
        let statement = match after {
            None => "SELECT * FROM outbox LIMIT $limit",
            Some(_) => "SELECT * FROM outbox WHERE id > $after LIMIT $limit",
        };
        let params = Params::new().with("limit", limit).with("after", after.cloned());
        self.database.run(statement, params).await?.take(0)
    }

    /// Deletes outbox rows whose changes are in the index.
    pub(crate) async fn outbox_done(&self, entries: &[OutboxEntry]) -> Result<()> {
        let ids: Vec<RecordId> = entries.iter().map(|entry| entry.id.clone()).collect();
        self.database.run("DELETE $ids RETURN NONE", Params::new().with("ids", ids)).await.map(drop)
    }
}
