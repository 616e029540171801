//! The audit trail: what each assistant and script read and wrote. Calls leave their entries in a buffer and go on; one
//! writer puts them into the database, many at a time.

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

/// How long the audit trail is kept.
#[derive(Debug, Clone, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct AuditSettings {
    /// Days after which an entry is forgotten; 0 keeps no trail at all.
    pub days: u32,
}

impl Default for AuditSettings {
    fn default() -> Self {
        Self { days: 90 }
    }
}

/// How many ids of an entry are kept.
pub const MOST_IDS: usize = 50;

/// How many rows are looked at, at a time, for those that all filters let through.
const LOOKED_AT: u32 = 500;

/// The audit trail of one user; nothing of anyone else's can be reached through it.
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
    /// Behind this place.
    pub after: Option<i64>,
    /// At most so many.
    pub limit: u32,
}

/// An entry and where it stands.
#[derive(Debug, Clone, PartialEq)]
pub struct Placed {
    /// Descends as time goes on.
    pub place: i64,
    /// What was done.
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
    /// Queries of `user`.
    pub fn new(database: &'a Database, writer: &'a AuditWriter, user: &'a str) -> Self {
        Self { database, writer, user }
    }
}

impl Audit<'_> {
    /// Whether a trail is kept at all.
    pub fn is_kept(&self) -> bool {
        self.writer.is_kept()
    }

    /// Leaves an entry for the writer, and never waits; when the writer is far behind, the entry is lost, and the log
    /// says so.
    pub fn note(&self, entry: AuditEntry) {
        self.writer.note(self.user, entry);
    }

    /// The entries of a selection, newest first, with all that was noted up to now.
    pub async fn list(&self, wanted: &Selection) -> Result<Vec<Placed>> {
        self.writer.flush().await;
        let (mut found, mut after) = (Vec::new(), wanted.after);
        loop {
            let rows = self.rows(wanted, after).await?;
            let is_last = rows.len() < LOOKED_AT as usize;
            after = rows.last().map(|row| row.place);
            let fits = |row: &AuditRow| {
                wanted.tool.as_ref().is_none_or(|tool| *tool == row.tool)
                    && wanted.access.is_none_or(|access| access == row.entry.0.access)
            };
            let rows = rows.into_iter().filter(fits).map(|row| Placed { place: row.place, entry: row.entry.0 });
            found.extend(rows);
            if is_last || found.len() >= wanted.limit as usize {
                found.truncate(wanted.limit as usize);
                return Ok(found);
            }
        }
    }

    /// The next rows along the index that fits best.
    async fn rows(&self, wanted: &Selection, after: Option<i64>) -> Result<Vec<AuditRow>> {
        let filter = match (&wanted.key, &wanted.tool) {
            (Some(_), _) => "AND key_id = $key",
            (None, Some(_)) => "AND tool = $tool",
            (None, None) => "",
        };
        // Places are times that descend: the end of the span comes first.
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
            .with("limit", LOOKED_AT);
        self.database.run(&statement, params).await?.take(0)
    }
}

/// A row for an entry; `place` is no other's of this user.
fn row_of(user: &str, place: i64, entry: AuditEntry) -> Value {
    let id = record("audit", user, &format!("{place:020}"));
    let (time, key_id, tool) = (entry.time, entry.key_id.clone(), entry.tool.clone());
    row(id, AuditRow { user: user.to_owned(), place, time, key_id, tool, entry: Json(entry) })
}

/// The moment before which entries are forgotten.
fn horizon(days: u32) -> DateTime<Utc> {
    crate::now() - TimeDelta::days(days.into())
}
