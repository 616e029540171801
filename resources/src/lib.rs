//! What exists: the database, the vector index, the embedding model, the language model, and one query file per noun.

mod database;
pub mod embedder;
mod error;
mod http;
mod indexer;
pub mod keys;
pub mod memories;
pub mod messages;
pub mod model;
pub mod models;
mod outbox;
mod secret;
pub mod users;
pub mod vectors;

use std::{path::PathBuf, sync::Arc};

use serde::{Deserialize, Serialize};
use tokio::{sync::Mutex, task::JoinHandle};
use tokio_util::sync::CancellationToken;

pub use crate::{
    database::{Database, DatabaseSettings},
    embedder::{Embedder, EmbedderSettings},
    error::{Error, Result},
    model::{Model, ModelSettings},
    secret::Secret,
    vectors::{Vectors, VectorsSettings},
};
use crate::{
    keys::{KeyCache, Keys},
    memories::Memories,
    messages::Messages,
    outbox::Outbox,
    users::Users,
};

/// Where everything is, as the configuration says.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub struct Settings {
    /// The folder that embedded engines and models live in.
    pub data: PathBuf,
    /// The database.
    pub database: DatabaseSettings,
    /// The vector index.
    pub vectors: VectorsSettings,
    /// The embedding model.
    pub embedder: EmbedderSettings,
    /// The language model.
    pub model: ModelSettings,
}

/// Everything that the tools work with.
pub struct Resources {
    /// The truth.
    pub database: Database,
    /// The index over it.
    pub vectors: Vectors,
    /// What turns text into vectors.
    pub embedder: Embedder,
    /// The language model, when one is configured.
    pub model: Option<Model>,
    key_cache: KeyCache,
    outbox: Outbox,
    worker: Worker,
}

/// The index worker, while it runs.
#[derive(Default)]
struct Worker {
    stop: CancellationToken,
    task: Mutex<Option<JoinHandle<()>>>,
}

impl Resources {
    /// Opens the engines, brings the schema up to date, makes what a crash left behind findable, and starts the worker
    /// that keeps the index current.
    ///
    /// # Errors
    /// [`Error::Setting`] tells a person what to change; [`Error::Unavailable`] which server does not answer.
    pub async fn open(settings: &Settings) -> Result<Arc<Self>> {
        let resources = Arc::new(Self::open_idle(settings, |vectors, folder, model| {
            Box::pin(Vectors::open(vectors, folder, model))
        })
        .await?);
        resources.heal_words().await?;
        let worker = indexer::run(Arc::clone(&resources), resources.worker.stop.clone());
        *resources.worker.task.lock().await = Some(tokio::spawn(worker));
        resources.outbox.wake();
        Ok(resources)
    }

    /// Ends the worker after the batch at hand and makes the index durable.
    pub async fn close(&self) -> Result<()> {
        self.worker.stop.cancel();
        if let Some(task) = self.worker.task.lock().await.take() {
            task.await.map_err(Error::internal)?;
        }
        self.vectors.flush().await
    }

    /// The memories of `user`.
    pub fn memories<'a>(&'a self, user: &'a str) -> Memories<'a> {
        Memories { resources: self, user }
    }

    /// The chat messages of `user`.
    pub fn messages<'a>(&'a self, user: &'a str) -> Messages<'a> {
        Messages { resources: self, user }
    }

    /// The keys of all users.
    pub fn keys(&self) -> Keys<'_> {
        Keys(self)
    }

    /// The users.
    pub fn users(&self) -> Users<'_> {
        Users(self)
    }
}
