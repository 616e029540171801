//! An OpenAI-compatible embeddings endpoint.

use std::fmt::Display;
use std::time::Duration;

use async_openai::Client;
use async_openai::config::OpenAIConfig;
use async_openai::error::OpenAIError;
use async_openai::types::embeddings::{CreateEmbeddingRequest, EmbeddingInput, EncodingFormat};
use futures::{StreamExt, TryStreamExt, stream};
use reqwest::StatusCode;
use reqwest::header::HeaderValue;

use super::embedding::normalize;
use crate::{Error, Result, Secret, http, redact_url};

const CONNECT_TIMEOUT: Duration = Duration::from_secs(4);

/// How long a request may take, retries included.
const REQUEST_TIMEOUT: Duration = Duration::from_secs(20);

/// The maximum number of texts in a request: some servers refuse more.
const BATCH_SIZE: usize = 32;

/// The maximum number of concurrent requests of one call.
const MAX_CONCURRENT_REQUESTS: usize = 4;

/// A model behind an endpoint.
pub(super) struct Endpoint {
    client: Client<OpenAIConfig>,
    /// The URL without secrets.
    url: String,
    key: Secret,
    model: String,
}

impl Endpoint {
    /// Checks the settings, without connecting to the endpoint.
    pub(super) fn new(url: &str, key: &Secret, model: &str) -> Result<Self> {
        let parsed = reqwest::Url::parse(url).ok().filter(|url| matches!(url.scheme(), "http" | "https"));
        if parsed.is_none() {
            return Err(Error::Setting(format!("the embeddings URL is not an http or https URL: {}", redact_url(url))));
        }
        if HeaderValue::from_str(key.expose()).is_err() {
            return Err(Error::Setting(
                "the embeddings key has characters that are not allowed in an HTTP header".to_owned(),
            ));
        }
        let config = OpenAIConfig::new()
            .with_api_base(url.trim_end_matches('/'))
            .with_api_key(key.expose())
            .with_org_id("")
            .with_project_id("");
        let transport = http::client().connect_timeout(CONNECT_TIMEOUT).build().map_err(Error::internal)?;
        Ok(Self {
            client: Client::build(transport, config),
            url: redact_url(url),
            key: key.clone(),
            model: model.to_owned(),
        })
    }

    /// The vectors of texts, in their order, each of length 1. [`Error::Setting`] if the endpoint refuses the key, the
    /// model or the texts, [`Error::Unavailable`] if it does not answer.
    pub(super) async fn embed(&self, texts: &[String]) -> Result<Vec<Vec<f32>>> {
        let requests: Vec<_> = texts.chunks(BATCH_SIZE).map(|batch| self.request(batch.to_vec())).collect();
        let batches: Vec<_> = stream::iter(requests).buffered(MAX_CONCURRENT_REQUESTS).try_collect().await?;
        Ok(batches.concat())
    }

    async fn request(&self, texts: Vec<String>) -> Result<Vec<Vec<f32>>> {
        let count = texts.len();
        let request = CreateEmbeddingRequest {
            model: self.model.clone(),
            input: EmbeddingInput::StringArray(texts),
            encoding_format: Some(EncodingFormat::Float),
            ..CreateEmbeddingRequest::default()
        };
        let answer = tokio::time::timeout(REQUEST_TIMEOUT, self.client.embeddings().create(request)).await;
        let answer = answer.map_err(|_| self.unavailable("it does not answer"))?;
        let mut embeddings = answer.map_err(|error| self.explain(error))?.data;
        embeddings.sort_by_key(|embedding| embedding.index);
        if embeddings.len() != count {
            return Err(self.unavailable(format!("{} vectors for {count} texts", embeddings.len())));
        }
        Ok(embeddings.into_iter().map(|embedding| normalize(embedding.embedding)).collect())
    }

    fn explain(&self, error: OpenAIError) -> Error {
        let reason = self.key.redact(&http::root_cause(&error));
        match error {
            OpenAIError::ApiError(refusal) if is_permanent(refusal.status_code) => {
                Error::Setting(format!("the embeddings endpoint {} refuses the request: {reason}", self.url))
            }
            _ => self.unavailable(reason),
        }
    }

    fn unavailable(&self, reason: impl Display) -> Error {
        Error::unavailable(format!("the embeddings endpoint {} is unreachable: {reason}", self.url))
    }
}

/// Whether a retry would be refused as well.
fn is_permanent(status: StatusCode) -> bool {
    status.is_client_error() && status != StatusCode::REQUEST_TIMEOUT && status != StatusCode::TOO_MANY_REQUESTS
}
