//! Export and import of a user\'s daily summaries.

use schemas::daily_summary::DailySummary;
use surrealdb::types::SurrealValue;

use super::{DailySummaries, done_id};
use crate::{
    Result,
    database::{self, Params},
};

/// A row of `daily_summary_done`.
#[derive(SurrealValue)]
struct DoneRow {
    user: String,
    date: String,
}

impl DailySummaries<'_> {
    /// All summaries, in the order of their ids.
    pub async fn export(&self) -> Result<Vec<DailySummary>> {
        let statement = "SELECT * FROM daily_summary:[$user, NONE]..=[$user, {}]";
        self.rows(statement, Params::new().with("user", self.user)).await
    }

    /// Writes a summary as it is; its day does not get another one of itself. One whose id is there already is not changed; returns whether this one is new.
    pub async fn import(&self, summary: DailySummary) -> Result<bool> {
        let statements = "BEGIN;
            LET $new = (INSERT IGNORE INTO daily_summary $row);
            INSERT IGNORE INTO daily_summary_done $done;
            RETURN count($new) > 0;
            COMMIT;";
        let done = DoneRow { user: self.user.to_owned(), date: summary.date.to_string() };
        let params = Params::new()
            .with("done", database::row(done_id(self.user, summary.date), done))
            .with("row", database::row(self.record(&summary.id), self.row(summary)));
        self.database.run(statements, params).await?.take(3)
    }
}
