//! The database, the search index, clients of other servers, and one query module a noun.
//!
//! [`Resources`] is a plain struct of parts and has no behaviour of its own. A part is opened from its settings and knows
//! only the parts it is given: [`Index`] knows the database, [`RateLimiter`](limits::RateLimiter) knows nothing else.
//!
//! A noun's queries are methods of a small struct that borrows what they need, and the user whose rows they see:
//!
//! ```ignore
//! pub struct Memories<'a> {
//!     database: &'a Database,
//!     index: &'a Index,
//!     user: &'a str,
//! }
//! ```
//!
//! Its constructor names these parts, so that no query can be written without a user, and none reaches a part that is not
//! in its signature. `queries.rs` is the one place that joins nouns and parts: `resources.memories(user)`. What is asked
//! across users is a function of the module that takes the parts, such as [`conversations::list_public`]; work that runs by
//! itself belongs to a part, such as [`jobs::JobQueue`].

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
mod index;
pub mod jobs;
pub mod keys;
pub mod limits;
pub mod memories;
pub mod messages;
pub mod paging;
pub mod people;
pub mod preferences;
mod queries;
pub mod share_links;
mod tasks;
pub mod transcripts;
pub mod transfer;
pub mod users;
pub mod webhooks;

use std::{path::PathBuf, sync::Arc};

use ::documents::Extractor;
use ::identity::IdentityProviders;
use chrono::{DateTime, SubsecRound, Utc};
use serde::Deserialize;

use crate::{
    audit::{AuditSettings, AuditWriter},
    auth::AuthState,
    changes::Changes,
    index::{IndexedNoun, outbox},
    jobs::JobQueue,
    limits::RateLimiter,
    users::load_server_secret,
    webhooks::DeliveryQueue,
};
pub use crate::{
    database::{Database, DatabaseSettings},
    grants::GrantSettings,
    index::Index,
    limits::LimitSettings,
    tasks::{ChatLock, Tasks},
};
pub use ::documents;
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

/// The nouns that are searched.
const INDEXED_NOUNS: &[IndexedNoun] =
    &[memories::INDEXED, conversations::INDEXED, transcripts::INDEXED, action_items::INDEXED, chat_files::INDEXED];

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
    /// The program whose command `extract-text` reads documents; this one where it is `None`.
    #[serde(skip)]
    pub program: Option<PathBuf>,
    /// Reports the download of the embedding model.
    #[serde(skip)]
    pub download_progress: DownloadProgress,
}

/// The parts of the server below the tools.
pub struct Resources {
    /// The database.
    pub database: Database,
    /// The search index over it.
    pub index: Arc<Index>,
    /// The language model, when one is configured.
    pub llm: Option<LanguageModel>,
    /// The transcription service, when one is configured.
    pub speech: Option<Speech>,
    /// What reads the text of uploaded documents.
    pub extractor: Extractor,
    /// The identity providers whose tokens are accepted.
    pub identity: IdentityProviders,
    /// Caches and counters of authentication.
    auth: AuthState,
    /// Lifetimes of OAuth codes and tokens, and which clients are accepted.
    pub grant_settings: GrantSettings,
    /// The rate limits, with what is counted against them.
    pub rate_limiter: Arc<RateLimiter>,
    /// The jobs of conversation processing.
    pub job_queue: JobQueue,
    /// Webhook events on their way.
    pub delivery_queue: Arc<DeliveryQueue>,
    /// The audit log.
    pub audit_writer: AuditWriter,
    /// Notifies of changes of users' data.
    pub changes: Changes,
    /// Background tasks that shutdown waits for.
    pub tasks: Tasks,
    /// The secret that the ids of recorded conversations are computed with.
    conversation_id_secret: String,
}

impl Resources {
    /// Opens the parts, migrates the database, and starts the workers of the index and of the audit log.
    ///
    /// # Errors
    /// [`Error::Setting`] says what to change; [`Error::Unavailable`] which server does not answer.
    pub async fn open(settings: &Settings) -> Result<Arc<Self>> {
        let embedder = Embedder::open(&settings.embedder, &settings.data, &settings.download_progress).await?;
        let vectors = Vectors::open(&settings.vectors, &settings.data.join("vectors"), index_model(&embedder)).await?;
        let resources = Self::assemble(settings, embedder, vectors).await?;
        resources.users().finish_deletions().await?;
        resources.index.start().await?;
        Ok(resources)
    }

    /// Opens the parts with an empty index and fills it from the database; `progress` is called with the rows done and
    /// the rows in all. Returns how many rows were indexed.
    ///
    /// # Errors
    /// As [`open`](Self::open); an index of another model is no error here.
    pub async fn reindex(settings: &Settings, progress: impl FnMut(u64, u64)) -> Result<u64> {
        let embedder = Embedder::open(&settings.embedder, &settings.data, &settings.download_progress).await?;
        let folder = settings.data.join("vectors");
        let vectors = Vectors::recreate(&settings.vectors, &folder, index_model(&embedder)).await?;
        let resources = Self::assemble(settings, embedder, vectors).await?;
        let indexed = resources.index.reindex_all(progress).await;
        resources.audit_writer.close().await;
        indexed
    }

    async fn assemble(settings: &Settings, embedder: Embedder, vectors: Vectors) -> Result<Arc<Self>> {
        let database = Database::open(&settings.database, &settings.data.join("database")).await?;
        let signing_secret = load_server_secret(&database, "access_tokens").await?;
        let identity = IdentityProviders::new(&settings.sign_in, &signing_secret)?;
        let conversation_id_secret = load_server_secret(&database, "conversation_ids").await?;
        let changes = Changes::default();
        Ok(Arc::new(Self {
            index: Index::new(&database, vectors, embedder, &changes, INDEXED_NOUNS),
            llm: LanguageModel::open(&settings.model)?,
            speech: Speech::open(&settings.speech)?,
            extractor: Extractor::new(settings.program.clone()),
            identity,
            auth: AuthState::new(&database, &settings.grants)?,
            grant_settings: settings.grants.clone(),
            rate_limiter: Arc::new(RateLimiter::open(&settings.limits)?),
            job_queue: JobQueue::new(&database),
            delivery_queue: Arc::new(DeliveryQueue::open(&database, &settings.webhooks)?),
            audit_writer: AuditWriter::start(database.clone(), settings.audit.days),
            changes,
            tasks: Tasks::default(),
            conversation_id_secret,
            database,
        }))
    }

    /// Lets background tasks save what they have, writes the audit log, stops the index worker and flushes the index.
    ///
    /// # Errors
    /// [`Error::Internal`] when the worker has panicked or the index cannot be written.
    pub async fn close(&self) -> Result<()> {
        self.tasks.close().await;
        self.audit_writer.close().await;
        self.index.close().await
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
