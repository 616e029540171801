//! What puts entries into the database, and takes them away when their time is over.

use std::{
    collections::{HashMap, HashSet},
    sync::{
        Mutex, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use schemas::audit::AuditEntry;
use surrealdb::types::Value;
use tokio::{
    sync::{mpsc, oneshot},
    task::JoinHandle,
    time::{MissedTickBehavior, interval, timeout},
};

use super::{horizon, row_of};
use crate::{
    Result,
    database::{Database, Params},
};

/// How many entries wait for the writer, and how many it writes at a time.
const WAITING: usize = 8192;
const BATCH: usize = 256;

/// How long entries are gathered, so that many calls are one transaction.
const GATHERING: Duration = Duration::from_millis(200);

/// How often what is too old is taken away, and how many rows at a time.
const SWEEP: Duration = Duration::from_secs(3600);
const SWEPT: u32 = 1000;

/// How long whoever reads the trail waits for what was just noted.
const PATIENCE: Duration = Duration::from_secs(5);

/// The one that writes, and the buffer before it.
pub struct AuditWriter {
    buffer: Option<mpsc::Sender<Message>>,
    lost: AtomicU64,
    task: Mutex<Option<JoinHandle<()>>>,
}

enum Message {
    Entry(String, Box<AuditEntry>),
    /// This user is gone: nothing more is written of them.
    Gone(String),
    /// Everything before this is to be written; then it is answered.
    Flush(oneshot::Sender<()>),
}

impl AuditWriter {
    /// Begins to write, unless no trail is kept.
    pub(crate) fn start(database: Database, days: u32) -> Self {
        if days == 0 {
            return Self { buffer: None, lost: AtomicU64::new(0), task: Mutex::default() };
        }
        let (buffer, entries) = mpsc::channel(WAITING);
        let task = tokio::spawn(run(database, entries, days));
        Self { buffer: Some(buffer), lost: AtomicU64::new(0), task: Mutex::new(Some(task)) }
    }

    pub(super) fn is_kept(&self) -> bool {
        self.buffer.is_some()
    }

    pub(super) fn note(&self, user: &str, entry: AuditEntry) {
        let Some(buffer) = &self.buffer else { return };
        let message = Message::Entry(user.to_owned(), Box::new(entry));
        if buffer.try_send(message).is_err() && self.lost.fetch_add(1, Ordering::Relaxed).is_multiple_of(1000) {
            tracing::warn!(lost = self.lost.load(Ordering::Relaxed), "the audit trail is behind and loses entries");
        }
    }

    /// Writes nothing more of this user, and waits until what was noted of them before is written, but not for long.
    pub(crate) async fn forget(&self, user: &str) {
        let Some(buffer) = &self.buffer else { return };
        if buffer.send(Message::Gone(user.to_owned())).await.is_ok() {
            self.flush().await;
        }
    }

    /// Waits until everything that was noted is written, but not for long.
    pub(crate) async fn flush(&self) {
        let Some(buffer) = &self.buffer else { return };
        let (answer, written) = oneshot::channel();
        if buffer.send(Message::Flush(answer)).await.is_ok() {
            timeout(PATIENCE, written).await.ok();
        }
    }

    /// Writes what is left and stops.
    pub(crate) async fn close(&self) {
        self.flush().await;
        let task = self.task.lock().unwrap_or_else(PoisonError::into_inner).take();
        if let Some(task) = task {
            task.abort();
            // It holds the database, which somebody may want to open again.
            task.await.ok();
        }
    }
}

async fn run(database: Database, mut entries: mpsc::Receiver<Message>, days: u32) {
    let mut sweep = interval(SWEEP);
    sweep.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let mut known = Known::default();
    let mut batch = Vec::with_capacity(BATCH);
    loop {
        let first = tokio::select! {
            message = entries.recv() => message,
            _ = sweep.tick() => {
                if let Err(error) = forget(&database, days).await {
                    tracing::warn!("old entries of the audit trail stay for now: {error}");
                }
                known.places.clear();
                continue;
            }
        };
        let Some(first) = first else { return };
        batch.push(first);
        gather(&mut entries, &mut batch).await;
        write(&database, &mut known, batch.drain(..)).await;
    }
}

/// Takes more messages for a while, until there are enough of them or somebody waits for what there is.
async fn gather(entries: &mut mpsc::Receiver<Message>, batch: &mut Vec<Message>) {
    let more = async {
        while batch.len() < BATCH && !matches!(batch.last(), Some(Message::Flush(_))) {
            match entries.recv().await {
                Some(message) => batch.push(message),
                None => return,
            }
        }
    };
    timeout(GATHERING, more).await.ok();
}

/// What the writer knows of users.
#[derive(Default)]
struct Known {
    /// Where the last entry of each was put.
    places: HashMap<String, i64>,
    /// Who is gone: nobody else ever gets their id.
    gone: HashSet<String>,
}

async fn write(database: &Database, known: &mut Known, messages: impl Iterator<Item = Message>) {
    let (mut rows, mut waiting): (Vec<Value>, Vec<oneshot::Sender<()>>) = (Vec::new(), Vec::new());
    for message in messages {
        match message {
            Message::Gone(user) => {
                known.gone.insert(user);
            }
            Message::Entry(user, _) if known.gone.contains(&user) => {}
            Message::Entry(user, entry) => {
                // Two calls of the same microsecond stand one behind the other.
                let place = -entry.time.timestamp_micros();
                let last = known.places.entry(user.clone()).or_insert(i64::MAX);
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
        tracing::warn!("{count} entries of the audit trail are lost: {error}");
    }
    for answer in waiting {
        // Whoever waited may have gone.
        let _ = answer.send(());
    }
}

/// Takes away what is too old, some rows at a time.
async fn forget(database: &Database, days: u32) -> Result<()> {
    let statement = "LET $old = SELECT VALUE id FROM audit WHERE time < $horizon LIMIT $limit; DELETE $old RETURN NONE; \
        RETURN array::len($old)";
    loop {
        let params = Params::new().with("horizon", horizon(days)).with("limit", SWEPT);
        let gone: i64 = database.run(statement, params).await?.take(2)?;
        if gone < i64::from(SWEPT) {
            return Ok(());
        }
    }
}
