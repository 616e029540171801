//! Clients: the programs that ask users for something.

use std::sync::Arc;

use chrono::{DateTime, TimeDelta, Utc};
use surrealdb::types::{RecordId, SurrealValue};

use super::{redirect_uris, tokens::long_secret};
use crate::{
    Error, Resources, Result,
    database::{Bound, row},
    identity,
    keys::digest,
};

const SECRET_PREFIX: &str = "omi_ocs_";

/// How many clients may register themselves.
const MOST_REGISTERED: i64 = 1000;

/// After so long, a client that registered itself and was let in by nobody is forgotten.
const UNUSED: TimeDelta = TimeDelta::days(1);

/// The longest name that is shown.
const LONGEST_NAME: usize = 80;

/// Who says that a client is what it calls itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Vouched {
    /// The owner of the server, who added it by hand.
    ByOwner,
    /// Whoever keeps the document at its id.
    ByDocument,
    /// Nobody: it has registered itself.
    ByNobody,
}

/// A program that may ask users for something.
#[derive(Debug, Clone)]
pub struct Client {
    /// Identifies it.
    pub id: String,
    /// What it calls itself, fit to be shown.
    pub name: String,
    /// Where it may be sent back to.
    pub redirect_uris: Vec<String>,
    /// Whether it takes refresh tokens.
    pub refreshes: bool,
    /// Who says so.
    pub vouched: Vouched,
    /// The hash of its secret, where it has one.
    secret: Option<String>,
}

/// A client about to be made.
#[derive(Debug)]
pub struct NewClient {
    /// What it calls itself.
    pub name: String,
    /// Where it may be sent back to.
    pub redirect_uris: Vec<String>,
    /// Whether it takes refresh tokens.
    pub refreshes: bool,
    /// Whether it keeps a secret.
    pub has_secret: bool,
    /// Who says so.
    pub vouched: Vouched,
}

/// A client just made, with the secret that is shown this once.
#[derive(Debug)]
pub struct RegisteredClient {
    /// The client.
    pub client: Client,
    /// Its secret, where it has one.
    pub secret: Option<String>,
}

/// Why there is no such client.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NoClient {
    /// None has this id.
    #[error("no client has this id")]
    Unknown,
    /// Its document is no good; the sentence says why.
    #[error("{0}")]
    Unusable(String),
}

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

/// The clients that this server knows.
pub struct Clients<'a>(pub(crate) &'a Resources);

impl Clients<'_> {
    /// The client with this id, from its document where the id is the address of one.
    pub async fn find(&self, id: &str) -> Result<Result<Arc<Client>, NoClient>> {
        if is_document(id) {
            return Ok(self.0.client_documents.find(id).await);
        }
        let bound = Bound::new().with("id", client_record(id));
        let rows: Vec<ClientRow> = self.0.database.run("SELECT * FROM $id", bound).await?.take(0)?;
        Ok(rows.into_iter().next().map(|row| Arc::new(row.into())).ok_or(NoClient::Unknown))
    }

    /// Adds a client. `None` when too many have registered themselves already.
    pub async fn add(&self, new: NewClient) -> Result<Option<RegisteredClient>> {
        let registered_itself = new.vouched == Vouched::ByNobody;
        if registered_itself && !self.has_room().await? {
            return Ok(None);
        }
        let secret = new.has_secret.then(|| format!("{SECRET_PREFIX}{}", long_secret()));
        let fields = ClientRow {
            client_id: crate::new_id(),
            name: shown(&new.name),
            redirect_uris: new.redirect_uris,
            refreshes: new.refreshes,
            secret: secret.as_deref().map(digest),
            registered_itself,
            created_at: crate::now(),
            used_at: None,
        };
        let id = client_record(&fields.client_id);
        let statement = "INSERT INTO oauth_client $row RETURN AFTER";
        let made = self.0.database.run(statement, Bound::new().with("row", row(id, fields))).await?.take(0);
        let made: ClientRow = made
            .map(|rows: Vec<ClientRow>| rows.into_iter().next())?
            .ok_or_else(|| Error::internal("a client was not written"))?;
        Ok(Some(RegisteredClient { client: made.into(), secret }))
    }

    /// Every client that has a row, oldest first.
    pub async fn list(&self) -> Result<Vec<Client>> {
        let statement = "SELECT * FROM oauth_client ORDER BY created_at";
        let rows: Vec<ClientRow> = self.0.database.run(statement, Bound::new()).await?.take(0)?;
        Ok(rows.into_iter().map(Client::from).collect())
    }

    /// Takes a client away, and all that users have granted it, one with a document too; `false` where there is none. Works on a data folder that
    /// no server has open: one that has would still believe its tokens.
    pub async fn remove(&self, id: &str) -> Result<bool> {
        let statements = "BEGIN;
            DELETE oauth_access WHERE client_id = $id;
            DELETE oauth_code WHERE client_id = $id;
            LET $grants = (DELETE oauth_grant WHERE client_id = $id RETURN BEFORE);
            LET $clients = (DELETE $client RETURN BEFORE);
            RETURN count($grants) + count($clients);
            COMMIT;";
        let bound = Bound::new().with("id", id).with("client", client_record(id));
        let gone: Option<i64> = self.0.database.run(statements, bound).await?.take(5)?;
        Ok(gone.is_some_and(|gone| gone > 0))
    }

    async fn has_room(&self) -> Result<bool> {
        let statements = "DELETE oauth_client WHERE registered_itself AND used_at = NONE AND created_at < $before;
            SELECT VALUE count() FROM ONLY oauth_client WHERE registered_itself GROUP ALL LIMIT 1";
        let bound = Bound::new().with("before", crate::now() - UNUSED);
        let count: Option<i64> = self.0.database.run(statements, bound).await?.take(1)?;
        Ok(count.unwrap_or(0) < MOST_REGISTERED)
    }
}

impl Client {
    /// A client that is described by the document at its id.
    pub(super) fn documented(id: &str, name: &str, redirect_uris: Vec<String>, refreshes: bool) -> Self {
        let (id, name) = (id.to_owned(), shown(name));
        Self { id, name, redirect_uris, refreshes, vouched: Vouched::ByDocument, secret: None }
    }

    /// Whether it may be sent back to this address.
    pub fn is_at(&self, redirect_uri: &str) -> bool {
        self.redirect_uris.iter().any(|registered| redirect_uris::is_same_redirect(registered, redirect_uri))
    }

    /// Whether whoever gives this secret, or none, is the client. One without a secret is known by its code alone.
    pub fn is_proven_by(&self, secret: Option<&str>) -> bool {
        match (&self.secret, secret) {
            (None, _) => true,
            // Both are hashes, of which the time that a comparison takes tells nothing.
            (Some(digested), Some(secret)) => *digested == digest(secret),
            (Some(_), None) => false,
        }
    }

    /// Whether it keeps a secret.
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
            vouched: if row.registered_itself { Vouched::ByNobody } else { Vouched::ByOwner },
            secret: row.secret,
        }
    }
}

/// Whether an id is the address of a document.
pub fn is_document(id: &str) -> bool {
    id.starts_with("https://") || id.starts_with("http://")
}

pub(super) fn client_record(id: &str) -> RecordId {
    RecordId::new("oauth_client", id)
}

/// The name of a client, fit to be shown.
fn shown(name: &str) -> String {
    identity::shown(name, LONGEST_NAME).unwrap_or_else(|| "A client without a name".to_owned())
}
