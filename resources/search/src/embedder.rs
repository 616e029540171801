//! Embeddings: texts become vectors whose cosine is their similarity.

mod embedding;
mod encoder;
mod endpoint;
mod folder;
mod local;
#[cfg(test)]
mod tests;

use std::path::{Path, PathBuf};
use std::sync::{Arc, OnceLock, Weak};
use std::time::Duration;

use quick_cache::Weighter;
use quick_cache::sync::Cache;
use serde::{Deserialize, Serialize};

pub use self::embedding::{Embedding, TokenEmbedding};
use self::endpoint::Endpoint;
use self::folder::ModelFolder;
use self::local::{Local, Priority};
use crate::embedding_files::{self, DownloadProgress, EmbeddingSources, MINILM};
use crate::{Error, Result, Secret};

/// The embedding model. The default is all-MiniLM-L6-v2, in the process, offline once it has been downloaded.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct EmbedderSettings {
    /// The base URL of an OpenAI-compatible endpoint, such as `http://localhost:11434/v1`, to use instead.
    pub url: Option<String>,
    /// The API key of that endpoint, if it requires one.
    #[serde(skip_serializing)]
    pub key: Option<Secret>,
    /// The name of the model at that endpoint; required with `url`.
    pub model: Option<String>,
    /// A folder with any other sentence-transformers model in ONNX format to use instead: `model.onnx` or
    /// `onnx/model.onnx`, `tokenizer.json` and, where they apply, `1_Pooling/config.json` and
    /// `sentence_bert_config.json`.
    pub folder: Option<PathBuf>,
    /// Where the files of the default model may come from.
    pub sources: EmbeddingSources,
}

/// Turns texts into vectors of length 1. Cheap to clone.
///
/// A model that can't be reached when the embedder is opened is tried again in the background; until it answers, the
/// embedder is unavailable: it has no name, and every text is [`Error::Unavailable`].
#[derive(Clone)]
pub struct Embedder(Arc<Shared>);

impl Embedder {
    /// Opens the model of the settings. The default model is looked for, and downloaded if necessary, in the data folder
    /// `data`; `progress` reports the download.
    ///
    /// A model that can't be reached is no error, see [`Self::unavailable_reason`]. A setting that can never work is
    /// [`Error::Setting`].
    pub async fn open(settings: &EmbedderSettings, data: &Path, progress: &DownloadProgress) -> Result<Self> {
        let shared = match LoadedModel::open(settings, data, progress).await {
            Ok(model) => Shared::new(OnceLock::from(model), String::new()),
            Err(Error::Unavailable(reason)) => {
                tracing::warn!(reason, "no embedding model: search is lexical only until one is available");
                Shared::new(OnceLock::new(), reason)
            }
            Err(error) => return Err(error),
        };
        let shared = Arc::new(shared);
        if shared.model.get().is_none() {
            let (settings, data) = (settings.clone(), data.to_owned());
            tokio::spawn(retry(Arc::downgrade(&shared), settings, data, progress.clone(), MIN_RETRY_INTERVAL));
        }
        Ok(Self(shared))
    }

    /// The display name of the model; [`None`] while unavailable.
    pub fn name(&self) -> Option<&str> {
        self.0.model.get().map(|model| model.name.as_str())
    }

    /// The identity that an index records: vectors of models with different identities can't be compared. [`None`] while
    /// unavailable.
    pub fn identity(&self) -> Option<&str> {
        self.0.model.get().map(|model| model.identity.as_str())
    }

    /// The length of a vector; [`None`] while unavailable.
    pub fn dimension(&self) -> Option<usize> {
        self.0.model.get().map(|model| model.dimension)
    }

    /// Why there is no model; [`None`] once there is one.
    pub fn unavailable_reason(&self) -> Option<&str> {
        self.0.model.get().is_none().then_some(self.0.reason.as_str())
    }

    /// The vector of a query: that of [`encode_query`](Self::encode_query).
    pub async fn embed_query(&self, text: &str) -> Result<Arc<[f32]>> {
        Ok(Arc::from(self.encode_query(text).await?.vector.as_slice()))
    }

    /// The embedding of a query. Queries go before all documents, and recent ones are cached: a query that is searched
    /// among several kinds at a time is embedded once.
    pub async fn encode_query(&self, text: &str) -> Result<Arc<Embedding>> {
        let embedding = async { Ok(Arc::new(self.encode(text).await?)) };
        self.0.queries.get_or_insert_async(text, embedding).await
    }

    /// The vectors of documents, in their order.
    pub async fn embed_documents(&self, texts: Vec<String>) -> Result<Vec<Vec<f32>>> {
        Ok(self.encode_documents(texts).await?.into_iter().map(|embedding| embedding.vector).collect())
    }

    /// The embeddings of documents, in their order.
    pub async fn encode_documents(&self, texts: Vec<String>) -> Result<Vec<Embedding>> {
        self.model()?.backend.embed(texts, Priority::Document).await.map_err(to_unavailable)
    }

    async fn encode(&self, text: &str) -> Result<Embedding> {
        let embeddings = self.model()?.backend.embed(vec![text.to_owned()], Priority::Query).await;
        embeddings.map_err(to_unavailable)?.pop().ok_or_else(|| Error::internal("the embedding model gave no vector"))
    }

    fn model(&self) -> Result<&LoadedModel> {
        self.0.model.get().ok_or_else(|| Error::Unavailable(self.0.reason.clone()))
    }
}

/// A refusal after the start, of a revoked key for instance, must not stop what works without a model.
fn to_unavailable(error: Error) -> Error {
    match error {
        Error::Setting(reason) => Error::Unavailable(reason),
        error => error,
    }
}

struct Shared {
    model: OnceLock<LoadedModel>,
    /// Why there is no model.
    reason: String,
    queries: Cache<String, Arc<Embedding>, ByteWeighter>,
}

/// The maximum size of all cached queries, in bytes.
const MAX_QUERY_CACHE_BYTES: u64 = 16 << 20;
/// The expected size of a cached query with all its tokens, in bytes.
const ESTIMATED_QUERY_BYTES: u64 = 16 << 10;

impl Shared {
    fn new(model: OnceLock<LoadedModel>, reason: String) -> Self {
        let count = (MAX_QUERY_CACHE_BYTES / ESTIMATED_QUERY_BYTES) as usize;
        Self { model, reason, queries: Cache::with_weighter(count, MAX_QUERY_CACHE_BYTES, ByteWeighter) }
    }
}

#[derive(Clone)]
struct ByteWeighter;

impl Weighter<String, Arc<Embedding>> for ByteWeighter {
    fn weight(&self, text: &String, embedding: &Arc<Embedding>) -> u64 {
        let token = size_of::<TokenEmbedding>() + size_of_val::<[f32]>(&embedding.vector);
        (text.len() + token * (embedding.tokens.len() + 1)) as u64
    }
}

/// A model that can be used.
struct LoadedModel {
    name: String,
    identity: String,
    dimension: usize,
    backend: Backend,
}

enum Backend {
    Local(Local),
    Endpoint(Box<Endpoint>),
}

impl LoadedModel {
    async fn open(settings: &EmbedderSettings, data: &Path, progress: &DownloadProgress) -> Result<Self> {
        match (&settings.url, &settings.folder) {
            (Some(_), Some(_)) => Err(Error::Setting("the embedder has a url and a folder: keep one".to_owned())),
            (Some(url), None) => {
                let model = settings.model.as_deref();
                let model = model.ok_or_else(|| Error::Setting("the embedder has a url but no model".to_owned()))?;
                let endpoint = Endpoint::new(url, &settings.key.clone().unwrap_or_default(), model)?;
                Self::measure(model, model, Backend::Endpoint(Box::new(endpoint))).await
            }
            (None, Some(path)) => {
                let folder = ModelFolder::open(path)?;
                let family = folder.family().await?;
                let name = path.file_name().unwrap_or(path.as_os_str()).to_string_lossy().into_owned();
                Self::measure(&name, &family, Backend::Local(Local::start(folder).await?)).await
            }
            (None, None) => {
                let files = embedding_files::pull(&settings.sources, &data.join("models"), progress).await?;
                let folder = ModelFolder::plain(files);
                Self::measure(MINILM, MINILM, Backend::Local(Local::start(folder).await?)).await
            }
        }
    }

    /// Measures the dimension of a model by embedding a word.
    async fn measure(name: &str, family: &str, backend: Backend) -> Result<Self> {
        let embeddings = backend.embed(vec!["dimension".to_owned()], Priority::Query).await?;
        let dimension = embeddings.first().map_or(0, |embedding| embedding.vector.len());
        Ok(Self { name: name.to_owned(), identity: format!("{family}/{dimension}"), dimension, backend })
    }
}

impl Backend {
    async fn embed(&self, texts: Vec<String>, priority: Priority) -> Result<Vec<Embedding>> {
        match self {
            Self::Local(local) => local.embed(texts, priority).await,
            Self::Endpoint(endpoint) => {
                let embedding = |vector| Embedding { vector, tokens: Vec::new() };
                Ok(endpoint.embed(&texts).await?.into_iter().map(embedding).collect())
            }
        }
    }
}

/// How long to wait before an unavailable model is tried again: this at first, then longer up to the maximum.
const MIN_RETRY_INTERVAL: Duration = Duration::from_secs(30);
const MAX_RETRY_INTERVAL: Duration = Duration::from_secs(15 * 60);

/// Tries an unavailable model at growing intervals that begin with `delay`, until it answers or the embedder is dropped.
async fn retry(
    shared: Weak<Shared>,
    settings: EmbedderSettings,
    data: PathBuf,
    progress: DownloadProgress,
    mut delay: Duration,
) {
    loop {
        tokio::time::sleep(delay).await;
        let Some(shared) = shared.upgrade() else { return };
        match LoadedModel::open(&settings, &data, &progress).await {
            Ok(model) => {
                tracing::info!(model = model.name, "the embedding model is available: search is hybrid from now on");
                let _ = shared.model.set(model);
                return;
            }
            Err(error) => tracing::debug!(%error, "the embedding model is still unavailable"),
        }
        delay = MAX_RETRY_INTERVAL.min(delay * 2);
    }
}
