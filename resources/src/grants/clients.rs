//! OAuth clients: the programs that users authorize.

use std::{net::IpAddr, sync::Arc};

use chrono::{DateTime, TimeDelta, Utc};
use identity::{
    crypto::{digest, long_random_secret},
    sanitize,
    throttle::AnonymousAction,
};
use surrealdb::types::{RecordId, SurrealValue};

use super::redirect_uris;
use crate::{
    Error, Resources, Result,
    database::{Params, row},
};

/// The prefix of client secrets.
const SECRET_PREFIX: &str = "omi_ocs_";

/// How many clients may register themselves.
const MAX_SELF_REGISTERED: i64 = 1000;

/// How long a self-registered client is kept that no user has authorized.
const UNUSED_CLIENT_TTL: TimeDelta = TimeDelta::days(1);

/// The longest name of a client, in characters.
const MAX_NAME_LENGTH: usize = 80;

/// On whose word a client's name and redirect URIs are taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Trust {
    /// The owner of the server has added it.
    Manual,
    /// The metadata document at its id describes it.
    MetadataDocument,
    /// Nobody's but its own: it has registered itself.
    SelfRegistered,
}

/// A program that users can authorize.
#[derive(Debug, Clone)]
pub struct Client {
    /// Identifies it.
    pub id: String,
    /// Its display name, sanitized.
    pub name: String,
    /// Its redirect URIs.
    pub redirect_uris: Vec<String>,
    /// Whether it gets refresh tokens.
    pub refreshes: bool,
    /// On whose word its name and redirect URIs are taken.
    pub trust: Trust,
    /// The digest of its secret, if it has one.
    secret: Option<String>,
}

/// A client to be added.
#[derive(Debug)]
pub struct NewClient {
    /// Its display name.
    pub name: String,
    /// Its redirect URIs.
    pub redirect_uris: Vec<String>,
    /// Whether it gets refresh tokens.
    pub refreshes: bool,
    /// Whether it gets a secret (a confidential client).
    pub has_secret: bool,
    /// On whose word its name and redirect URIs are taken.
    pub trust: Trust,
}

/// A new client, with the secret that is shown only once.
#[derive(Debug)]
pub struct RegisteredClient {
    /// The client.
    pub client: Client,
    /// Its secret, if it has one.
    pub secret: Option<String>,
}

/// Why a client is not found.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ClientError {
    /// No client has this id.
    #[error("unknown client_id")]
    Unknown,
    /// Its metadata document cannot be fetched or is not usable; the log says why.
    #[error("its metadata document cannot be used; the log of this server says why")]
    Unusable,
}

/// A row of `oauth_client`.
#[derive(SurrealValue)]
struct ClientRow {
    client_id: String,
    name: String,
    redirect_uris: Vec<String>,
    refreshes: bool,
    secret: Option<String>,
    registered_itself: bool,
    created_at: DateTime<Utc>,
    used_at: Option<DateTime<Utc>>,
}

/// The clients of this server.
pub struct Clients<'a>(pub(crate) &'a Resources);

impl Clients<'_> {
    /// The client with this id. If the id is a URL, it is described by the metadata document there, which is fetched for
    /// the client at `address`.
    ///
    /// # Errors
    /// [`Error::RateLimited`] after too many fetches for the address.
    pub async fn find(&self, id: &str, address: Option<IpAddr>) -> Result<Result<Arc<Client>, ClientError>> {
        if is_metadata_url(id) {
            let auth = &self.0.auth;
            if let Some(outcome) = auth.client_metadata.find_cached(id) {
                return Ok(outcome);
            }
            auth.throttle.count_anonymous(AnonymousAction::ClientMetadata, address).map_err(Error::RateLimited)?;
            return Ok(auth.client_metadata.fetch_for(id, address).await);
        }
        let params = Params::new().with("id", client_record(id));
        let rows: Vec<ClientRow> = self.0.database.run("SELECT * FROM $id", params).await?.take(0)?;
        Ok(rows.into_iter().next().map(|row| Arc::new(row.into())).ok_or(ClientError::Unknown))
    }

    /// Adds a client. `None` when too many have registered themselves.
    pub async fn add(&self, new: NewClient) -> Result<Option<RegisteredClient>> {
        let registered_itself = new.trust == Trust::SelfRegistered;
        if registered_itself && !self.may_register().await? {
            return Ok(None);
        }
        let secret = new.has_secret.then(|| format!("{SECRET_PREFIX}{}", long_random_secret()));
        let fields = ClientRow {
            client_id: crate::new_id(),
            name: display_name(&new.name),
            redirect_uris: new.redirect_uris,
            refreshes: new.refreshes,
            secret: secret.as_deref().map(digest),
            registered_itself,
            created_at: crate::now(),
            used_at: None,
        };
        let id = client_record(&fields.client_id);
        let statement = "INSERT INTO oauth_client $row RETURN AFTER";
        let inserted = self.0.database.run(statement, Params::new().with("row", row(id, fields))).await?.take(0);
        let row: ClientRow = inserted
            .map(|rows: Vec<ClientRow>| rows.into_iter().next())?
            .ok_or_else(|| Error::internal("the new client is missing"))?;
        Ok(Some(RegisteredClient { client: row.into(), secret }))
    }

    /// All clients but those with a metadata document, oldest first.
    pub async fn list(&self) -> Result<Vec<Client>> {
        let statement = "SELECT * FROM oauth_client ORDER BY created_at";
        let rows: Vec<ClientRow> = self.0.database.run(statement, Params::new()).await?.take(0)?;
        Ok(rows.into_iter().map(Client::from).collect())
    }

    /// Removes a client, with or without a metadata document, and all its grants; `false` when there are none. For a
    /// data folder that no server has open: a running server would still have its tokens in the cache.
    pub async fn remove(&self, id: &str) -> Result<bool> {
        let statements = "BEGIN;
            DELETE oauth_access WHERE client_id = $id;
            DELETE oauth_code WHERE client_id = $id;
            LET $grants = (DELETE oauth_grant WHERE client_id = $id RETURN BEFORE);
            LET $clients = (DELETE $client RETURN BEFORE);
            RETURN count($grants) + count($clients);
            COMMIT;";
        let params = Params::new().with("id", id).with("client", client_record(id));
        let removed: Option<i64> = self.0.database.run(statements, params).await?.take(5)?;
        Ok(removed.is_some_and(|count| count > 0))
    }

    async fn may_register(&self) -> Result<bool> {
        let statements = "DELETE oauth_client WHERE registered_itself AND used_at = NONE AND created_at < $before;
            SELECT VALUE count() FROM ONLY oauth_client WHERE registered_itself GROUP ALL LIMIT 1";
        let params = Params::new().with("before", crate::now() - UNUSED_CLIENT_TTL);
        let count: Option<i64> = self.0.database.run(statements, params).await?.take(1)?;
        Ok(count.unwrap_or(0) < MAX_SELF_REGISTERED)
    }
}

impl Client {
    /// A client that is described by the metadata document at its id.
    pub(super) fn from_metadata(id: &str, name: &str, redirect_uris: Vec<String>, refreshes: bool) -> Self {
        let (id, name) = (id.to_owned(), display_name(name));
        Self { id, name, redirect_uris, refreshes, trust: Trust::MetadataDocument, secret: None }
    }

    /// Whether this is one of its redirect URIs.
    pub fn has_redirect_uri(&self, redirect_uri: &str) -> bool {
        self.redirect_uris.iter().any(|registered| redirect_uris::matches_redirect_uri(registered, redirect_uri))
    }

    /// Whether the client may authenticate with this secret, or without one. A public client has none.
    pub fn is_authenticated_by(&self, secret: Option<&str>) -> bool {
        match (&self.secret, secret) {
            (None, _) => true,
            // Both are hashes, whose comparison need not take constant time.
            (Some(stored), Some(secret)) => *stored == digest(secret),
            (Some(_), None) => false,
        }
    }

    /// Whether it is a confidential client.
    pub fn has_secret(&self) -> bool {
        self.secret.is_some()
    }
}

impl From<ClientRow> for Client {
    fn from(row: ClientRow) -> Self {
        Self {
            id: row.client_id,
            name: row.name,
            redirect_uris: row.redirect_uris,
            refreshes: row.refreshes,
            trust: if row.registered_itself { Trust::SelfRegistered } else { Trust::Manual },
            secret: row.secret,
        }
    }
}

/// Whether a client id is the URL of a metadata document.
pub fn is_metadata_url(id: &str) -> bool {
    id.starts_with("https://") || id.starts_with("http://")
}

pub(super) fn client_record(id: &str) -> RecordId {
    RecordId::new("oauth_client", id)
}

/// The sanitized name of a client.
fn display_name(name: &str) -> String {
    sanitize(name, MAX_NAME_LENGTH).unwrap_or_else(|| "Unnamed client".to_owned())
}
