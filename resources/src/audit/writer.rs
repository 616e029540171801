//! The writer of the audit log: inserts entries in batches, and deletes expired ones.

use std::{
    collections::{HashMap, HashSet},
    sync::atomic::{AtomicU64, Ordering},
    time::Duration,
};

use parking_lot::Mutex;
use schemas::audit::AuditEntry;
use surrealdb::types::Value;
use tokio::{
    sync::{mpsc, oneshot},
    task::JoinHandle,
    time::{MissedTickBehavior, interval, timeout},
};

use super::{retention_cutoff, row_of};
use crate::{
    Result,
    database::{Database, Params},
};

/// The capacity of the buffer, and the maximum number of entries in one transaction.
const BUFFER_SIZE: usize = 8192;
const MAX_BATCH_SIZE: usize = 256;

/// How long a batch is filled before it is written.
const BATCH_INTERVAL: Duration = Duration::from_millis(200);

/// How often expired entries are deleted, and how many at a time.
const CLEANUP_INTERVAL: Duration = Duration::from_secs(3600);
const CLEANUP_BATCH_SIZE: u32 = 1000;

/// How long readers wait for buffered entries.
const FLUSH_TIMEOUT: Duration = Duration::from_secs(5);

/// The writer task and its buffer.
pub struct AuditWriter {
    buffer: Option<mpsc::Sender<Message>>,
    lost: AtomicU64,
    task: Mutex<Option<JoinHandle<()>>>,
}

enum Message {
    Entry(String, Box<AuditEntry>),
    /// The user is deleted: nothing more is written of them.
    UserDeleted(String),
    /// Answered when everything before it is written.
    Flush(oneshot::Sender<()>),
}

impl AuditWriter {
    /// Starts the writer, unless the log is disabled.
    pub(crate) fn start(database: Database, days: u32) -> Self {
        if days == 0 {
            return Self { buffer: None, lost: AtomicU64::new(0), task: Mutex::default() };
        }
        let (buffer, entries) = mpsc::channel(BUFFER_SIZE);
        let task = tokio::spawn(run(database, entries, days));
        Self { buffer: Some(buffer), lost: AtomicU64::new(0), task: Mutex::new(Some(task)) }
    }

    pub(super) fn is_enabled(&self) -> bool {
        self.buffer.is_some()
    }

    pub(super) fn record(&self, user: &str, entry: AuditEntry) {
        let Some(buffer) = &self.buffer else { return };
        let message = Message::Entry(user.to_owned(), Box::new(entry));
        if buffer.try_send(message).is_err() && self.lost.fetch_add(1, Ordering::Relaxed).is_multiple_of(1000) {
            tracing::warn!(lost = self.lost.load(Ordering::Relaxed), "the audit log is behind; entries are dropped");
        }
    }

    /// Records nothing more of this user, and waits, up to a timeout, until earlier entries are written.
    pub(crate) async fn stop_recording(&self, user: &str) {
        let Some(buffer) = &self.buffer else { return };
        if buffer.send(Message::UserDeleted(user.to_owned())).await.is_ok() {
            self.flush().await;
        }
    }

    /// Waits, up to a timeout, until all buffered entries are written.
    pub(crate) async fn flush(&self) {
        let Some(buffer) = &self.buffer else { return };
        let (answer, written) = oneshot::channel();
        if buffer.send(Message::Flush(answer)).await.is_ok() {
            timeout(FLUSH_TIMEOUT, written).await.ok();
        }
    }

    /// Writes the remaining entries and stops.
    pub(crate) async fn close(&self) {
        self.flush().await;
        let task = self.task.lock().take();
        if let Some(task) = task {
            task.abort();
            // It holds the database, which may be opened again.
            task.await.ok();
        }
    }
}

async fn run(database: Database, mut entries: mpsc::Receiver<Message>, days: u32) {
    let mut cleanup = interval(CLEANUP_INTERVAL);
    cleanup.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let mut known = Known::default();
    let mut batch = Vec::with_capacity(MAX_BATCH_SIZE);
    loop {
        let first = tokio::select! {
            message = entries.recv() => message,
            _ = cleanup.tick() => {
                if let Err(error) = delete_expired(&database, days).await {
                    tracing::warn!("expired entries of the audit log were not deleted: {error}");
                }
                known.positions.clear();
                continue;
            }
        };
        let Some(first) = first else { return };
        batch.push(first);
        fill_batch(&mut entries, &mut batch).await;
        write(&database, &mut known, batch.drain(..)).await;
    }
}

/// Adds messages to a batch until it is full, a flush is requested, or the time is up.
async fn fill_batch(entries: &mut mpsc::Receiver<Message>, batch: &mut Vec<Message>) {
    let more = async {
        while batch.len() < MAX_BATCH_SIZE && !matches!(batch.last(), Some(Message::Flush(_))) {
            match entries.recv().await {
                Some(message) => batch.push(message),
                None => return,
            }
        }
    };
    timeout(BATCH_INTERVAL, more).await.ok();
}

/// The state of users, as far as the writer needs it.
#[derive(Default)]
struct Known {
    /// The position of each user's last entry.
    positions: HashMap<String, i64>,
    /// Deleted users; ids are never reused.
    deleted: HashSet<String>,
}

async fn write(database: &Database, known: &mut Known, messages: impl Iterator<Item = Message>) {
    let (mut rows, mut waiting): (Vec<Value>, Vec<oneshot::Sender<()>>) = (Vec::new(), Vec::new());
    for message in messages {
        match message {
            Message::UserDeleted(user) => {
                known.deleted.insert(user);
            }
            Message::Entry(user, _) if known.deleted.contains(&user) => {}
            Message::Entry(user, entry) => {
                // Two calls in the same microsecond get different positions.
                let place = -entry.time.timestamp_micros();
                let last = known.positions.entry(user.clone()).or_insert(i64::MAX);
                *last = place.min(*last - 1);
                rows.push(row_of(&user, *last, *entry));
            }
            Message::Flush(answer) => waiting.push(answer),
        }
    }
    let count = rows.len();
    if count > 0
        && let Err(error) =
            database.run("INSERT IGNORE INTO audit $rows RETURN NONE", Params::new().with("rows", rows)).await
    {
        tracing::warn!("{count} entries of the audit log are lost: {error}");
    }
    for answer in waiting {
        // The caller may have been dropped.
        let _ = answer.send(());
    }
}

/// Deletes expired entries in batches.
async fn delete_expired(database: &Database, days: u32) -> Result<()> {
    let statement = "LET $old = SELECT VALUE id FROM audit WHERE time < $cutoff LIMIT $limit; DELETE $old RETURN NONE; \
        RETURN array::len($old)";
    loop {
        let params = Params::new().with("cutoff", retention_cutoff(days)).with("limit", CLEANUP_BATCH_SIZE);
        let gone: i64 = database.run(statement, params).await?.take(2)?;
        if gone < i64::from(CLEANUP_BATCH_SIZE) {
            return Ok(());
        }
    }
}
