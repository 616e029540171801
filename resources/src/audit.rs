//! The audit log: what each assistant and script has read and written. Calls put their entries into a buffer; one writer
//! inserts them into the database in batches.

mod writer;

use chrono::{DateTime, TimeDelta, Utc};
use schemas::audit::{AuditAccess, AuditEntry};
use serde::Deserialize;
use surrealdb::types::{SurrealValue, Value};

use crate::{
    Database, Result,
    database::{Json, Params, record, row},
};
pub use writer::AuditWriter;

/// Settings of the audit log.
#[derive(Debug, Clone, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct AuditSettings {
    /// Days after which entries are deleted; 0 disables the log.
    pub days: u32,
}

impl Default for AuditSettings {
    fn default() -> Self {
        Self { days: 90 }
    }
}

/// The maximum number of ids in an entry.
pub const MAX_IDS: usize = 50;

/// The number of rows that are read at a time and filtered.
const SCAN_BATCH_SIZE: u32 = 500;

/// Queries of one user's audit log.
pub struct Audit<'a> {
    database: &'a Database,
    writer: &'a AuditWriter,
    user: &'a str,
}

/// Which entries are wanted.
#[derive(Debug, Clone, Default)]
pub struct Selection {
    /// From this time on.
    pub start: Option<DateTime<Utc>>,
    /// Up to this time.
    pub end: Option<DateTime<Utc>>,
    /// Of this key.
    pub key: Option<String>,
    /// Of this tool.
    pub tool: Option<String>,
    /// Of this access.
    pub access: Option<AuditAccess>,
    /// After this position.
    pub after: Option<i64>,
    /// At most so many.
    pub limit: u32,
}

/// An entry with its position in the log.
#[derive(Debug, Clone, PartialEq)]
pub struct PositionedEntry {
    /// Descends with time.
    pub position: i64,
    /// The entry.
    pub entry: AuditEntry,
}

#[derive(SurrealValue)]
struct AuditRow {
    user: String,
    place: i64,
    time: DateTime<Utc>,
    key_id: Option<String>,
    tool: String,
    entry: Json<AuditEntry>,
}

impl<'a> Audit<'a> {
    /// Queries of the rows of `user`.
    pub fn new(database: &'a Database, writer: &'a AuditWriter, user: &'a str) -> Self {
        Self { database, writer, user }
    }
}

impl Audit<'_> {
    /// Whether the log is enabled.
    pub fn is_enabled(&self) -> bool {
        self.writer.is_enabled()
    }

    /// Records an entry without waiting; when the buffer is full, the entry is dropped with a warning.
    pub fn record(&self, entry: AuditEntry) {
        self.writer.record(self.user, entry);
    }

    /// The entries of a selection, newest first, including all recorded up to now.
    pub async fn list(&self, wanted: &Selection) -> Result<Vec<PositionedEntry>> {
        self.writer.flush().await;
        let (mut found, mut after) = (Vec::new(), wanted.after);
        loop {
            let rows = self.rows(wanted, after).await?;
            let is_last = rows.len() < SCAN_BATCH_SIZE as usize;
            after = rows.last().map(|row| row.place);
            let fits = |row: &AuditRow| {
                wanted.tool.as_ref().is_none_or(|tool| *tool == row.tool)
                    && wanted.access.is_none_or(|access| access == row.entry.0.access)
            };
            let rows =
                rows.into_iter().filter(fits).map(|row| PositionedEntry { position: row.place, entry: row.entry.0 });
            found.extend(rows);
            if is_last || found.len() >= wanted.limit as usize {
                found.truncate(wanted.limit as usize);
                return Ok(found);
            }
        }
    }

    /// The next rows, read along the most selective index.
    async fn rows(&self, wanted: &Selection, after: Option<i64>) -> Result<Vec<AuditRow>> {
        let filter = match (&wanted.key, &wanted.tool) {
            (Some(_), _) => "AND key_id = $key",
            (None, Some(_)) => "AND tool = $tool",
            (None, None) => "",
        };
        // Positions descend with time: the end of the range comes first.
        let first = wanted.end.map_or(i64::MIN, |end| -end.timestamp_micros());
        let first = after.map_or(first, |after| first.max(after + 1));
        let last = wanted.start.map_or(i64::MAX, |start| -start.timestamp_micros());
        let statement = format!(
            "SELECT * OMIT id FROM audit WHERE user = $user {filter} AND place >= $first AND place <= $last \
             ORDER BY place LIMIT $limit"
        );
        let params = Params::new()
            .with("user", self.user)
            .with("key", wanted.key.clone())
            .with("tool", wanted.tool.clone())
            .with("first", first)
            .with("last", last)
            .with("limit", SCAN_BATCH_SIZE);
        self.database.run(&statement, params).await?.take(0)
    }
}

/// The row of an entry; `place` is unique for the user.
fn row_of(user: &str, place: i64, entry: AuditEntry) -> Value {
    let id = record("audit", user, &format!("{place:020}"));
    let (time, key_id, tool) = (entry.time, entry.key_id.clone(), entry.tool.clone());
    row(id, AuditRow { user: user.to_owned(), place, time, key_id, tool, entry: Json(entry) })
}

/// The time before which entries are deleted.
fn retention_cutoff(days: u32) -> DateTime<Utc> {
    crate::now() - TimeDelta::days(days.into())
}
