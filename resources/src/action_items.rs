//! Action items, written together with their outbox rows and listed along an index.

mod changes;
mod conversation;
mod row;
mod search;
mod sharing;
mod stats;
mod transfer;

use chrono::{DateTime, Utc};
use schemas::action_item::{ActionItem, ActionItemCount, ActionItemStatus};
use surrealdb::types::{RecordId, SurrealValue, Value};

use crate::{
    Database, Index, Result,
    database::{self, Params, name_of, record},
};
pub use changes::{ActionItemChange, NewActionItem};
use row::ActionItemRow;
pub(crate) use search::INDEXED;
pub use sharing::{Acceptance, Share, find_share};

/// Queries of one user's action items.
pub struct ActionItems<'a> {
    database: &'a Database,
    index: &'a Index,
    user: &'a str,
}

/// Which action items to list, and where to go on.
#[derive(Debug, Clone, Default)]
pub struct Selection {
    /// Only those that are or are not done.
    pub completed: Option<bool>,
    /// Only those of this conversation.
    pub conversation_id: Option<String>,
    /// Only those written down at or after this time.
    pub start: Option<DateTime<Utc>>,
    /// Only those written down at or before this time.
    pub end: Option<DateTime<Utc>>,
    /// Only those due at or after this time.
    pub due_start: Option<DateTime<Utc>>,
    /// Only those due at or before this time.
    pub due_end: Option<DateTime<Utc>>,
    /// Only those changed at or after this time.
    pub updated_since: Option<DateTime<Utc>>,
    /// Where the page before ended.
    pub after: Option<Position>,
    /// How many to skip.
    pub offset: u32,
    /// How many to return.
    pub limit: u32,
}

/// A place in a list; no two items have the same.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(transparent)]
pub struct Position(String);

/// The condition that keeps only items after a position, by the field that ascends as lists do.
const AFTER: &str = "rank > $after";

impl<'a> ActionItems<'a> {
    /// Queries of the rows of `user`.
    pub fn new(database: &'a Database, index: &'a Index, user: &'a str) -> Self {
        Self { database, index, user }
    }
}

impl ActionItems<'_> {
    /// The action items of `selection`, each with its place: open ones first, the soonest due first among them, those
    /// without a date last, then the youngest first.
    pub async fn list(&self, selection: &Selection) -> Result<Vec<(ActionItem, Position)>> {
        fn bind<T: SurrealValue + Clone>(value: &Option<T>) -> Option<Value> {
            value.clone().map(SurrealValue::into_value)
        }
        let filters = [
            ("completed", "completed = $completed", bind(&selection.completed)),
            ("conversation", "conversation_id = $conversation", bind(&selection.conversation_id)),
            ("start", "created_at >= $start", bind(&selection.start)),
            ("end", "created_at <= $end", bind(&selection.end)),
            ("due_start", "due_at >= $due_start", bind(&selection.due_start)),
            // What has no date comes before every date, for the database.
            ("due_end", "due_at != NONE AND due_at <= $due_end", bind(&selection.due_end)),
            ("since", "updated_at >= $since", bind(&selection.updated_since)),
            ("after", AFTER, selection.after.as_ref().map(|Position(rank)| rank.clone().into_value())),
        ];
        let mut conditions = vec!["user = $user"];
        let mut params = self.params().with("limit", selection.limit).with("skip", selection.offset);
        for (name, condition, value) in filters {
            if let Some(value) = value {
                conditions.push(condition);
                params = params.with(name, value);
            }
        }
        let along = if selection.conversation_id.is_some() { "WITH INDEX action_item_conversation" } else { "" };
        let conditions = conditions.join(" AND ");
        let statement =
            format!("SELECT * FROM action_item {along} WHERE {conditions} ORDER BY rank LIMIT $limit START $skip");
        let rows = self.rows(&statement, params).await?;
        Ok(rows.into_iter().map(|row| (row.clone().into(), Position(row.rank.unwrap_or_default()))).collect())
    }

    /// The ids of all action items, in the order of the list.
    pub async fn ids(&self, completed: Option<bool>) -> Result<Vec<String>> {
        let condition = if completed.is_some() { "AND completed = $completed" } else { "" };
        let statement = format!("SELECT VALUE aid FROM action_item WHERE user = $user {condition} ORDER BY rank");
        self.database.run(&statement, self.params().with("completed", completed)).await?.take(0)
    }

    /// How many there are.
    pub async fn count(&self) -> Result<ActionItemCount> {
        #[derive(SurrealValue)]
        struct Group {
            status: String,
            number: i64,
        }
        let statement = "SELECT status, count() AS number FROM action_item WHERE user = $user GROUP BY status";
        let groups: Vec<Group> = self.database.run(statement, self.params()).await?.take(0)?;
        let of = |status: Option<ActionItemStatus>| {
            let wanted = status.as_ref().map(name_of);
            let fits = |group: &&Group| wanted.as_ref().is_none_or(|name| *name == group.status);
            groups.iter().filter(fits).map(|group| group.number.unsigned_abs()).sum()
        };
        Ok(ActionItemCount {
            count: of(None),
            completed_count: of(Some(ActionItemStatus::Completed)),
            open_count: of(Some(ActionItemStatus::Active)),
        })
    }

    /// The action item called `id`.
    pub async fn get(&self, id: &str) -> Result<Option<ActionItem>> {
        Ok(self.get_many(&[id.to_owned()]).await?.pop())
    }

    /// Those of the action items called `ids` that exist.
    pub async fn get_many(&self, ids: &[String]) -> Result<Vec<ActionItem>> {
        self.items("SELECT * FROM $ids", Params::new().with("ids", self.records(ids))).await
    }

    /// Those written down since `time`, oldest first.
    pub async fn recent(&self, time: DateTime<Utc>) -> Result<Vec<ActionItem>> {
        let statement = "SELECT * FROM action_item WHERE user = $user AND created_at >= $time ORDER BY created_at";
        self.items(statement, self.params().with("time", time)).await
    }

    /// Those written down or done at or after `start` and before `end`, oldest first.
    pub async fn between(&self, start: DateTime<Utc>, end: DateTime<Utc>) -> Result<Vec<ActionItem>> {
        let statement = "RETURN array::distinct(array::concat(
            (SELECT * FROM action_item WHERE user = $user AND created_at >= $start AND created_at < $end),
            (SELECT * FROM action_item WHERE user = $user AND completed_at >= $start AND completed_at < $end)))";
        let mut items = self.items(statement, self.params().with("start", start).with("end", end)).await?;
        items.sort_by(|a, b| (a.created_at, &a.id).cmp(&(b.created_at, &b.id)));
        Ok(items)
    }

    /// Open items with a due date that are not in the list of `platform`, and those that exist under an id of their
    /// own.
    pub async fn to_sync(&self, platform: &str) -> Result<(Vec<ActionItem>, Vec<ActionItem>)> {
        let statements = "SELECT * FROM action_item WHERE user = $user AND completed = false AND status = 'active'
                AND due_at != NONE AND (exported = false OR export_platform != $platform) ORDER BY rank;
            SELECT * FROM action_item WHERE user = $user AND exported = true
                AND export_platform = $platform AND apple_reminder_id != NONE;";
        let mut answers = self.database.run(statements, self.params().with("platform", platform)).await?;
        let mut take = |index| -> Result<Vec<ActionItem>> {
            Ok(answers.take::<Vec<ActionItemRow>>(index)?.into_iter().map(ActionItem::from).collect())
        };
        Ok((take(0)?, take(1)?))
    }

    fn params(&self) -> Params {
        Params::new().with("user", self.user)
    }

    async fn items(&self, statement: &str, params: Params) -> Result<Vec<ActionItem>> {
        Ok(self.rows(statement, params).await?.into_iter().map(ActionItem::from).collect())
    }

    async fn rows(&self, statement: &str, params: Params) -> Result<Vec<ActionItemRow>> {
        self.database.run(statement, params).await?.take(0)
    }

    fn records(&self, ids: &[String]) -> Vec<RecordId> {
        ids.iter().map(|id| record("action_item", self.user, id)).collect()
    }
}

/// Rows with their ids, as an INSERT takes them.
fn values(rows: &[ActionItemRow]) -> Vec<Value> {
    rows.iter().map(|row| database::row(record("action_item", &row.user, &row.aid), row.clone())).collect()
}
