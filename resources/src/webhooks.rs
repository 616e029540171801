//! Webhooks: URLs, signing secrets, and deliveries.

mod delivery;
pub mod worker;

pub use outbound::webhooks::WebhookSettings;

use outbound::webhooks::{new_secret, stored_url};
use schemas::webhook::{Webhook, WebhookDelivery, WebhookKind};
use surrealdb::types::{RecordId, SurrealValue};

use crate::{
    Database, Result,
    database::{self, Params, name_of, record, value_of},
};
pub use delivery::DeliveryQueue;
use delivery::DeliveryRow;

/// The maximum number of deliveries in a list.
const MAX_LISTED: u32 = 100;

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
    /// `None` until it is enabled or disabled explicitly: it is enabled then if it has a URL.
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
    /// The webhook for events of this kind.
    pub async fn get(&self, kind: WebhookKind) -> Result<Webhook> {
        Ok(self.row(kind).await?.into())
    }

    /// Whether the webhook for events of this kind is enabled.
    pub async fn is_enabled(&self, kind: WebhookKind) -> Result<bool> {
        Ok(self.row(kind).await?.is_enabled())
    }

    /// Sets the URL for events of this kind. An empty URL disables the webhook; another one does not enable it.
    pub async fn set_url(&self, kind: WebhookKind, url: &str) -> Result<()> {
        let statement = "UPSERT $id SET user = $user, kind = $kind, url = $url, failures = 0,
            enabled = IF $is_empty { false } ELSE { enabled }";
        let params = self.params(kind).with("url", url).with("is_empty", stored_url(kind, url).is_none());
        self.database.run(statement, params).await.map(drop)
    }

    /// Enables or disables a webhook.
    pub async fn switch(&self, kind: WebhookKind, enabled: Switch) -> Result<()> {
        let statement = "UPSERT $id SET user = $user, kind = $kind, url = url ?? '', failures = 0,
            enabled = $enabled, disabled_because = NONE";
        let params = self.params(kind).with("enabled", enabled == Switch::On);
        self.database.run(statement, params).await.map(drop)
    }

    /// The signing secret, which is created at the first call.
    pub async fn secret(&self) -> Result<String> {
        let statements = "INSERT IGNORE INTO webhook_secret $row; SELECT VALUE secret FROM ONLY $id";
        self.database.run(statements, self.secret_params()).await?.take(1)
    }

    /// Replaces the signing secret.
    pub async fn rotate_secret(&self) -> Result<String> {
        let statements = "UPSERT $id CONTENT $row; SELECT VALUE secret FROM ONLY $id";
        self.database.run(statements, self.secret_params()).await?.take(1)
    }

    /// Enqueues an event of this kind, if the webhook is enabled; once for each `key`. `body` is JSON.
    pub async fn enqueue(&self, kind: WebhookKind, key: &str, body: String) -> Result<()> {
        if !self.is_enabled(kind).await? {
            return Ok(());
        }
        let fields = DeliveryRow::new(self.user, kind, key, body);
        let row = database::row(record("delivery", self.user, &fields.did), fields);
        self.database.run("INSERT IGNORE INTO delivery $row", Params::new().with("row", row)).await?;
        self.deliveries.wake();
        Ok(())
    }

    /// The latest deliveries, newest first.
    pub async fn deliveries(&self) -> Result<Vec<WebhookDelivery>> {
        let statement = "SELECT * OMIT body FROM delivery WHERE user = $user ORDER BY created_rank LIMIT $limit";
        let params = Params::new().with("user", self.user).with("limit", MAX_LISTED);
        let rows: Vec<DeliveryRow> = self.database.run(statement, params).await?.take(0)?;
        Ok(rows.into_iter().filter_map(DeliveryRow::into_delivery).collect())
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

    fn secret_params(&self) -> Params {
        #[derive(SurrealValue)]
        struct SecretRow {
            user: String,
            secret: String,
        }
        let secret = new_secret();
        let id = RecordId::new("webhook_secret", self.user);
        let row = database::row(id.clone(), SecretRow { user: self.user.to_owned(), secret });
        Params::new().with("id", id).with("row", row)
    }

    fn id(&self, kind: WebhookKind) -> RecordId {
        record("webhook", self.user, &name_of(&kind))
    }
}

/// Whether a webhook is enabled.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[expect(missing_docs, reason = "each name says it all")]
pub enum Switch {
    On,
    Off,
}

impl WebhookRow {
    /// The URL that events are sent to, if the webhook is enabled.
    fn target(&self) -> Option<&str> {
        let kind = value_of(&self.kind)?;
        stored_url(kind, &self.url).filter(|_| self.enabled.unwrap_or(true))
    }

    fn is_enabled(&self) -> bool {
        self.target().is_some()
    }
}

impl From<WebhookRow> for Webhook {
    fn from(row: WebhookRow) -> Self {
        Self {
            enabled: row.is_enabled(),
            url: row.url,
            failures: u32::try_from(row.failures).unwrap_or(u32::MAX),
            disabled_because: row.disabled_because,
        }
    }
}
