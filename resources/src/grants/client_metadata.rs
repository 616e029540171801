//! Client ID metadata documents: a client whose id is a URL describes itself in the JSON document there.

use std::{
    collections::HashMap,
    net::IpAddr,
    sync::{Arc, Weak},
    time::{Duration, Instant},
};

use parking_lot::Mutex;
use quick_cache::sync::Cache;
use reqwest::{
    Url,
    header::{CACHE_CONTROL, CONTENT_TYPE, HeaderMap},
};
use serde::Deserialize;
use tokio::sync::Semaphore;

use super::{Client, ClientError, GrantSettings, redirect_uris};
use crate::{
    Result,
    http::{NetworkScope, SafeClient},
};

/// The largest document, in bytes.
const MAX_DOCUMENT_SIZE: usize = 32 << 10;

/// Timeout of a fetch.
const FETCH_TIMEOUT: Duration = Duration::from_secs(5);

/// How many documents are fetched at a time, and how many of them for one address. Anyone can make the server fetch one.
const MAX_CONCURRENT_FETCHES: usize = 16;
const MAX_CONCURRENT_FETCHES_PER_ADDRESS: usize = 2;

/// How long a failure is cached.
const FAILURE_TTL: Duration = Duration::from_secs(10);

/// How long a document is cached, whatever its server says: at least, at most, and if it does not say.
const MIN_TTL: Duration = Duration::from_secs(60);
const MAX_TTL: Duration = Duration::from_secs(24 * 3600);
const DEFAULT_TTL: Duration = Duration::from_secs(3600);

/// How many documents and failures are cached.
const MAX_ENTRIES: usize = 500;

/// How many characters of a client id are logged.
const MAX_LOGGED_ID_LENGTH: usize = 200;

/// How many redirect URIs of a document are used.
const MAX_REDIRECT_URIS: usize = 50;

/// Fetches and caches metadata documents.
pub(crate) struct ClientMetadataCache {
    client: SafeClient,
    allows_private: bool,
    entries: Cache<String, Entry>,
    permits: Semaphore,
    /// The permits of the addresses for which documents are being fetched.
    permits_by_address: Mutex<HashMap<IpAddr, Weak<Semaphore>>>,
}

/// The outcome of a lookup, and until when it is cached.
#[derive(Clone)]
struct Entry {
    until: Instant,
    outcome: Result<Arc<Client>, ClientError>,
}

/// The fields of a document that are used.
#[derive(Deserialize)]
struct Metadata {
    client_id: String,
    client_name: String,
    redirect_uris: Vec<String>,
    #[serde(default)]
    grant_types: Option<Vec<String>>,
    #[serde(default)]
    token_endpoint_auth_method: Option<String>,
    #[serde(default)]
    client_secret: Option<serde_json::Value>,
}

impl ClientMetadataCache {
    pub(crate) fn new(settings: &GrantSettings) -> Result<Self> {
        let allows_private = settings.allow_private_metadata;
        let scope = if allows_private { NetworkScope::Anywhere } else { NetworkScope::Public };
        let (entries, permits) = (Cache::new(MAX_ENTRIES), Semaphore::new(MAX_CONCURRENT_FETCHES));
        let client = SafeClient::open(scope)?;
        Ok(Self { client, allows_private, entries, permits, permits_by_address: Mutex::default() })
    }

    /// The client whose metadata document is at `id`, if it need not be fetched.
    pub(super) fn find_cached(&self, id: &str) -> Option<Result<Arc<Client>, ClientError>> {
        if let Err(reason) = self.check_url(id) {
            return Some(Err(unusable(id, reason)));
        }
        self.cached(id)
    }

    /// The client whose metadata document is at `id`, which is fetched for the client at `address`.
    pub(super) async fn fetch_for(&self, id: &str, address: Option<IpAddr>) -> Result<Arc<Client>, ClientError> {
        let of_address = address.map(|address| self.permits_of(address));
        let permits = async {
            let of_address = match of_address {
                Some(permits) => permits.acquire_owned().await.ok(),
                None => None,
            };
            (of_address, self.permits.acquire().await)
        };
        let Ok(_permits) = tokio::time::timeout(FETCH_TIMEOUT, permits).await else {
            return Err(unusable(id, "Too many metadata documents are being fetched"));
        };
        // Another request may have fetched it meanwhile.
        if let Some(outcome) = self.cached(id) {
            return outcome;
        }
        let (outcome, ttl) = match self.fetch(id).await {
            Ok((client, ttl)) => (Ok(Arc::new(client)), ttl),
            Err(reason) => (Err(unusable(id, &reason)), FAILURE_TTL),
        };
        self.entries.insert(id.to_owned(), Entry { until: Instant::now() + ttl, outcome: outcome.clone() });
        outcome
    }

    /// The permits of one address; those of addresses without a fetch are forgotten.
    fn permits_of(&self, address: IpAddr) -> Arc<Semaphore> {
        let mut by_address = self.permits_by_address.lock();
        by_address.retain(|_, permits| permits.strong_count() > 0);
        let known = by_address.get(&address).and_then(Weak::upgrade);
        known.unwrap_or_else(|| {
            let permits = Arc::new(Semaphore::new(MAX_CONCURRENT_FETCHES_PER_ADDRESS));
            by_address.insert(address, Arc::downgrade(&permits));
            permits
        })
    }

    /// The client that the document describes, and how long to cache it.
    ///
    /// # Errors
    /// Why it is not usable, for the log.
    async fn fetch(&self, id: &str) -> Result<(Client, Duration), String> {
        let fetched = self.client.fetch(id, MAX_DOCUMENT_SIZE, FETCH_TIMEOUT).await;
        let document = fetched.map_err(|error| format!("Its metadata document could not be fetched: {error}"))?;
        if !is_json(&document.headers) {
            return Err("Its metadata document is not JSON".to_owned());
        }
        let metadata: Metadata = serde_json::from_slice(&document.body)
            .map_err(|error| format!("Its metadata document is not valid: {error}"))?;
        Ok((client_from(id, metadata)?, cache_ttl(&document.headers)))
    }

    fn cached(&self, id: &str) -> Option<Result<Arc<Client>, ClientError>> {
        self.entries.get(id).filter(|entry| Instant::now() < entry.until).map(|entry| entry.outcome)
    }

    /// Checks that an id is a URL as the specification of metadata documents requires.
    fn check_url(&self, id: &str) -> Result<(), &'static str> {
        let url: Url = id.parse().map_err(|_| "Its client_id is not a URL")?;
        if url.scheme() != "https" && !self.allows_private {
            return Err("Its client_id is not an https:// URL");
        }
        if !url.username().is_empty() || url.password().is_some() || url.fragment().is_some() {
            return Err("Its client_id contains a user, a password or a fragment");
        }
        // A URL that is not normalized would be a second id of the same client.
        if url.as_str() != id || url.path() == "/" {
            return Err("Its client_id is not a normalized URL with a path");
        }
        Ok(())
    }
}

/// The client that a metadata document describes, if it may be used here.
fn client_from(id: &str, metadata: Metadata) -> Result<Client, &'static str> {
    if metadata.client_id != id {
        return Err("The client_id in its metadata document differs");
    }
    let method = metadata.token_endpoint_auth_method.as_deref();
    // A document is public, so it cannot hold a secret. Clients that sign (private_key_jwt) are treated as public ones:
    // the redirect URI and PKCE identify them.
    if metadata.client_secret.is_some() || method.is_some_and(|method| method.starts_with("client_secret")) {
        return Err("Its metadata document requires a client secret, which is not supported");
    }
    let refreshes = metadata.grant_types.is_none_or(|types| types.iter().any(|kind| kind == "refresh_token"));
    let redirect_uris = metadata.redirect_uris.into_iter().take(MAX_REDIRECT_URIS);
    let redirect_uris: Vec<String> = redirect_uris.filter(|text| redirect_uris::is_redirect_uri(text)).collect();
    if redirect_uris.is_empty() {
        return Err("Its metadata document has no valid redirect URI");
    }
    Ok(Client::from_metadata(id, &metadata.client_name, redirect_uris, refreshes))
}

fn is_json(headers: &HeaderMap) -> bool {
    let kind = headers.get(CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let kind = kind.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
    kind == "application/json" || kind.ends_with("+json")
}

/// How long a document may be cached, as its server says, within bounds.
fn cache_ttl(headers: &HeaderMap) -> Duration {
    let control = headers.get(CACHE_CONTROL).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let control = control.to_ascii_lowercase();
    let mut directives = control.split(',').map(str::trim);
    if directives.clone().any(|directive| matches!(directive, "no-store" | "no-cache")) {
        return MIN_TTL;
    }
    let age = directives.find_map(|directive| directive.strip_prefix("max-age=")?.parse().ok());
    age.map_or(DEFAULT_TTL, Duration::from_secs).clamp(MIN_TTL, MAX_TTL)
}

/// The start of a client id without the parts of a URL that may be secret.
fn loggable(id: &str) -> String {
    let url = id.parse::<Url>().map(|url| url.origin().ascii_serialization() + url.path());
    url.unwrap_or_else(|_| "not a URL".to_owned()).chars().take(MAX_LOGGED_ID_LENGTH).collect()
}

/// Logs why a document is not usable. Everybody can have the server fetch a URL, and would learn from the reason which
/// names and ports there are in its network.
fn unusable(id: &str, reason: &str) -> ClientError {
    tracing::info!(client_id = loggable(id), "OAuth client refused: {reason}");
    ClientError::Unusable
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn documents_are_cached_as_their_server_says_within_bounds() {
        for (control, seconds) in [
            ("", 3600),
            ("public, max-age=600", 600),
            ("Max-Age=600", 600),
            ("max-age=1", 60),
            ("max-age=99999999", 86400),
            ("no-store", 60),
            ("max-age=600, no-cache", 60),
            ("max-age=nonsense", 3600),
        ] {
            let headers = HeaderMap::from_iter([(CACHE_CONTROL, control.parse().unwrap())]);
            assert_eq!(cache_ttl(&headers).as_secs(), seconds, "{control}");
        }
    }

    #[test]
    fn an_address_has_two_permits_while_it_uses_them() {
        let cache = ClientMetadataCache::new(&GrantSettings::default()).unwrap();
        let (here, there) = ([192, 0, 2, 1].into(), [192, 0, 2, 2].into());
        let held =
            [cache.permits_of(here).try_acquire_owned().unwrap(), cache.permits_of(here).try_acquire_owned().unwrap()];
        assert!(cache.permits_of(here).try_acquire_owned().is_err());
        assert!(cache.permits_of(there).try_acquire_owned().is_ok());
        drop(held);
        assert!(cache.permits_of(there).try_acquire_owned().is_ok());
        assert_eq!(cache.permits_by_address.lock().len(), 1, "addresses without a fetch are forgotten");
    }

    #[test]
    fn documents_are_refused_that_describe_no_client() {
        let id = "https://a.example/client.json";
        let outcome = |changes: serde_json::Value| {
            let mut document = serde_json::json!({
                "client_id": id, "client_name": "A", "redirect_uris": ["https://a.example/cb"],
            });
            document.as_object_mut().unwrap().extend(changes.as_object().unwrap().clone());
            client_from(id, serde_json::from_value(document).unwrap()).err()
        };
        assert_eq!(outcome(serde_json::json!({})), None);
        for (changes, reason) in [
            (serde_json::json!({ "client_id": "https://b.example/client.json" }), "differs"),
            (serde_json::json!({ "token_endpoint_auth_method": "client_secret_post" }), "requires a client secret"),
            (serde_json::json!({ "redirect_uris": ["javascript:alert(1)"] }), "no valid redirect URI"),
        ] {
            assert!(outcome(changes).is_some_and(|given| given.contains(reason)), "{reason}");
        }
    }

    #[test]
    fn client_ids_are_normalized_urls() {
        let strict = ClientMetadataCache::new(&GrantSettings::default()).unwrap();
        for good in ["https://a.example/client.json", "https://a.example:444/x/y?v=1"] {
            assert_eq!(strict.check_url(good), Ok(()), "{good}");
        }
        for bad in [
            "http://a.example/client.json",
            "https://a.example",
            "https://a.example/",
            "https://a.example/c.json#x",
            "https://u@a.example/c.json",
            "https://a.example/x/../c.json",
            "https://A.example/c.json",
            "https:///c.json",
            "https://a.example:443/c.json",
        ] {
            assert!(strict.check_url(bad).is_err(), "{bad}");
        }
    }
}
