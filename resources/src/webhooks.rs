//! Webhooks of one user: where events go, what they are signed with, and those that are on their way.

mod delivery;
pub mod worker;

pub use outbound::webhooks::WebhookSettings;

use identity::crypto::long_random_secret;
use outbound::webhooks::stored_address;
use schemas::webhook::{Webhook, WebhookDelivery, WebhookKind};
use surrealdb::types::{RecordId, SurrealValue};

use crate::{
    Database, Result,
    database::{self, Params, name_of, record, value_of},
};
pub use delivery::DeliveryQueue;
use delivery::DeliveryRow;

/// How many events on their way a list has.
const LISTED: u32 = 100;

/// Queries of one user's webhooks.
pub struct Webhooks<'a> {
    database: &'a Database,
    deliveries: &'a DeliveryQueue,
    user: &'a str,
}

/// A row of `webhook`.
#[derive(Debug, Clone, SurrealValue)]
struct WebhookRow {
    user: String,
    kind: String,
    url: String,
    /// Nothing until somebody has switched it on or off: it is on then as soon as it has an address.
    enabled: Option<bool>,
    failures: i64,
    disabled_because: Option<String>,
}

impl<'a> Webhooks<'a> {
    /// Queries of the rows of `user`.
    pub fn new(database: &'a Database, deliveries: &'a DeliveryQueue, user: &'a str) -> Self {
        Self { database, deliveries, user }
    }
}

impl Webhooks<'_> {
    /// Where events of this kind go.
    pub async fn get(&self, kind: WebhookKind) -> Result<Webhook> {
        Ok(self.row(kind).await?.into())
    }

    /// Whether events of this kind are sent anywhere.
    pub async fn is_on(&self, kind: WebhookKind) -> Result<bool> {
        Ok(self.row(kind).await?.is_on())
    }

    /// Sets where events of this kind go. No address switches the webhook off; another does not switch it on.
    pub async fn set_url(&self, kind: WebhookKind, url: &str) -> Result<()> {
        let statement = "UPSERT $id SET user = $user, kind = $kind, url = $url, failures = 0,
            enabled = IF $is_empty { false } ELSE { enabled }";
        let params = self.params(kind).with("url", url).with("is_empty", stored_address(kind, url).is_none());
        self.database.run(statement, params).await.map(drop)
    }

    /// Switches a webhook on or off.
    pub async fn switch(&self, kind: WebhookKind, enabled: Switch) -> Result<()> {
        let statement = "UPSERT $id SET user = $user, kind = $kind, url = url ?? '', failures = 0,
            enabled = $enabled, disabled_because = NONE";
        let params = self.params(kind).with("enabled", enabled == Switch::On);
        self.database.run(statement, params).await.map(drop)
    }

    /// What requests are signed with; made when it is first asked for.
    pub async fn secret(&self) -> Result<String> {
        let statements = "INSERT IGNORE INTO webhook_secret $row; SELECT VALUE secret FROM ONLY $id";
        self.database.run(statements, self.new_secret()).await?.take(1)
    }

    /// Replaces what requests are signed with.
    pub async fn rotate_secret(&self) -> Result<String> {
        let statements = "UPSERT $id CONTENT $row; SELECT VALUE secret FROM ONLY $id";
        self.database.run(statements, self.new_secret()).await?.take(1)
    }

    /// Sends an event of this kind on its way, if the webhook is on; once for each `key`. `body` is JSON.
    pub async fn raise(&self, kind: WebhookKind, key: &str, body: String) -> Result<()> {
        if !self.is_on(kind).await? {
            return Ok(());
        }
        let fields = DeliveryRow::new(self.user, kind, key, body);
        let row = database::row(record("delivery", self.user, &fields.did), fields);
        self.database.run("INSERT IGNORE INTO delivery $row", Params::new().with("row", row)).await?;
        self.deliveries.wake();
        Ok(())
    }

    /// The last events, newest first.
    pub async fn deliveries(&self) -> Result<Vec<WebhookDelivery>> {
        let statement = "SELECT * OMIT body FROM delivery WHERE user = $user ORDER BY created_rank LIMIT $limit";
        let params = Params::new().with("user", self.user).with("limit", LISTED);
        let rows: Vec<DeliveryRow> = self.database.run(statement, params).await?.take(0)?;
        Ok(rows.into_iter().filter_map(DeliveryRow::shown).collect())
    }

    async fn row(&self, kind: WebhookKind) -> Result<WebhookRow> {
        let params = Params::new().with("id", self.id(kind));
        let row: Option<WebhookRow> = self.database.run("SELECT * FROM ONLY $id", params).await?.take(0)?;
        Ok(row.unwrap_or_else(|| WebhookRow {
            user: self.user.to_owned(),
            kind: name_of(&kind),
            url: String::new(),
            enabled: None,
            failures: 0,
            disabled_because: None,
        }))
    }

    fn params(&self, kind: WebhookKind) -> Params {
        Params::new().with("id", self.id(kind)).with("user", self.user).with("kind", name_of(&kind))
    }

    fn new_secret(&self) -> Params {
        #[derive(SurrealValue)]
        struct SecretRow {
            user: String,
            secret: String,
        }
        let secret = format!("whsec_{}", long_random_secret());
        let id = RecordId::new("webhook_secret", self.user);
        let row = database::row(id.clone(), SecretRow { user: self.user.to_owned(), secret });
        Params::new().with("id", id).with("row", row)
    }

    fn id(&self, kind: WebhookKind) -> RecordId {
        record("webhook", self.user, &name_of(&kind))
    }
}

/// Whether something is to be on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[expect(missing_docs, reason = "each name says it all")]
pub enum Switch {
    On,
    Off,
}

impl WebhookRow {
    /// The address that events are sent to, if they are.
    fn target(&self) -> Option<&str> {
        let kind = value_of(&self.kind)?;
        stored_address(kind, &self.url).filter(|_| self.enabled.unwrap_or(true))
    }

    fn is_on(&self) -> bool {
        self.target().is_some()
    }
}

impl From<WebhookRow> for Webhook {
    fn from(row: WebhookRow) -> Self {
        Self {
            enabled: row.is_on(),
            url: row.url,
            failures: u32::try_from(row.failures).unwrap_or(u32::MAX),
            disabled_because: row.disabled_because,
        }
    }
}
