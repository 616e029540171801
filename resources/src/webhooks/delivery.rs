//! The delivery queue: events are claimed by a worker, sent, and retried or finished.

use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use outbound::webhooks::{Outcome, Request, Sender, WebhookSettings};
use schemas::webhook::{DeliveryState, WebhookDelivery, WebhookKind};
use surrealdb::types::{RecordId, SurrealValue};
use tokio::sync::Notify;

use super::{WebhookRow, Webhooks};
use crate::{
    Result,
    database::{Database, Params, name_of, record, value_of},
};

/// The number of attempts for an event.
const MAX_ATTEMPTS: u32 = 8;

/// The number of consecutive failures that disables a webhook.
const MAX_FAILURES: i64 = 100;

/// How long a claimed event belongs to its worker: longer than any request takes.
const LEASE_DURATION: Duration = Duration::from_secs(60);

/// How long finished deliveries are kept for their users to see.
const RETENTION: TimeDelta = TimeDelta::days(3);

/// A row of `delivery`.
#[derive(Debug, Clone, SurrealValue)]
pub(super) struct DeliveryRow {
    pub(super) user: String,
    pub(super) did: String,
    kind: String,
    /// User and kind: events for one webhook are sent one after another.
    hook: String,
    /// The body; removed once the delivery is finished.
    body: Option<String>,
    state: String,
    attempts: i64,
    /// The time of the next attempt, or when it finished.
    next_at: DateTime<Utc>,
    created_at: DateTime<Utc>,
    created_rank: i64,
    last_status: Option<i64>,
    last_error: Option<String>,
}

/// An event that is due.
#[derive(Debug, Clone, SurrealValue)]
pub(super) struct Due {
    pub(super) user: String,
    pub(super) did: String,
    pub(super) hook: String,
}

impl DeliveryRow {
    pub(super) fn new(user: &str, kind: WebhookKind, key: &str, body: String) -> Self {
        let (now, kind) = (crate::now(), name_of(&kind));
        Self {
            user: user.to_owned(),
            did: format!("{kind}:{key}"),
            hook: format!("{user}/{kind}"),
            kind,
            body: Some(body),
            state: name_of(&DeliveryState::Queued),
            attempts: 0,
            next_at: now,
            created_at: now,
            created_rank: -now.timestamp_micros(),
            last_status: None,
            last_error: None,
        }
    }

    /// The delivery as its user sees it; `None` for a kind that this version does not know.
    pub(super) fn into_delivery(self) -> Option<WebhookDelivery> {
        let state = value_of(&self.state)?;
        let is_queued = state == DeliveryState::Queued;
        Some(WebhookDelivery {
            id: self.did,
            kind: value_of(&self.kind)?,
            state,
            attempts: u32::try_from(self.attempts).unwrap_or_default(),
            created_at: self.created_at,
            next_at: is_queued.then_some(self.next_at),
            finished_at: (!is_queued).then_some(self.next_at),
            last_status: self.last_status.and_then(|status| u16::try_from(status).ok()),
            last_error: self.last_error,
        })
    }
}

/// The delivery queue of all users.
pub struct DeliveryQueue {
    database: Database,
    sender: Sender,
    raised: Notify,
}

impl DeliveryQueue {
    pub(crate) fn open(database: &Database, settings: &WebhookSettings) -> Result<Self> {
        Ok(Self { database: database.clone(), sender: Sender::open(settings)?, raised: Notify::new() })
    }

    /// Signals that there is an event to send.
    pub(super) fn wake(&self) {
        self.raised.notify_one();
    }

    /// Waits until there is an event to send.
    pub(super) async fn raised(&self) {
        self.raised.notified().await;
    }

    /// The events that are due, oldest first, without those of the webhooks `busy`; at most `limit`.
    pub(super) async fn due(&self, busy: Vec<String>, limit: u32) -> Result<Vec<Due>> {
        let statement = "SELECT user, did, hook, next_at FROM delivery
            WHERE state = 'queued' AND next_at <= $now AND hook NOT IN $busy ORDER BY next_at LIMIT $limit";
        let params = Params::new().with("now", crate::now()).with("busy", busy).with("limit", limit);
        self.database.run(statement, params).await?.take(0)
    }

    /// When the next event that is not due yet becomes due.
    pub(super) async fn next_at(&self) -> Result<Option<DateTime<Utc>>> {
        let statement =
            "SELECT VALUE next_at FROM delivery WHERE state = 'queued' AND next_at > $now ORDER BY next_at LIMIT 1";
        let next: Vec<DateTime<Utc>> =
            self.database.run(statement, Params::new().with("now", crate::now())).await?.take(0)?;
        Ok(next.into_iter().next())
    }

    /// Deletes finished deliveries after their retention.
    pub(super) async fn delete_expired(&self) -> Result<()> {
        let statements = "DELETE delivery WHERE state = 'delivered' AND next_at < $time;
            DELETE delivery WHERE state = 'dead' AND next_at < $time;";
        self.database.run(statements, Params::new().with("time", crate::now() - RETENTION)).await.map(drop)
    }

    /// Sends an event, unless another worker has claimed it.
    pub(super) async fn deliver(&self, due: &Due) -> Result<()> {
        let Some(row) = self.claim(due).await? else { return Ok(()) };
        let Some(kind) = value_of::<WebhookKind>(&row.kind) else { return Ok(()) };
        let hooks = Webhooks::new(&self.database, self, &due.user);
        let hook = hooks.row(kind).await?;
        let Some(url) = hook.target() else {
            return self.record_attempt(&row, &Outcome::Rejected("the webhook is disabled".into()), None).await;
        };
        let secret = hooks.secret().await?;
        let body = row.body.clone().unwrap_or_default();
        let request = Request { id: &row.did, kind, event: &row.kind, user: &due.user, url, secret: &secret, body };
        let outcome = self.sender.send(request).await;
        self.record_attempt(&row, &outcome, Some(&hook)).await
    }

    /// Claims an event for as long as a request may take.
    async fn claim(&self, due: &Due) -> Result<Option<DeliveryRow>> {
        let statement = "UPDATE $id SET attempts += 1, next_at = $lease
            WHERE state = 'queued' AND next_at <= $now RETURN AFTER";
        let now = crate::now();
        let params = Params::new()
            .with("id", record("delivery", &due.user, &due.did))
            .with("now", now)
            .with("lease", now + LEASE_DURATION);
        let rows: Vec<DeliveryRow> = self.database.run(statement, params).await?.take(0)?;
        Ok(rows.into_iter().next())
    }

    /// Records the outcome of an attempt, and counts failures of its webhook.
    async fn record_attempt(&self, row: &DeliveryRow, outcome: &Outcome, hook: Option<&WebhookRow>) -> Result<()> {
        let attempts = u32::try_from(row.attempts).unwrap_or(MAX_ATTEMPTS);
        let now = crate::now();
        let (state, next_at, status, error) = match outcome {
            Outcome::Delivered(status) => (DeliveryState::Delivered, now, Some(*status), None),
            Outcome::Rejected(error) => (DeliveryState::Dead, now, None, Some(error)),
            Outcome::Failed(status, error) if attempts >= MAX_ATTEMPTS => {
                (DeliveryState::Dead, now, *status, Some(error))
            }
            Outcome::Failed(status, error) => {
                (DeliveryState::Queued, now + self.sender.retry_delay(attempts), *status, Some(error))
            }
        };
        let statements = "BEGIN;
            UPDATE $id SET state = $state, next_at = $next_at, last_status = $status, last_error = $error,
                body = IF $state = 'queued' { body } ELSE { NONE };
            UPDATE $hooks SET failures = IF $state = 'delivered' { 0 } ELSE { failures + 1 };
            UPDATE $hooks SET enabled = false, disabled_because = $because WHERE failures >= $max_failures;
            COMMIT;";
        let hooks: Vec<RecordId> = hook.iter().map(|hook| record("webhook", &hook.user, &hook.kind)).collect();
        let params = Params::new()
            .with("id", record("delivery", &row.user, &row.did))
            .with("state", name_of(&state))
            .with("next_at", next_at)
            .with("status", status.map(i64::from))
            .with("error", error.cloned())
            .with("hooks", hooks)
            .with("because", format!("{MAX_FAILURES} attempts in a row have failed"))
            .with("max_failures", MAX_FAILURES);
        self.database.run(statements, params).await.map(drop)
    }
}
