//! Times of conversations, for charts.

use chrono::{DateTime, TimeDelta, Utc};
use schemas::conversation::ConversationCategory;
use surrealdb::types::SurrealValue;

use super::Conversations;
use crate::{
    Result,
    database::{Params, value_of},
};

/// The time, duration and category of a conversation.
#[derive(Debug, Clone, PartialEq)]
pub struct ConversationTime {
    /// When it began.
    pub at: DateTime<Utc>,
    /// How long it took, where that is known.
    pub duration: TimeDelta,
    /// What it was about.
    pub category: ConversationCategory,
}

#[derive(SurrealValue)]
struct TimeRow {
    created_at: DateTime<Utc>,
    started_at: Option<DateTime<Utc>>,
    finished_at: Option<DateTime<Utc>>,
    category: String,
}

impl Conversations<'_> {
    /// The conversations from `start` on and before `end`, without those judged not worth keeping, in no order.
    pub async fn times(&self, start: DateTime<Utc>, end: DateTime<Utc>) -> Result<Vec<ConversationTime>> {
        let statement = "SELECT created_at, started_at, finished_at, category FROM conversation
            WHERE user = $user AND shown = true AND rank <= $start AND rank > $end";
        let params = Params::new()
            .with("user", self.user)
            .with("start", -start.timestamp_micros())
            .with("end", -end.timestamp_micros());
        let rows: Vec<TimeRow> = self.database.run(statement, params).await?.take(0)?;
        Ok(rows.into_iter().map(ConversationTime::from).collect())
    }
}

impl From<TimeRow> for ConversationTime {
    fn from(row: TimeRow) -> Self {
        let duration = match (row.started_at, row.finished_at) {
            (Some(start), Some(end)) => (end - start).max(TimeDelta::zero()),
            _ => TimeDelta::zero(),
        };
        Self { at: row.created_at, duration, category: value_of(&row.category).unwrap_or_default() }
    }
}
