//! The keys that an issuer signs with, fetched from its address and kept for as long as it says.

use std::time::{Duration, Instant};

use jsonwebtoken::{
    Algorithm, DecodingKey, Header,
    jwk::{Jwk, PublicKeyUse},
};
use reqwest::header::{CACHE_CONTROL, HeaderMap};
use serde::{Deserialize, de::DeserializeOwned};
use tokio::sync::{Mutex, RwLock};

use super::Refused;
use crate::{
    Error, Result,
    http::{self, Document},
};

/// How long an issuer may take to answer.
const PATIENCE: Duration = Duration::from_secs(5);

/// How long an issuer that did not answer is left alone: whoever asks meanwhile is told at once.
const PAUSE: Duration = Duration::from_millis(500);

/// The largest document that is read, in bytes.
const LARGEST: usize = 256 << 10;

/// How long a document is kept whose issuer says nothing of that, and how long one at most.
const KEPT: Duration = Duration::from_secs(3600);
const KEPT_AT_MOST: Duration = Duration::from_secs(24 * 3600);

/// A document of an issuer, fetched when it is needed.
pub(super) struct Fetched<T> {
    /// What issuers call it, for people who read that it is away.
    name: &'static str,
    client: reqwest::Client,
    /// The least time between two requests for a newer one, while the one at hand is not out of date.
    floor: Duration,
    state: RwLock<State<T>>,
    fetching: Mutex<()>,
}

struct State<T> {
    document: Option<T>,
    fetched: Option<Instant>,
    until: Option<Instant>,
    failed: Option<(Instant, String)>,
}

impl<T: DeserializeOwned + Clone> Fetched<T> {
    pub(super) fn new(name: &'static str, floor: Duration) -> Result<Self> {
        let client = http::client().redirect(reqwest::redirect::Policy::none()).build();
        let state = State { document: None, fetched: None, until: None, failed: None };
        let client = client.map_err(Error::internal)?;
        Ok(Self { name, client, floor, state: RwLock::new(state), fetching: Mutex::default() })
    }

    /// What `wanted` finds in the document at `url`; when it finds nothing, the document is fetched anew, but not more
    /// often than the floor allows.
    ///
    /// # Errors
    /// [`Error::Unavailable`] when it cannot be fetched: what is out of date is not used, however long that lasts.
    pub(super) async fn find<W>(&self, url: &str, wanted: impl Fn(&T) -> Option<W>) -> Result<Option<W>> {
        if let Some(found) = self.current().await.as_ref().and_then(&wanted) {
            return Ok(Some(found));
        }
        let _alone = self.fetching.lock().await;
        if let Some(document) = self.current().await {
            let found = wanted(&document);
            let is_new = self.state.read().await.fetched.is_some_and(|since| since.elapsed() < self.floor);
            if found.is_some() || is_new {
                return Ok(found);
            }
        }
        if let Some((since, reason)) = &self.state.read().await.failed
            && since.elapsed() < PAUSE
        {
            return Err(Error::Unavailable(reason.clone()));
        }
        let outcome = self.fetch(url).await;
        let mut state = self.state.write().await;
        let now = Instant::now();
        match outcome {
            Ok((document, kept)) => {
                let found = wanted(&document);
                let until = Some(now + kept.max(self.floor));
                *state = State { document: Some(document), fetched: Some(now), until, failed: None };
                Ok(found)
            }
            Err(reason) => {
                let reason = format!("the {} cannot be fetched: {reason}", self.name);
                tracing::warn!("{reason}");
                state.failed = Some((now, reason.clone()));
                Err(Error::Unavailable(reason))
            }
        }
    }

    /// The document, if it is not out of date.
    async fn current(&self) -> Option<T> {
        let state = self.state.read().await;
        state.document.clone().filter(|_| state.until.is_some_and(|until| Instant::now() < until))
    }

    async fn fetch(&self, url: &str) -> Result<(T, Duration), String> {
        let Document { headers, body } =
            http::fetch(self.client.get(url), LARGEST, PATIENCE).await.map_err(|error| error.to_string())?;
        Ok((serde_json::from_slice(&body).map_err(|error| error.to_string())?, max_age(&headers)))
    }
}

fn max_age(headers: &HeaderMap) -> Duration {
    let control = headers.get(CACHE_CONTROL).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let seconds = control.split(',').find_map(|part| part.trim().strip_prefix("max-age=")?.parse().ok());
    seconds.map_or(KEPT, Duration::from_secs).min(KEPT_AT_MOST)
}

/// The public keys of an issuer.
#[derive(Debug, Clone, Deserialize)]
pub(super) struct Keys {
    /// As they came: one of a kind that we do not know must not hide the others.
    keys: Vec<serde_json::Value>,
}

impl Keys {
    /// The key that a token with this header is signed with; without a name in it, the only one that fits.
    fn of(&self, header: &Header) -> Option<DecodingKey> {
        let keys = self.keys.iter().filter_map(|key| serde_json::from_value::<Jwk>(key.clone()).ok());
        let mut fitting = keys.filter(|key| match &header.kid {
            Some(kid) => key.common.key_id.as_ref() == Some(kid) && fits(key, header.alg),
            None => fits(key, header.alg),
        });
        let key = fitting.next()?;
        match (&header.kid, fitting.next()) {
            (None, Some(_)) => None,
            _ => DecodingKey::from_jwk(&key).ok(),
        }
    }
}

/// Whether signatures of this kind are made with such a key.
fn fits(key: &Jwk, algorithm: Algorithm) -> bool {
    let signs = matches!(key.common.public_key_use, None | Some(PublicKeyUse::Signature));
    let named = key.common.key_algorithm.map(|named| format!("{named:?}"));
    let is_of_family = DecodingKey::from_jwk(key).is_ok_and(|key| key.family() == algorithm.family());
    signs && is_of_family && named.is_none_or(|named| named == format!("{algorithm:?}"))
}

impl Fetched<Keys> {
    /// The key that a token with this header is signed with.
    pub(super) async fn key(&self, url: &str, header: &Header) -> Result<DecodingKey, Refused> {
        let key = self.find(url, |keys| keys.of(header)).await?;
        key.ok_or(Refused::Invalid("its issuer has no such key"))
    }
}
