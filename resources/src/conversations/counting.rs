//! When conversations were, for who counts them.

use chrono::{DateTime, TimeDelta, Utc};
use schemas::conversation::ConversationCategory;
use surrealdb::types::SurrealValue;

use super::Conversations;
use crate::{
    Result,
    database::{Params, value_of},
};

/// A conversation that was held.
#[derive(Debug, Clone, PartialEq)]
pub struct Held {
    /// When it began.
    pub at: DateTime<Utc>,
    /// How long it took, where that is known.
    pub duration: TimeDelta,
    /// What it was about.
    pub category: ConversationCategory,
}

#[derive(SurrealValue)]
struct HeldRow {
    created_at: DateTime<Utc>,
    started_at: Option<DateTime<Utc>>,
    finished_at: Option<DateTime<Utc>>,
    category: String,
}

impl Conversations<'_> {
    /// The conversations from `start` on and before `end`, without those judged not worth keeping, in no order.
    pub async fn held(&self, start: DateTime<Utc>, end: DateTime<Utc>) -> Result<Vec<Held>> {
        let statement = "SELECT created_at, started_at, finished_at, category FROM conversation
            WHERE user = $user AND shown = true AND rank <= $start AND rank > $end";
        let params = Params::new()
            .with("user", self.user)
            .with("start", -start.timestamp_micros())
            .with("end", -end.timestamp_micros());
        let rows: Vec<HeldRow> = self.database.run(statement, params).await?.take(0)?;
        Ok(rows.into_iter().map(Held::from).collect())
    }
}

impl From<HeldRow> for Held {
    fn from(row: HeldRow) -> Self {
        let duration = match (row.started_at, row.finished_at) {
            (Some(start), Some(end)) => (end - start).max(TimeDelta::zero()),
            _ => TimeDelta::zero(),
        };
        Self { at: row.created_at, duration, category: value_of(&row.category).unwrap_or_default() }
    }
}
