//! Meaning as numbers: texts become vectors whose cosine says how alike they are.

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

use self::endpoint::Endpoint;
use self::folder::ModelFolder;
use self::local::{Local, Urgency};
use crate::models::{self, MINILM, ModelSources};
use crate::{Error, Result, Secret};

/// Which model turns texts into vectors. The default is all-MiniLM-L6-v2, in the process, offline once it is there.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct EmbedderSettings {
    /// The base URL of an OpenAI-compatible endpoint, such as `http://localhost:11434/v1`, to use instead.
    pub url: Option<String>,
    /// The key of that endpoint, if it wants one.
    #[serde(skip_serializing)]
    pub key: Option<Secret>,
    /// The name of the model at that endpoint; required with `url`.
    pub model: Option<String>,
    /// A folder with any other sentence-transformers model in ONNX format to use instead: `model.onnx` or
    /// `onnx/model.onnx`, `tokenizer.json` and, where they apply, `1_Pooling/config.json` and
    /// `sentence_bert_config.json`.
    pub folder: Option<PathBuf>,
    /// Where the files of the default model may come from.
    pub sources: ModelSources,
}

/// Turns texts into vectors of length 1. Cheap to clone.
///
/// A model that can't be reached when the embedder is opened is tried again in the background; until it answers, the
/// embedder is absent: it has no name, and every text is [`Error::Unavailable`].
#[derive(Clone)]
pub struct Embedder(Arc<Shared>);

impl Embedder {
    /// Opens what `settings` ask for. The default model is looked for, and downloaded if need be, in the data folder
    /// `data`.
    ///
    /// A model that is away is no error, see [`Self::absence`]. A setting that can never work is [`Error::Setting`].
    pub async fn open(settings: &EmbedderSettings, data: &Path) -> Result<Self> {
        let shared = match Engine::open(settings, data).await {
            Ok(engine) => Shared::new(OnceLock::from(engine), String::new()),
            Err(Error::Unavailable(reason)) => {
                tracing::warn!(reason, "no embedding model: search goes by words alone until one answers");
                Shared::new(OnceLock::new(), reason)
            }
            Err(error) => return Err(error),
        };
        let shared = Arc::new(shared);
        if shared.engine.get().is_none() {
            let (settings, data) = (settings.clone(), data.to_owned());
            tokio::spawn(retry(Arc::downgrade(&shared), settings, data, FIRST_RETRY));
        }
        Ok(Self(shared))
    }

    /// The name of the model, for people; [`None`] while absent.
    pub fn name(&self) -> Option<&str> {
        self.0.engine.get().map(|engine| engine.name.as_str())
    }

    /// What an index must record: vectors of models with different identities can't be compared. [`None`] while absent.
    pub fn identity(&self) -> Option<&str> {
        self.0.engine.get().map(|engine| engine.identity.as_str())
    }

    /// How many numbers a vector has; [`None`] while absent.
    pub fn dimension(&self) -> Option<usize> {
        self.0.engine.get().map(|engine| engine.dimension)
    }

    /// Why there is no model; [`None`] once there is one.
    pub fn absence(&self) -> Option<&str> {
        self.0.engine.get().is_none().then_some(self.0.absence.as_str())
    }

    /// The vector of what somebody searches for: that of [`read_query`](Self::read_query).
    pub async fn embed_query(&self, text: &str) -> Result<Arc<[f32]>> {
        Ok(Arc::from(self.read_query(text).await?.vector.as_slice()))
    }

    /// What somebody searches for means, as a whole and word by word. It goes before all documents, and recent ones are
    /// remembered: a question that is searched for among several kinds at a time is read once.
    pub async fn read_query(&self, text: &str) -> Result<Arc<Meaning>> {
        let meaning = async { Ok(Arc::new(self.read(text).await?)) };
        self.0.queries.get_or_insert_async(text, meaning).await
    }

    /// The vectors of texts to be found, in their order.
    pub async fn embed_documents(&self, texts: Vec<String>) -> Result<Vec<Vec<f32>>> {
        Ok(self.read_documents(texts).await?.into_iter().map(|meaning| meaning.vector).collect())
    }

    /// What texts to be found mean, as a whole and word by word, in their order.
    pub async fn read_documents(&self, texts: Vec<String>) -> Result<Vec<Meaning>> {
        self.engine()?.backend.embed(texts, Urgency::Document).await.map_err(as_absence)
    }

    async fn read(&self, text: &str) -> Result<Meaning> {
        let meanings = self.engine()?.backend.embed(vec![text.to_owned()], Urgency::Query).await;
        meanings.map_err(as_absence)?.pop().ok_or_else(|| Error::internal("the embedding model said nothing"))
    }

    fn engine(&self) -> Result<&Engine> {
        self.0.engine.get().ok_or_else(|| Error::Unavailable(self.0.absence.clone()))
    }
}

/// What a model makes of a text.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Meaning {
    /// The vector of the whole, of length 1.
    pub vector: Vec<f32>,
    /// The words and parts of words that the model reads, in order; none from a model that only tells the whole.
    pub tokens: Vec<Token>,
}

/// A word, or a part of one, as it is meant where it stands.
#[derive(Clone, Debug, PartialEq)]
pub struct Token {
    /// The byte of the text that it begins at.
    pub start: usize,
    /// The byte of the text that it ends before.
    pub end: usize,
    /// Its vector, of length 1.
    pub vector: Vec<f32>,
}

/// A refusal after the start, of a revoked key for instance, must not stop what works without a model.
fn as_absence(error: Error) -> Error {
    match error {
        Error::Setting(reason) => Error::Unavailable(reason),
        error => error,
    }
}

struct Shared {
    engine: OnceLock<Engine>,
    absence: String,
    queries: Cache<String, Arc<Meaning>, Bytes>,
}

/// How much memory recent queries may take, in bytes, and what one of them with all its words is expected to take.
const QUERY_CACHE: u64 = 16 << 20;
const QUERY_SIZE: u64 = 16 << 10;

impl Shared {
    fn new(engine: OnceLock<Engine>, absence: String) -> Self {
        let queries = Cache::with_weighter((QUERY_CACHE / QUERY_SIZE) as usize, QUERY_CACHE, Bytes);
        Self { engine, absence, queries }
    }
}

#[derive(Clone)]
struct Bytes;

impl Weighter<String, Arc<Meaning>> for Bytes {
    fn weight(&self, text: &String, meaning: &Arc<Meaning>) -> u64 {
        let token = size_of::<Token>() + size_of_val::<[f32]>(&meaning.vector);
        (text.len() + token * (meaning.tokens.len() + 1)) as u64
    }
}

/// A model that answers.
struct Engine {
    name: String,
    identity: String,
    dimension: usize,
    backend: Backend,
}

enum Backend {
    Local(Local),
    Endpoint(Box<Endpoint>),
}

impl Engine {
    async fn open(settings: &EmbedderSettings, data: &Path) -> Result<Self> {
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
                let files = models::pull(&settings.sources, &data.join("models"), &models::progress_bar()).await?;
                let folder = ModelFolder::plain(files);
                Self::measure(MINILM, MINILM, Backend::Local(Local::start(folder).await?)).await
            }
        }
    }

    /// Learns the dimension of a model by embedding a word.
    async fn measure(name: &str, family: &str, backend: Backend) -> Result<Self> {
        let meanings = backend.embed(vec!["dimension".to_owned()], Urgency::Query).await?;
        let dimension = meanings.first().map_or(0, |meaning| meaning.vector.len());
        Ok(Self { name: name.to_owned(), identity: format!("{family}/{dimension}"), dimension, backend })
    }
}

impl Backend {
    async fn embed(&self, texts: Vec<String>, urgency: Urgency) -> Result<Vec<Meaning>> {
        match self {
            Self::Local(local) => local.embed(texts, urgency).await,
            Self::Endpoint(endpoint) => {
                let whole = |vector| Meaning { vector, tokens: Vec::new() };
                Ok(endpoint.embed(&texts).await?.into_iter().map(whole).collect())
            }
        }
    }
}

/// How long to wait before an absent model is tried again: at first, and at most.
const FIRST_RETRY: Duration = Duration::from_secs(30);
const LAST_RETRY: Duration = Duration::from_secs(15 * 60);

/// Tries an absent model, at growing intervals that begin with `delay`, until it answers or nobody needs it any more.
async fn retry(shared: Weak<Shared>, settings: EmbedderSettings, data: PathBuf, mut delay: Duration) {
    loop {
        tokio::time::sleep(delay).await;
        let Some(shared) = shared.upgrade() else { return };
        match Engine::open(&settings, &data).await {
            Ok(engine) => {
                tracing::info!(model = engine.name, "the embedding model is there: search goes by meaning, too");
                let _ = shared.engine.set(engine);
                return;
            }
            Err(error) => tracing::debug!(%error, "still no embedding model"),
        }
        delay = LAST_RETRY.min(delay * 2);
    }
}

/// Scales a vector to length 1, so that a dot product is a cosine.
fn normalize(mut vector: Vec<f32>) -> Vec<f32> {
    let length = vector.iter().map(|value| value * value).sum::<f32>().sqrt();
    if length > 0.0 {
        vector.iter_mut().for_each(|value| *value /= length);
    }
    vector
}
