//! When memories were written, for who counts them.

use chrono::{DateTime, Utc};

use super::Memories;
use crate::{Result, database::Params};

impl Memories<'_> {
    /// When the memories were written that were so from `start` on and before `end`, without rejected ones, in no order.
    pub async fn times(&self, start: DateTime<Utc>, end: DateTime<Utc>) -> Result<Vec<DateTime<Utc>>> {
        let statement = "SELECT VALUE created_at FROM memory
            WHERE user = $user AND rejected = false AND created_rank <= $start AND created_rank > $end";
        let params = Params::new()
            .with("user", self.user)
            .with("start", -start.timestamp_micros())
            .with("end", -end.timestamp_micros());
        self.database.run(statement, params).await?.take(0)
    }
}
