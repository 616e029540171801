//! The search index over the database, and everything that writing and reading it needs.

mod indexed;
mod indexer;
pub(crate) mod outbox;

use std::sync::Arc;

use tokio::{sync::Mutex, task::JoinHandle};
use tokio_util::sync::CancellationToken;

use crate::{Database, Embedder, Error, Result, Vectors, changes::Changes};
pub(crate) use indexed::{IndexLevel, Indexed, IndexedNoun, Indexing};
use outbox::Outbox;

/// The search index. Whatever changes a searchable row writes an outbox row in the same transaction and then indexes the
/// row's words through this; a worker adds the vectors.
pub struct Index {
    /// The vectors.
    pub vectors: Vectors,
    /// The embedding model.
    pub embedder: Embedder,
    pub(crate) database: Database,
    pub(crate) outbox: Outbox,
    pub(crate) changes: Changes,
    nouns: &'static [IndexedNoun],
    worker: Worker,
}

/// The index worker, while it runs.
#[derive(Default)]
struct Worker {
    stop: CancellationToken,
    task: Mutex<Option<JoinHandle<()>>>,
}

impl Index {
    pub(crate) fn new(
        database: &Database,
        vectors: Vectors,
        embedder: Embedder,
        changes: &Changes,
        nouns: &'static [IndexedNoun],
    ) -> Arc<Self> {
        Arc::new(Self {
            vectors,
            embedder,
            database: database.clone(),
            outbox: Outbox::default(),
            changes: changes.clone(),
            nouns,
            worker: Worker::default(),
        })
    }

    /// Indexes the words of rows that a crash left behind, and starts the worker.
    pub(crate) async fn start(self: &Arc<Self>) -> Result<()> {
        self.reindex_pending().await?;
        let worker = indexer::run(Arc::clone(self), self.worker.stop.clone());
        *self.worker.task.lock().await = Some(tokio::spawn(worker));
        self.outbox.wake();
        Ok(())
    }

    /// Stops the worker after its current batch, and flushes the index.
    pub(crate) async fn close(&self) -> Result<()> {
        self.worker.stop.cancel();
        if let Some(task) = self.worker.task.lock().await.take() {
            task.await.map_err(Error::internal)?;
        }
        self.vectors.flush().await
    }
}
