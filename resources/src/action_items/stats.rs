//! Times of action items, for charts.

use chrono::{DateTime, Utc};

use super::ActionItems;
use crate::Result;

impl ActionItems<'_> {
    /// The creation times of items from `start` on and before `end`, without cancelled and superseded ones, unordered.
    pub async fn times_created(&self, start: DateTime<Utc>, end: DateTime<Utc>) -> Result<Vec<DateTime<Utc>>> {
        let statement = "SELECT VALUE created_at FROM action_item
            WHERE user = $user AND created_at >= $start AND created_at < $end AND status IN ['active', 'completed']";
        self.times(statement, start, end).await
    }

    /// The completion times of items from `start` on and before `end`, unordered.
    pub async fn times_completed(&self, start: DateTime<Utc>, end: DateTime<Utc>) -> Result<Vec<DateTime<Utc>>> {
        let statement = "SELECT VALUE completed_at FROM action_item
            WHERE user = $user AND completed_at >= $start AND completed_at < $end";
        self.times(statement, start, end).await
    }

    async fn times(&self, statement: &str, start: DateTime<Utc>, end: DateTime<Utc>) -> Result<Vec<DateTime<Utc>>> {
        let params = self.params().with("start", start).with("end", end);
        self.database.run(statement, params).await?.take(0)
    }
}
