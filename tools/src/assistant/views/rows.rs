//! The rows behind URI templates, as the tools list them.

use chrono::{DateTime, Utc};
use language::truncate::truncate_line;
use serde_json::{Map, Value, json};

use super::{ReadMode, call, tool};
use crate::{Context, Error, Result};

/// The maximum page size of every listing tool.
const MAX_PAGE: usize = 100;

/// The maximum length of a row's name, in characters.
const MAX_NAME: usize = 60;

/// How rows are listed.
pub(super) struct Rows {
    /// The tool that lists them, newest first, by `limit` and `cursor` or `offset`; without these arguments it returns
    /// all of them, oldest first.
    pub(super) tool: &'static str,
    /// Additional arguments of that tool.
    pub(super) arguments: fn() -> Value,
    /// The tool that searches them by `query`.
    pub(super) search: Option<&'static str>,
    /// The field of both tools' results that contains them.
    field: &'static str,
    /// The JSON pointer to a row's name, and the field with the time of its last change.
    text: &'static str,
    changed: &'static str,
}

pub(super) const MEMORIES: Rows = Rows {
    tool: "get_memories",
    arguments: || json!({}),
    search: Some("search_memories"),
    field: "memories",
    text: "/content",
    changed: "updated_at",
};

pub(super) const CONVERSATIONS: Rows = Rows {
    tool: "get_conversations",
    arguments: || json!({}),
    search: Some("search_conversations"),
    field: "conversations",
    text: "/structured/title",
    changed: "updated_at",
};

pub(super) const ACTION_ITEMS: Rows = Rows {
    tool: "get_action_items",
    arguments: || json!({}),
    search: Some("search_action_items"),
    field: "action_items",
    text: "/description",
    changed: "updated_at",
};

pub(super) const GOALS: Rows = Rows {
    tool: "get_goals",
    arguments: || json!({ "include_inactive": true }),
    search: None,
    field: "goals",
    text: "/title",
    changed: "updated_at",
};

pub(super) const DAILY_SUMMARIES: Rows = Rows {
    tool: "get_daily_summaries",
    arguments: || json!({}),
    search: None,
    field: "daily_summaries",
    text: "/headline",
    changed: "created_at",
};

pub(super) const FILES: Rows = Rows {
    tool: "list_files",
    arguments: || json!({}),
    search: None,
    field: "files",
    text: "/name",
    changed: "created_at",
};

/// A row with a URI.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Row {
    pub(super) id: String,
    /// Its first words.
    pub(super) name: String,
    pub(super) changed: Option<DateTime<Utc>>,
}

/// A page of rows.
pub(super) struct Page {
    pub(super) rows: Vec<Row>,
    pub(super) next: Option<String>,
}

impl Rows {
    /// A page of at most `limit` rows (at most 100), from `cursor` on.
    pub(super) async fn page(
        &self,
        context: Context,
        limit: usize,
        cursor: Option<&str>,
        mode: ReadMode,
    ) -> Result<Page> {
        let tool = tool(self.tool);
        let limit = limit.min(MAX_PAGE);
        let Value::Object(mut given) = (self.arguments)() else { unreachable!("arguments are an object") };
        if tool.arguments.takes("cursor") {
            given.insert("limit".to_owned(), json!(limit));
            given.extend(cursor.map(|cursor| ("cursor".to_owned(), json!(cursor))));
            let page = call(tool, context, given, mode).await?;
            let next = page["next_cursor"].as_str().map(str::to_owned);
            return Ok(Page { rows: self.read(&page), next });
        }
        let skipped = cursor.map(str::parse::<usize>).transpose();
        let skipped = skipped.map_err(|_| Error::Invalid("Invalid cursor".into()))?.unwrap_or_default();
        if tool.arguments.takes("offset") {
            given.insert("limit".to_owned(), json!(limit));
            given.insert("offset".to_owned(), json!(skipped));
            let page = call(tool, context, given, mode).await?;
            let rows = self.read(&page);
            let has_more = page["has_more"].as_bool().unwrap_or(rows.len() == limit);
            let next = has_more.then(|| (skipped + rows.len()).to_string());
            return Ok(Page { rows, next });
        }
        let mut rows = self.read(&call(tool, context, given, mode).await?);
        rows.reverse();
        let next = skipped.saturating_add(limit);
        let next = (next < rows.len()).then(|| next.to_string());
        Ok(Page { rows: rows.into_iter().skip(skipped).take(limit).collect(), next })
    }

    /// The results of a search, best first.
    pub(super) async fn search(&self, context: Context, query: &str) -> Result<Vec<Row>> {
        let Some(search) = self.search.map(tool).filter(|tool| tool.permits(&context).is_ok()) else {
            return Ok(Vec::new());
        };
        let given = Map::from_iter([("query".to_owned(), json!(query))]);
        Ok(self.read(&call(search, context, given, ReadMode::Unaudited).await?))
    }

    fn read(&self, page: &Value) -> Vec<Row> {
        let row = |row: &Value| Row {
            id: row["id"].as_str().unwrap_or_default().to_owned(),
            name: truncate_line(row.pointer(self.text).and_then(Value::as_str).unwrap_or_default(), MAX_NAME),
            changed: row[self.changed].as_str().and_then(|time| time.parse().ok()),
        };
        page[self.field].as_array().into_iter().flatten().map(row).collect()
    }
}
