//! When action items were written down and done, for who counts them.

use chrono::{DateTime, Utc};

use super::ActionItems;
use crate::Result;

impl ActionItems<'_> {
    /// When the items were written down that were so from `start` on and before `end`, without those that were cancelled
    /// or replaced since, in no order.
    pub async fn times_created(&self, start: DateTime<Utc>, end: DateTime<Utc>) -> Result<Vec<DateTime<Utc>>> {
        let statement = "SELECT VALUE created_at FROM action_item
            WHERE user = $user AND created_at >= $start AND created_at < $end AND status IN ['active', 'completed']";
        self.times(statement, start, end).await
    }

    /// When the items were done that were so from `start` on and before `end`, in no order.
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
