//! Events on their way: rows of one user each, taken by a worker, tried, and ended.

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

/// How often an event is tried.
const ATTEMPTS: u32 = 8;

/// How many failures in a row switch a webhook off.
const FAILURES: i64 = 100;

/// How long an event belongs to the worker that has taken it: longer than any request takes.
const LEASE: Duration = Duration::from_secs(60);

/// How long events that have ended are kept for their users to see.
const KEPT: TimeDelta = TimeDelta::days(3);

/// A row of `delivery`.
#[derive(Debug, Clone, SurrealValue)]
pub(super) struct DeliveryRow {
    pub(super) user: String,
    pub(super) did: String,
    kind: String,
    /// User and kind: what is sent to one webhook goes one after the other.
    hook: String,
    /// What is sent; forgotten once the event has ended.
    body: Option<String>,
    state: String,
    attempts: i64,
    /// When it is tried next, or when it ended.
    next_at: DateTime<Utc>,
    created_at: DateTime<Utc>,
    created_rank: i64,
    last_status: Option<i64>,
    last_error: Option<String>,
}

/// An event whose time has come.
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

    /// What its user sees of it; nothing of a kind that this version does not know.
    pub(super) fn shown(self) -> Option<WebhookDelivery> {
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

/// The events that wait to be sent, of all users.
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

    /// The events whose time has come, in the order of their times, without those of the webhooks `busy`; at most
    /// `limit`.
    pub(super) async fn due(&self, busy: Vec<String>, limit: u32) -> Result<Vec<Due>> {
        let statement = "SELECT user, did, hook, next_at FROM delivery
            WHERE state = 'queued' AND next_at <= $now AND hook NOT IN $busy ORDER BY next_at LIMIT $limit";
        let params = Params::new().with("now", crate::now()).with("busy", busy).with("limit", limit);
        self.database.run(statement, params).await?.take(0)
    }

    /// When the time of the next event comes, of those whose time is not here yet.
    pub(super) async fn next_at(&self) -> Result<Option<DateTime<Utc>>> {
        let statement =
            "SELECT VALUE next_at FROM delivery WHERE state = 'queued' AND next_at > $now ORDER BY next_at LIMIT 1";
        let next: Vec<DateTime<Utc>> =
            self.database.run(statement, Params::new().with("now", crate::now())).await?.take(0)?;
        Ok(next.into_iter().next())
    }

    /// Forgets events that ended long ago.
    pub(super) async fn delete_expired(&self) -> Result<()> {
        let statements = "DELETE delivery WHERE state = 'delivered' AND next_at < $time;
            DELETE delivery WHERE state = 'dead' AND next_at < $time;";
        self.database.run(statements, Params::new().with("time", crate::now() - KEPT)).await.map(drop)
    }

    /// Tries to deliver an event, unless somebody else does.
    pub(super) async fn deliver(&self, due: &Due) -> Result<()> {
        let Some(row) = self.claim(due).await? else { return Ok(()) };
        let Some(kind) = value_of::<WebhookKind>(&row.kind) else { return Ok(()) };
        let hooks = Webhooks::new(&self.database, self, &due.user);
        let hook = hooks.row(kind).await?;
        let Some(url) = hook.target() else {
            return self.record_attempt(&row, &Outcome::Refused("the webhook is switched off".into()), None).await;
        };
        let secret = hooks.secret().await?;
        let body = row.body.clone().unwrap_or_default();
        let request = Request { id: &row.did, kind, event: &row.kind, user: &due.user, url, secret: &secret, body };
        let outcome = self.sender.send(request).await;
        self.record_attempt(&row, &outcome, Some(&hook)).await
    }

    /// Takes an event for as long as a request may last, so that no other worker takes it too.
    async fn claim(&self, due: &Due) -> Result<Option<DeliveryRow>> {
        let statement = "UPDATE $id SET attempts += 1, next_at = $lease
            WHERE state = 'queued' AND next_at <= $now RETURN AFTER";
        let now = crate::now();
        let params = Params::new()
            .with("id", record("delivery", &due.user, &due.did))
            .with("now", now)
            .with("lease", now + LEASE);
        let rows: Vec<DeliveryRow> = self.database.run(statement, params).await?.take(0)?;
        Ok(rows.into_iter().next())
    }

    /// Writes down what came of an attempt, and counts it for the webhook that it was made on.
    async fn record_attempt(&self, row: &DeliveryRow, outcome: &Outcome, hook: Option<&WebhookRow>) -> Result<()> {
        let attempts = u32::try_from(row.attempts).unwrap_or(ATTEMPTS);
        let now = crate::now();
        let (state, next_at, status, error) = match outcome {
            Outcome::Arrived(status) => (DeliveryState::Delivered, now, Some(*status), None),
            Outcome::Refused(error) => (DeliveryState::Dead, now, None, Some(error)),
            Outcome::Failed(status, error) if attempts >= ATTEMPTS => (DeliveryState::Dead, now, *status, Some(error)),
            Outcome::Failed(status, error) => {
                (DeliveryState::Queued, now + self.sender.pause(attempts), *status, Some(error))
            }
        };
        let statements = "BEGIN;
            UPDATE $id SET state = $state, next_at = $next_at, last_status = $status, last_error = $error,
                body = IF $state = 'queued' { body } ELSE { NONE };
            UPDATE $hooks SET failures = IF $state = 'delivered' { 0 } ELSE { failures + 1 };
            UPDATE $hooks SET enabled = false, disabled_because = $because WHERE failures >= $most;
            COMMIT;";
        let hooks: Vec<RecordId> = hook.iter().map(|hook| record("webhook", &hook.user, &hook.kind)).collect();
        let params = Params::new()
            .with("id", record("delivery", &row.user, &row.did))
            .with("state", name_of(&state))
            .with("next_at", next_at)
            .with("status", status.map(i64::from))
            .with("error", error.cloned())
            .with("hooks", hooks)
            .with("because", format!("{FAILURES} attempts in a row have failed"))
            .with("most", FAILURES);
        self.database.run(statements, params).await.map(drop)
    }
}
