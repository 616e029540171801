//! JWK sets and other documents of an issuer, fetched when needed and cached for as long as the issuer says.

use std::time::{Duration, Instant};

use jsonwebtoken::{
    Algorithm, DecodingKey, Header,
    jwk::{Jwk, PublicKeyUse},
};
use outbound::{
    Error, Result,
    http::{self, Document},
};
use reqwest::header::{CACHE_CONTROL, HeaderMap};
use serde::{Deserialize, de::DeserializeOwned};
use tokio::sync::{Mutex, RwLock};

use crate::AuthError;

/// How long an issuer may take to answer.
const FETCH_TIMEOUT: Duration = Duration::from_secs(5);

/// How long after a failure no other request is made: callers get the same error at once.
const RETRY_INTERVAL: Duration = Duration::from_millis(500);

/// The largest document, in bytes.
const MAX_DOCUMENT_SIZE: usize = 256 << 10;

/// How long a document is cached if the issuer does not say, and at most.
const DEFAULT_TTL: Duration = Duration::from_secs(3600);
const MAX_TTL: Duration = Duration::from_secs(24 * 3600);

/// A document of an issuer.
pub(super) struct CachedDocument<T> {
    /// What it is, for error messages.
    name: &'static str,
    client: reqwest::Client,
    /// The minimum interval between two requests for a newer document, while the cached one is still fresh.
    min_interval: Duration,
    state: RwLock<CacheState<T>>,
    fetch_lock: Mutex<()>,
}

struct CacheState<T> {
    document: Option<T>,
    fetched_at: Option<Instant>,
    fresh_until: Option<Instant>,
    failure: Option<(Instant, String)>,
}

impl<T: DeserializeOwned + Clone> CachedDocument<T> {
    pub(super) fn new(name: &'static str, min_interval: Duration) -> Result<Self> {
        let client = http::client().redirect(reqwest::redirect::Policy::none()).build();
        let state = CacheState { document: None, fetched_at: None, fresh_until: None, failure: None };
        let client = client.map_err(Error::internal)?;
        Ok(Self { name, client, min_interval, state: RwLock::new(state), fetch_lock: Mutex::default() })
    }

    /// What `select` finds in the document at `url`. When it finds nothing, the document is fetched again, but not more
    /// often than the minimum interval allows.
    ///
    /// # Errors
    /// [`Error::Unavailable`] when it cannot be fetched: a stale document is never used.
    pub(super) async fn find<W>(&self, url: &str, select: impl Fn(&T) -> Option<W>) -> Result<Option<W>> {
        if let Some(found) = self.fresh_document().await.as_ref().and_then(&select) {
            return Ok(Some(found));
        }
        let _guard = self.fetch_lock.lock().await;
        if let Some(document) = self.fresh_document().await {
            let found = select(&document);
            let is_recent = |since: Instant| since.elapsed() < self.min_interval;
            if found.is_some() || self.state.read().await.fetched_at.is_some_and(is_recent) {
                return Ok(found);
            }
        }
        if let Some((since, reason)) = &self.state.read().await.failure
            && since.elapsed() < RETRY_INTERVAL
        {
            return Err(Error::Unavailable(reason.clone()));
        }
        let outcome = self.fetch(url).await;
        let mut state = self.state.write().await;
        let now = Instant::now();
        match outcome {
            Ok((document, ttl)) => {
                let found = select(&document);
                let fresh_until = Some(now + ttl.max(self.min_interval));
                *state = CacheState { document: Some(document), fetched_at: Some(now), fresh_until, failure: None };
                Ok(found)
            }
            Err(reason) => {
                let reason = format!("the {} cannot be fetched: {reason}", self.name);
                tracing::warn!("{reason}");
                state.failure = Some((now, reason.clone()));
                Err(Error::Unavailable(reason))
            }
        }
    }

    /// The cached document, unless it is stale.
    async fn fresh_document(&self) -> Option<T> {
        let state = self.state.read().await;
        state.document.clone().filter(|_| state.fresh_until.is_some_and(|until| Instant::now() < until))
    }

    async fn fetch(&self, url: &str) -> Result<(T, Duration), String> {
        let fetched = http::fetch(self.client.get(url), MAX_DOCUMENT_SIZE, FETCH_TIMEOUT).await;
        let Document { headers, body } = fetched.map_err(|error| error.to_string())?;
        Ok((serde_json::from_slice(&body).map_err(|error| error.to_string())?, cache_ttl(&headers)))
    }
}

fn cache_ttl(headers: &HeaderMap) -> Duration {
    let control = headers.get(CACHE_CONTROL).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let seconds = control.split(',').find_map(|part| part.trim().strip_prefix("max-age=")?.parse().ok());
    seconds.map_or(DEFAULT_TTL, Duration::from_secs).min(MAX_TTL)
}

/// The public keys of an issuer.
#[derive(Debug, Clone, Deserialize)]
pub(super) struct JwkSet {
    /// Parsed one by one, so that a key of an unknown type does not make the whole set unusable.
    keys: Vec<serde_json::Value>,
}

impl JwkSet {
    /// The key for a token with this header. A header without a key id gets the only key that matches.
    fn key_for(&self, header: &Header) -> Option<DecodingKey> {
        let keys = self.keys.iter().filter_map(|key| serde_json::from_value::<Jwk>(key.clone()).ok());
        let mut matching = keys.filter(|key| match &header.kid {
            Some(kid) => key.common.key_id.as_ref() == Some(kid) && supports(key, header.alg),
            None => supports(key, header.alg),
        });
        let key = matching.next()?;
        match (&header.kid, matching.next()) {
            (None, Some(_)) => None,
            _ => DecodingKey::from_jwk(&key).ok(),
        }
    }
}

/// Whether a key may verify signatures of this algorithm.
fn supports(key: &Jwk, algorithm: Algorithm) -> bool {
    let is_for_signatures = matches!(key.common.public_key_use, None | Some(PublicKeyUse::Signature));
    let declared = key.common.key_algorithm.map(|declared| format!("{declared:?}"));
    let is_of_family = DecodingKey::from_jwk(key).is_ok_and(|key| key.family() == algorithm.family());
    is_for_signatures && is_of_family && declared.is_none_or(|declared| declared == format!("{algorithm:?}"))
}

impl CachedDocument<JwkSet> {
    /// The key for a token with this header, from the set at `url`.
    pub(super) async fn decoding_key(&self, url: &str, header: &Header) -> Result<DecodingKey, AuthError> {
        let key = self.find(url, |keys| keys.key_for(header)).await?;
        key.ok_or(AuthError::Invalid("unknown signing key"))
    }
}
