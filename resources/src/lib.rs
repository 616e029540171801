//! What exists: the database, the vector index, the embedding model, the language model, and one query file per noun.

pub mod action_items;
pub mod audit;
mod auth;
pub mod changes;
pub mod chat_files;
pub mod conversations;
pub mod daily_summaries;
mod database;
pub mod folders;
pub mod goals;
pub mod grants;
mod indexer;
pub mod jobs;
pub mod keys;
pub mod limits;
pub mod memories;
pub mod messages;
mod outbox;
pub mod people;
mod preferences;
mod sessions;
pub mod transcripts;
pub mod transfer;
pub mod users;
pub mod webhooks;

use std::{path::PathBuf, sync::Arc};

use ::identity::IdentityProviders;
use chrono::{DateTime, SubsecRound, Utc};
use serde::Deserialize;
use tokio::{sync::Mutex, task::JoinHandle};
use tokio_util::sync::CancellationToken;

use crate::{
    audit::{AuditSettings, Writer},
    auth::AuthState,
    changes::Changes,
    grants::{BrowserSessions, Clients, Grants},
    jobs::Queue,
    keys::Keys,
    limits::Limits,
    memories::Memories,
    messages::Messages,
    outbox::Outbox,
    users::{Users, load_signing_secret},
    webhooks::Deliveries,
};
pub use crate::{
    database::{Database, DatabaseSettings},
    grants::GrantSettings,
    limits::LimitSettings,
    sessions::{Sessions, TurnToAnswer},
};
pub use ::identity::{self, SignInSettings};
pub(crate) use outbound::redact_url;
pub use outbound::{
    Error, RateLimited, Result, Secret, http,
    llm::{self, LanguageModel, LanguageModelSettings},
    speech::{self, Speech, SpeechSettings},
    webhooks::WebhookSettings,
};
pub use search::{
    embedder::{self, Embedder, EmbedderSettings},
    embedding_files::{self, DownloadProgress},
    vectors::{self, Vectors, VectorsSettings},
};

/// Where everything is, as the configuration says.
#[derive(Debug, Clone, Default, Deserialize)]
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
    pub model: LanguageModelSettings,
    /// What turns speech into text.
    pub speech: SpeechSettings,
    /// How webhooks are called.
    pub webhooks: WebhookSettings,
    /// How often everybody may do what is limited.
    pub limits: LimitSettings,
    /// Lifetimes of OAuth codes and tokens, and which clients are accepted.
    pub grants: GrantSettings,
    /// How long the audit trail is kept.
    pub audit: AuditSettings,
    /// How users sign in.
    pub sign_in: SignInSettings,
    /// Reports the download of the embedding model.
    #[serde(skip)]
    pub download_progress: DownloadProgress,
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
    pub llm: Option<LanguageModel>,
    /// The answers at work.
    pub sessions: Sessions,
    /// What turns speech into text, when that is configured.
    pub speech: Option<Speech>,
    /// News of what has changed.
    pub changes: Changes,
    /// How often everybody has done what is limited.
    pub limits: Limits,
    /// The issuers whose tokens are accepted.
    pub identity: IdentityProviders,
    auth: AuthState,
    /// Lifetimes of OAuth codes and tokens, and which clients are accepted.
    pub grant_settings: GrantSettings,
    outbox: Outbox,
    queue: Queue,
    deliveries: Deliveries,
    auditor: Writer,
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
        let embedder = Embedder::open(&settings.embedder, &settings.data, &settings.download_progress).await?;
        let vectors = Vectors::open(&settings.vectors, &settings.data.join("vectors"), index_model(&embedder)).await?;
        let resources = Self::assemble(settings, embedder, vectors).await?;
        resources.users().finish_deletions().await?;
        resources.reindex_pending().await?;
        let worker = indexer::run(Arc::clone(&resources), resources.worker.stop.clone());
        *resources.worker.task.lock().await = Some(tokio::spawn(worker));
        resources.outbox.wake();
        Ok(resources)
    }

    /// Opens the engines with an empty index and builds that anew; `progress` hears how many rows are done, of how many.
    ///
    /// # Errors
    /// As [`open`](Self::open); an index of another model is no error here.
    pub async fn reindex(settings: &Settings, progress: impl FnMut(u64, u64)) -> Result<u64> {
        let embedder = Embedder::open(&settings.embedder, &settings.data, &settings.download_progress).await?;
        let folder = settings.data.join("vectors");
        let vectors = Vectors::recreate(&settings.vectors, &folder, index_model(&embedder)).await?;
        let resources = Self::assemble(settings, embedder, vectors).await?;
        let indexed = resources.reindex_all(progress).await;
        resources.auditor.close().await;
        indexed
    }

    async fn assemble(settings: &Settings, embedder: Embedder, vectors: Vectors) -> Result<Arc<Self>> {
        let database = Database::open(&settings.database, &settings.data.join("database")).await?;
        let identity = IdentityProviders::new(&settings.sign_in, &load_signing_secret(&database).await?)?;
        let auth = AuthState::new(&database, &settings.grants)?;
        Ok(Arc::new(Self {
            auditor: Writer::start(database.clone(), settings.audit.days),
            database,
            vectors,
            embedder,
            llm: LanguageModel::open(&settings.model)?,
            sessions: Sessions::default(),
            speech: Speech::open(&settings.speech)?,
            changes: Changes::default(),
            limits: Limits::open(&settings.limits)?,
            identity,
            auth,
            grant_settings: settings.grants.clone(),
            outbox: Outbox::default(),
            queue: Queue::default(),
            deliveries: Deliveries::open(&settings.webhooks)?,
            worker: Worker::default(),
        }))
    }

    /// Puts by the answers at work, ends the worker after the batch at hand and makes the index durable.
    pub async fn close(&self) -> Result<()> {
        self.sessions.close().await;
        self.auditor.close().await;
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

    /// The OAuth grants of all users.
    pub fn grants(&self) -> Grants<'_> {
        Grants(self)
    }

    /// The OAuth clients.
    pub fn clients(&self) -> Clients<'_> {
        Clients(self)
    }

    /// The browser sessions of all users.
    pub fn browser_sessions(&self) -> BrowserSessions<'_> {
        BrowserSessions(self)
    }

    /// The users.
    pub fn users(&self) -> Users<'_> {
        Users(self)
    }
}

/// The present, to the microsecond: what every client can read.
pub fn now() -> DateTime<Utc> {
    Utc::now().trunc_subsecs(6)
}

/// An id that no other row has.
pub fn new_id() -> String {
    uuid::Uuid::new_v4().to_string()
}

/// What the index records of the model that fills it.
fn index_model(embedder: &Embedder) -> Option<vectors::IndexModel> {
    let (identity, dimension) = (embedder.identity()?, embedder.dimension()?);
    Some(vectors::IndexModel { identity: identity.to_owned(), dimension })
}
