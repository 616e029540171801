//! The rows behind URI templates, as the tools list them.

use chrono::{DateTime, Utc};
use language::truncate::truncate_line;
use serde_json::{Map, Value, json};

use super::{ReadMode, call, tool};
use crate::{Context, Error, Result, Tool, tool::Noun};

/// The maximum page size of every listing tool.
const MAX_PAGE: usize = 100;

/// The maximum length of a row's name, in characters.
const MAX_NAME: usize = 60;

/// The rows of a noun.
pub(super) struct Rows {
    pub(super) noun: &'static Noun,
    /// Additional arguments of the listing tool.
    pub(super) arguments: fn() -> Value,
}

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
    /// The tool that lists them.
    pub(super) fn lister(&self) -> &'static Tool {
        tool(self.noun.lister.expect("rows can be listed"))
    }

    /// A page of at most `limit` rows (at most 100), from `cursor` on.
    pub(super) async fn page(
        &self,
        context: Context,
        limit: usize,
        cursor: Option<&str>,
        mode: ReadMode,
    ) -> Result<Page> {
        let tool = self.lister();
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
        let Some(search) = self.noun.searcher.map(tool).filter(|tool| tool.permits(&context).is_ok()) else {
            return Ok(Vec::new());
        };
        let given = Map::from_iter([("query".to_owned(), json!(query))]);
        Ok(self.read(&call(search, context, given, ReadMode::Unaudited).await?))
    }

    fn read(&self, page: &Value) -> Vec<Row> {
        let row = |row: &Value| Row {
            id: row["id"].as_str().unwrap_or_default().to_owned(),
            name: truncate_line(row.pointer(self.noun.text).and_then(Value::as_str).unwrap_or_default(), MAX_NAME),
            changed: row[self.noun.changed_at].as_str().and_then(|time| time.parse().ok()),
        };
        page[self.noun.plural].as_array().into_iter().flatten().map(row).collect()
    }
}
