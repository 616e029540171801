//! Metadata documents: a client whose id is an address says there what it is called and where it is sent back to.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use quick_cache::sync::Cache;
use reqwest::{
    Url,
    header::{CACHE_CONTROL, CONTENT_TYPE, HeaderMap},
};
use serde::Deserialize;
use tokio::sync::Semaphore;

use super::{Client, GrantSettings, NoClient, redirect_uris};
use crate::{
    Result,
    http::{NetworkScope, SafeClient},
};

/// The largest document, in bytes.
const LARGEST: usize = 32 << 10;

/// How long one may take to come.
const PATIENCE: Duration = Duration::from_secs(5);

/// How many are fetched at a time, and how long one that cannot be had is not asked for again: anybody can make the server
/// fetch one.
const AT_ONCE: usize = 16;
const AVOIDED: Duration = Duration::from_secs(10);

/// How long one is believed, whatever its server says: at least, at most, and where it says nothing.
const AT_LEAST: Duration = Duration::from_secs(60);
const AT_MOST: Duration = Duration::from_secs(24 * 3600);
const USUALLY: Duration = Duration::from_secs(3600);

/// How many addresses of a client are looked at.
const MOST_REDIRECTS: usize = 50;

/// Fetches documents, and keeps them for a while.
pub(crate) struct Documents {
    client: SafeClient,
    allows_private: bool,
    known: Cache<String, Known>,
    turns: Semaphore,
}

/// What came of looking a client up, and until when that is believed.
#[derive(Clone)]
struct Known {
    until: Instant,
    found: Result<Arc<Client>, NoClient>,
}

/// As much of a document as matters here.
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

impl Documents {
    pub(crate) fn open(settings: &GrantSettings) -> Result<Self> {
        let allows_private = settings.allow_private_metadata;
        let reach = if allows_private { NetworkScope::Anywhere } else { NetworkScope::Public };
        let (known, turns) = (Cache::new(500), Semaphore::new(AT_ONCE));
        Ok(Self { client: SafeClient::open(reach)?, allows_private, known, turns })
    }

    /// The client whose document is at `id`.
    pub(super) async fn find(&self, id: &str) -> Result<Arc<Client>, NoClient> {
        self.check(id).map_err(unusable)?;
        if let Some(found) = self.lately(id) {
            return found;
        }
        let busy = |_| unusable("Too many clients are being looked up; please try again");
        let _turn = tokio::time::timeout(PATIENCE, self.turns.acquire()).await.map_err(busy)?;
        // Whoever had the turn before may have fetched it.
        if let Some(found) = self.lately(id) {
            return found;
        }
        let (found, kept) = match self.fetch(id).await {
            Ok((client, kept)) => (Ok(Arc::new(client)), kept),
            Err(reason) => (Err(reason), AVOIDED),
        };
        self.known.insert(id.to_owned(), Known { until: Instant::now() + kept, found: found.clone() });
        found
    }

    /// The client that its document describes, and how long that is believed.
    async fn fetch(&self, id: &str) -> Result<(Client, Duration), NoClient> {
        let fetched = self.client.fetch(id, LARGEST, PATIENCE).await;
        let document = fetched.map_err(|error| unusable(format!("Its document could not be read: {error}")))?;
        if !is_json(&document.headers) {
            return Err(unusable("Its document is not JSON"));
        }
        let metadata: Metadata = serde_json::from_slice(&document.body)
            .map_err(|error| unusable(format!("Its document does not describe a client: {error}")))?;
        Ok((described(id, metadata).map_err(unusable)?, freshness(&document.headers)))
    }

    fn lately(&self, id: &str) -> Option<Result<Arc<Client>, NoClient>> {
        self.known.get(id).filter(|known| Instant::now() < known.until).map(|known| known.found)
    }

    /// Sees to it that an id is an address as clients with a document have one.
    fn check(&self, id: &str) -> Result<(), &'static str> {
        let url: Url = id.parse().map_err(|_| "Its id is not an address")?;
        if url.scheme() != "https" && !self.allows_private {
            return Err("Its id is not an address that starts with https://");
        }
        if !url.username().is_empty() || url.password().is_some() || url.fragment().is_some() {
            return Err("Its id holds a user, a password or a fragment");
        }
        // An address that is read otherwise than it is written could be two clients at once.
        if url.as_str() != id || url.path() == "/" {
            return Err("Its id is not the plain address of a document");
        }
        Ok(())
    }
}

/// The client that a document describes, if the document is that client's and the client is one that works here.
fn described(id: &str, metadata: Metadata) -> Result<Client, &'static str> {
    if metadata.client_id != id {
        return Err("Its document is about another client");
    }
    let method = metadata.token_endpoint_auth_method.as_deref();
    // A secret in a public document is none. Whoever signs is taken without: where the code goes says enough.
    if metadata.client_secret.is_some() || method.is_some_and(|method| method.starts_with("client_secret")) {
        return Err("Its document is about a client with a secret, and such a document cannot hold one");
    }
    let refreshes = metadata.grant_types.is_none_or(|types| types.iter().any(|kind| kind == "refresh_token"));
    let redirect_uris = metadata.redirect_uris.into_iter().take(MOST_REDIRECTS);
    let redirect_uris: Vec<String> = redirect_uris.filter(|text| redirect_uris::is_redirect(text)).collect();
    if redirect_uris.is_empty() {
        return Err("Its document names no address to go back to");
    }
    Ok(Client::documented(id, &metadata.client_name, redirect_uris, refreshes))
}

fn is_json(headers: &HeaderMap) -> bool {
    let kind = headers.get(CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let kind = kind.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
    kind == "application/json" || kind.ends_with("+json")
}

/// How long a document is believed, as its server says, within bounds.
fn freshness(headers: &HeaderMap) -> Duration {
    let said = headers.get(CACHE_CONTROL).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let said = said.to_ascii_lowercase();
    let mut directives = said.split(',').map(str::trim);
    if directives.clone().any(|directive| matches!(directive, "no-store" | "no-cache")) {
        return AT_LEAST;
    }
    let age = directives.find_map(|directive| directive.strip_prefix("max-age=")?.parse().ok());
    age.map_or(USUALLY, Duration::from_secs).clamp(AT_LEAST, AT_MOST)
}

fn unusable(reason: impl Into<String>) -> NoClient {
    NoClient::Unusable(reason.into())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn documents_are_believed_as_long_as_they_say_within_bounds() {
        for (said, seconds) in [
            ("", 3600),
            ("public, max-age=600", 600),
            ("Max-Age=600", 600),
            ("max-age=1", 60),
            ("max-age=99999999", 86400),
            ("no-store", 60),
            ("max-age=600, no-cache", 60),
            ("max-age=nonsense", 3600),
        ] {
            let headers = HeaderMap::from_iter([(CACHE_CONTROL, said.parse().unwrap())]);
            assert_eq!(freshness(&headers).as_secs(), seconds, "{said}");
        }
    }

    #[test]
    fn ids_are_plain_addresses() {
        let strict = Documents::open(&GrantSettings::default()).unwrap();
        for good in ["https://a.example/client.json", "https://a.example:444/x/y?v=1"] {
            assert_eq!(strict.check(good), Ok(()), "{good}");
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
            assert!(strict.check(bad).is_err(), "{bad}");
        }
    }
}
