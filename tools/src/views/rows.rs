//! The rows that have addresses, as the tools list them.

use chrono::{DateTime, Utc};
use serde_json::{Map, Value, json};

use super::tool;
use crate::{Context, Error, Result, text::shortened};

/// What every listing tool gives at most.
const LARGEST_PAGE: usize = 100;

/// How long a row's name is, in characters.
const NAME: usize = 60;

/// How rows are listed.
pub(super) struct Rows {
    /// The tool that lists them, newest first, by `limit` and, where it has them, `cursor` or `offset`.
    pub(super) tool: &'static str,
    /// The tool that searches them by `query`.
    pub(super) search: Option<&'static str>,
    /// The field of both tools' results that holds them.
    field: &'static str,
    /// Where a row has the text that names it, and the time of its last change.
    text: &'static str,
    changed: &'static str,
}

pub(super) const MEMORIES: Rows = Rows {
    tool: "get_memories",
    search: Some("search_memories"),
    field: "memories",
    text: "/content",
    changed: "updated_at",
};

pub(super) const CONVERSATIONS: Rows = Rows {
    tool: "get_conversations",
    search: Some("search_conversations"),
    field: "conversations",
    text: "/structured/title",
    changed: "updated_at",
};

pub(super) const ACTION_ITEMS: Rows = Rows {
    tool: "get_action_items",
    search: Some("search_action_items"),
    field: "action_items",
    text: "/description",
    changed: "updated_at",
};

pub(super) const GOALS: Rows =
    Rows { tool: "get_goals", search: None, field: "goals", text: "/title", changed: "updated_at" };

pub(super) const DAILY_SUMMARIES: Rows = Rows {
    tool: "get_daily_summaries",
    search: None,
    field: "daily_summaries",
    text: "/headline",
    changed: "created_at",
};

/// A row that has an address.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Row {
    pub(super) id: String,
    /// Its first words.
    pub(super) name: String,
    pub(super) changed: Option<DateTime<Utc>>,
}

/// A page of them.
pub(super) struct Page {
    pub(super) rows: Vec<Row>,
    pub(super) next: Option<String>,
}

impl Rows {
    /// A page of at most `limit` rows, and never more than 100, from `cursor` on.
    pub(super) async fn page(&self, context: Context, limit: usize, cursor: Option<&str>) -> Result<Page> {
        let tool = tool(self.tool);
        let limit = limit.min(LARGEST_PAGE);
        let mut given = Map::from_iter([("limit".to_owned(), json!(limit))]);
        let mut skipped = 0;
        match cursor {
            None => {}
            Some(cursor) if tool.arguments.takes("cursor") => drop(given.insert("cursor".into(), json!(cursor))),
            Some(cursor) => {
                skipped = cursor.parse().map_err(|_| Error::Invalid("Invalid cursor".into()))?;
                given.insert("offset".into(), json!(skipped));
            }
        }
        let page = tool.call_within(context, given).await?;
        let rows = self.read(&page);
        let by_offset = || {
            let goes_on = page["has_more"].as_bool().unwrap_or(rows.len() == limit);
            (goes_on && tool.arguments.takes("offset")).then(|| (skipped + rows.len()).to_string())
        };
        let next = match tool.arguments.takes("cursor") {
            true => page["next_cursor"].as_str().map(str::to_owned),
            false => by_offset(),
        };
        Ok(Page { rows, next })
    }

    /// The rows that answer a search, best first.
    pub(super) async fn search(&self, context: Context, query: &str) -> Result<Vec<Row>> {
        let Some(search) = self.search.map(tool).filter(|tool| tool.permits(&context).is_ok()) else {
            return Ok(Vec::new());
        };
        let given = Map::from_iter([("query".to_owned(), json!(query))]);
        Ok(self.read(&search.call_within(context, given).await?))
    }

    fn read(&self, page: &Value) -> Vec<Row> {
        let row = |row: &Value| Row {
            id: row["id"].as_str().unwrap_or_default().to_owned(),
            name: shortened(row.pointer(self.text).and_then(Value::as_str).unwrap_or_default(), NAME),
            changed: row[self.changed].as_str().and_then(|time| time.parse().ok()),
        };
        page[self.field].as_array().into_iter().flatten().map(row).collect()
    }
}
