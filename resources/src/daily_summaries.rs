//! Daily summaries, and the days whose automatic summary has been written.

use chrono::{Datelike, NaiveDate};
use schemas::daily_summary::DailySummary;
use surrealdb::types::{RecordId, SurrealValue};

use crate::{
    Database, Result,
    database::{self, Json, Params, record},
    paging::Position,
};

/// Queries of one user's daily summaries.
pub struct DailySummaries<'a> {
    database: &'a Database,
    user: &'a str,
}

/// Which daily summaries to list.
#[derive(Debug, Clone, Default)]
pub struct Selection {
    /// Only days from this one on.
    pub start: Option<NaiveDate>,
    /// Only days up to this one.
    pub end: Option<NaiveDate>,
    /// Where the page before ended.
    pub after: Option<Position>,
    /// How many to skip.
    pub offset: u32,
    /// How many to return.
    pub limit: u32,
}

impl Selection {
    /// Where a page of this selection ends.
    pub fn end_of(&self, page: &[DailySummary]) -> Option<Position> {
        Position::after(page.iter().map(|summary| rank(summary.date)), self.after)
    }
}

/// A row of `daily_summary`.
#[derive(SurrealValue)]
struct SummaryRow {
    user: String,
    date_rank: i64,
    created_rank: i64,
    summary: Json<DailySummary>,
}

/// Those of the users and days whose automatic summary has not been written.
pub async fn list_missing(database: &Database, days: Vec<(String, NaiveDate)>) -> Result<Vec<(String, NaiveDate)>> {
    let ids: Vec<RecordId> = days.iter().map(|(user, date)| done_id(user, *date)).collect();
    let there: Vec<RecordId> =
        database.run("SELECT VALUE id FROM $ids", Params::new().with("ids", ids)).await?.take(0)?;
    Ok(days.into_iter().filter(|(user, date)| !there.contains(&done_id(user, *date))).collect())
}

impl<'a> DailySummaries<'a> {
    /// Queries of the rows of `user`.
    pub fn new(database: &'a Database, user: &'a str) -> Self {
        Self { database, user }
    }
}

impl DailySummaries<'_> {
    /// The summaries of `selection`: the newest day first, and of one day the newest first.
    pub async fn list(&self, selection: &Selection) -> Result<Vec<DailySummary>> {
        let mut conditions = vec!["user = $user"];
        if selection.start.is_some() {
            conditions.push("date_rank <= $start");
        }
        let end = selection.end.map(rank);
        let least = end.into_iter().chain(selection.after.map(|after| after.rank)).max();
        if least.is_some() {
            conditions.push("date_rank >= $least");
        }
        let conditions = conditions.join(" AND ");
        let statement = format!(
            "SELECT * FROM daily_summary WHERE {conditions} ORDER BY date_rank, created_rank LIMIT $limit START $skip"
        );
        let params = Params::new()
            .with("user", self.user)
            .with("start", selection.start.map(rank))
            .with("least", least)
            .with("limit", selection.limit)
            .with("skip", selection.after.map_or(selection.offset, |after| after.seen));
        self.rows(&statement, params).await
    }

    /// The summary called `id`.
    pub async fn get(&self, id: &str) -> Result<Option<DailySummary>> {
        Ok(self.rows("SELECT * FROM $id", Params::new().with("id", self.record(id))).await?.pop())
    }

    /// Stores a summary that was requested.
    pub async fn add(&self, summary: DailySummary) -> Result<()> {
        let params = Params::new().with("id", self.record(&summary.id)).with("row", self.row(summary));
        self.database.run("CREATE $id CONTENT $row", params).await.map(drop)
    }

    /// Stores an automatic summary, unless its day has had one. Returns whether it was stored.
    pub async fn add_once(&self, summary: DailySummary) -> Result<bool> {
        let statements = "BEGIN;
            LET $new = (INSERT IGNORE INTO daily_summary_done $done);
            IF count($new) > 0 { CREATE $id CONTENT $row; };
            RETURN count($new) > 0;
            COMMIT;";
        #[derive(SurrealValue)]
        struct Done {
            user: String,
            date: String,
        }
        let done = Done { user: self.user.to_owned(), date: summary.date.to_string() };
        let params = Params::new()
            .with("done", database::row(done_id(self.user, summary.date), done))
            .with("id", self.record(&summary.id))
            .with("row", self.row(summary));
        self.database.run(statements, params).await?.take(3)
    }

    /// Deletes a summary; its day gets no other automatic one. Returns whether it existed.
    pub async fn delete(&self, id: &str) -> Result<bool> {
        let statement = "RETURN count((DELETE $id RETURN BEFORE))";
        let params = Params::new().with("id", self.record(id));
        let gone: i64 = self.database.run(statement, params).await?.take(0)?;
        Ok(gone > 0)
    }

    async fn rows(&self, statement: &str, params: Params) -> Result<Vec<DailySummary>> {
        let rows: Vec<SummaryRow> = self.database.run(statement, params).await?.take(0)?;
        Ok(rows.into_iter().map(|row| row.summary.0).collect())
    }

    fn row(&self, summary: DailySummary) -> SummaryRow {
        SummaryRow {
            user: self.user.to_owned(),
            date_rank: rank(summary.date),
            created_rank: -summary.created_at.and_utc().timestamp_micros(),
            summary: Json(summary),
        }
    }

    fn record(&self, id: &str) -> RecordId {
        record("daily_summary", self.user, id)
    }
}

/// A row of `daily_summary_done`.
#[derive(SurrealValue)]
struct DoneRow {
    user: String,
    date: String,
}

/// Export and import.
impl DailySummaries<'_> {
    /// All summaries, in the order of their ids.
    pub async fn export(&self) -> Result<Vec<DailySummary>> {
        let statement = "SELECT * FROM daily_summary:[$user, NONE]..=[$user, {}]";
        self.rows(statement, Params::new().with("user", self.user)).await
    }

    /// Writes a summary as it is; its day gets no other automatic one. An existing id is not overwritten; returns whether this one is new.
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

/// Ascends as days descend.
fn rank(date: NaiveDate) -> i64 {
    -i64::from(date.num_days_from_ce())
}

/// Marks that a day's summary has been written automatically.
fn done_id(user: &str, date: NaiveDate) -> RecordId {
    record("daily_summary_done", user, &date.to_string())
}
