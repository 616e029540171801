//! Views: what clients can read by URI, such as `omi://memories/{id}`. Views are read through the tools that list and
//! get rows, so that a URI gives access to nothing that a tool call would not.

mod completion;
mod rows;

use chrono::{DateTime, Utc};
use serde_json::{Map, Value, json};

use crate::{Context, Error, Result, Tool, assistant::citations};
pub(crate) use completion::matches_prefixes;
use rows::Rows;

/// A view: a URI, or a template of URIs.
pub struct View {
    /// Its name, also in cursors.
    pub name: &'static str,
    /// A description for people and models.
    pub description: &'static str,
    /// The URI, with `{id}` for a row's id if there are rows (RFC 6570).
    pub template: &'static str,
    /// The MIME type of the contents.
    pub mime_type: &'static str,
    /// The rows with such URIs; none where there is a single URI.
    rows: Option<Rows>,
    /// The tool that reads it, and the argument for a row's id.
    pub(crate) tool: (&'static str, &'static str),
    /// Additional arguments.
    arguments: fn() -> Value,
    /// Reads a whole row by its id, where the tool returns only the beginning of long ones.
    whole: Option<citations::Reader>,
    /// Renders the tool's result, or the whole row.
    render: fn(Value) -> Option<String>,
}

/// How a read is recorded.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum ReadMode {
    /// As a call of the assistant, in the audit trail.
    Audited,
    /// Not at all: the server reads on its own behalf.
    Unaudited,
}

const JSON: &str = "application/json";
const TEXT: &str = "text/plain";

/// All views, in the order in which they are listed: single URIs before templates.
pub const ALL: &[View] = &[
    View {
        name: "profile",
        description: "The user's profile: one fact per line, the most important first.",
        template: "omi://profile",
        mime_type: TEXT,
        rows: None,
        tool: ("get_user_profile", ""),
        arguments: || json!({}),
        whole: None,
        render: |profile| Some(profile["profile_text"].as_str().unwrap_or("Nothing is known yet.").to_owned()),
    },
    View {
        name: "open-action-items",
        description: "The user's open action items.",
        template: "omi://action-items/open",
        mime_type: JSON,
        rows: None,
        tool: ("get_action_items", ""),
        arguments: || json!({ "completed": false, "limit": 500 }),
        whole: None,
        render: |items| Some(items["action_items"].to_string()),
    },
    View {
        name: "memories",
        description: "One memory: a fact about the user, with its dates, tags and provenance.",
        template: "omi://memories/{id}",
        mime_type: JSON,
        rows: Some(rows::MEMORIES),
        tool: ("get_memory", "memory_id"),
        arguments: || json!({}),
        whole: None,
        render: |result| field(&result, "memory"),
    },
    View {
        name: "conversations",
        description: "One conversation: its title, overview, action items and times, without its transcript.",
        template: "omi://conversations/{id}",
        mime_type: JSON,
        rows: Some(rows::CONVERSATIONS),
        tool: ("get_conversation_by_id", "conversation_id"),
        arguments: || json!({ "include_transcript": false }),
        whole: None,
        render: |result| field(&result, "conversation"),
    },
    View {
        name: "transcripts",
        description: "The transcript of a conversation, one line per segment.",
        template: "omi://conversations/{id}/transcript",
        mime_type: TEXT,
        rows: Some(rows::CONVERSATIONS),
        tool: ("get_conversation_by_id", "conversation_id"),
        arguments: || json!({ "include_transcript": false }),
        whole: Some(citations::whole_conversation),
        render: |conversation| {
            let segments = conversation["transcript_segments"].as_array();
            Some(citations::transcript(segments.map_or(&[][..], Vec::as_slice)))
        },
    },
    View {
        name: "action-items",
        description: "One action item: its description, due date and status.",
        template: "omi://action-items/{id}",
        mime_type: JSON,
        rows: Some(rows::ACTION_ITEMS),
        tool: ("get_action_item", "action_item_id"),
        arguments: || json!({}),
        whole: None,
        render: |result| field(&result, "action_item"),
    },
    View {
        name: "goals",
        description: "One goal: its target and the user's progress.",
        template: "omi://goals/{id}",
        mime_type: JSON,
        rows: Some(rows::GOALS),
        tool: ("get_goal", "goal_id"),
        arguments: || json!({}),
        whole: None,
        render: |result| field(&result, "goal"),
    },
    View {
        name: "daily-summaries",
        description: "One daily summary.",
        template: "omi://daily-summaries/{id}",
        mime_type: JSON,
        rows: Some(rows::DAILY_SUMMARIES),
        tool: ("get_daily_summary", "summary_id"),
        arguments: || json!({}),
        whole: None,
        render: |result| field(&result, "daily_summary"),
    },
    View {
        name: "files",
        description: "The text of a file attached to a question; empty for an image.",
        template: "omi://files/{id}",
        mime_type: TEXT,
        rows: Some(rows::FILES),
        tool: ("get_file", "file_id"),
        arguments: || json!({}),
        whole: Some(citations::whole_file),
        render: |file| Some(citations::text(&file, "text")),
    },
];

/// A parsed URI.
#[derive(Clone, Copy)]
pub struct ViewUri<'a> {
    /// Its view.
    pub view: &'static View,
    /// The id of its row.
    id: Option<&'a str>,
}

/// The contents of a URI.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Content {
    /// The text.
    pub text: String,
    /// Its MIME type.
    pub mime_type: &'static str,
}

/// An entry in a list of URIs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// Its URI.
    pub uri: String,
    /// Its first words.
    pub name: String,
    /// The MIME type of its contents.
    pub mime_type: &'static str,
    /// The time of its last change.
    pub changed: Option<DateTime<Utc>>,
}

/// A page of URIs.
pub struct Entries {
    /// Newest first.
    pub entries: Vec<Entry>,
    /// The cursor of the next page; `None` on the last one.
    pub next: Option<String>,
}

/// Parses a URI; `None` when it belongs to no view.
pub fn find(uri: &str) -> Option<ViewUri<'_>> {
    ALL.iter().find_map(|view| view.parse(uri))
}

impl ViewUri<'_> {
    /// Reads the contents, as a call of the assistant. Fails as the view's tool does.
    pub async fn open(&self, context: Context) -> Result<Content> {
        self.read(context, ReadMode::Audited).await
    }

    /// Reads the contents to check for changes, without an entry in the audit trail. Fails as the view's tool does.
    pub async fn open_unaudited(&self, context: Context) -> Result<Content> {
        self.read(context, ReadMode::Unaudited).await
    }

    async fn read(&self, context: Context, mode: ReadMode) -> Result<Content> {
        let (name, argument) = self.view.tool;
        if let (Some(read), Some(id), ReadMode::Unaudited) = (self.view.whole, self.id, mode) {
            tool(name).permits(&context)?;
            return self.render(read(context, id.to_owned()).await?);
        }
        let Value::Object(mut given) = (self.view.arguments)() else { unreachable!("arguments are an object") };
        given.extend(self.id.map(|id| (argument.to_owned(), json!(id))));
        let result = call(tool(name), context.clone(), given, mode).await?;
        let result = match (self.view.whole, self.id) {
            (Some(read), Some(id)) => read(context, id.to_owned()).await?,
            _ => tool(name).for_assistants(result),
        };
        self.render(result)
    }

    fn render(&self, result: Value) -> Result<Content> {
        let name = self.view.tool.0;
        let text = (self.view.render)(result);
        let text = text.ok_or_else(|| Error::Internal(anyhow::anyhow!("unexpected result of {name}")))?;
        Ok(Content { text, mime_type: self.view.mime_type })
    }
}

impl View {
    /// Whether the caller may read it and list its rows; if not, the view is hidden.
    pub fn permits(&self, context: &Context) -> bool {
        let permitted = |name| tool(name).permits(context).is_ok();
        permitted(self.tool.0) && self.rows.as_ref().is_none_or(|rows| permitted(rows.tool))
    }

    /// Whether it is a template of URIs for rows.
    pub fn has_rows(&self) -> bool {
        self.rows.is_some()
    }

    /// Whether its URIs are listed: those for parts of rows are not.
    pub fn is_listed(&self) -> bool {
        !self.has_rows() || self.template.ends_with("{id}")
    }

    /// A page of at most `limit` URIs (at most 100), from `cursor` on. As it contains the first words of each row, the
    /// audit trail records it as a call of the listing tool. Fails as that tool does.
    pub async fn list(&self, context: Context, limit: usize, cursor: Option<&str>) -> Result<Entries> {
        self.entries(context, limit, cursor, ReadMode::Audited).await
    }

    /// The first `limit` URIs, to check for changes, without an entry in the audit trail. Fails as the listing tool
    /// does.
    pub async fn newest(&self, context: Context, limit: usize) -> Result<Entries> {
        self.entries(context, limit, None, ReadMode::Unaudited).await
    }

    async fn entries(&self, context: Context, limit: usize, cursor: Option<&str>, mode: ReadMode) -> Result<Entries> {
        let Some(rows) = &self.rows else {
            let name = self.name.replace('-', " ");
            let entry = Entry { uri: self.template.to_owned(), name, mime_type: self.mime_type, changed: None };
            return Ok(Entries { entries: vec![entry], next: None });
        };
        let page = rows.page(context, limit, cursor, mode).await?;
        let entry = |row: rows::Row| Entry {
            uri: self.template.replace("{id}", &row.id),
            name: row.name,
            mime_type: self.mime_type,
            changed: row.changed,
        };
        Ok(Entries { entries: page.rows.into_iter().map(entry).collect(), next: page.next })
    }

    /// Completes a partial id: by its prefix, or by words of the rows' names. Fails as the tools do.
    pub async fn complete(&self, context: Context, typed: &str) -> Result<Vec<String>> {
        match &self.rows {
            Some(rows) => completion::complete_id(rows, context, typed).await,
            None => Ok(Vec::new()),
        }
    }

    fn parse<'a>(&'static self, uri: &'a str) -> Option<ViewUri<'a>> {
        let Some((prefix, suffix)) = self.template.split_once("{id}") else {
            return (uri == self.template).then_some(ViewUri { view: self, id: None });
        };
        let id = uri.strip_prefix(prefix)?.strip_suffix(suffix)?;
        let is_id = !id.is_empty() && !id.contains('/');
        is_id.then_some(ViewUri { view: self, id: Some(id) })
    }
}

fn tool(name: &str) -> &'static Tool {
    crate::find(name).expect("views name existing tools")
}

/// Calls a tool, with or without an entry in the audit trail.
async fn call(tool: &'static Tool, context: Context, arguments: Map<String, Value>, mode: ReadMode) -> Result<Value> {
    match mode {
        ReadMode::Audited => tool.call(context, &tool.arguments, arguments).await,
        ReadMode::Unaudited => tool.read_unaudited(context, arguments).await,
    }
}

fn field(result: &Value, name: &str) -> Option<String> {
    Some(result.get(name)?.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_view_names_existing_tools_and_arguments() {
        for view in ALL {
            let (reader, argument) = view.tool;
            assert!(argument.is_empty() || tool(reader).arguments.takes(argument), "{}", view.name);
            assert_eq!(argument.is_empty(), view.rows.is_none(), "{}", view.name);
            let Value::Object(given) = (view.arguments)() else { unreachable!() };
            assert!(given.keys().all(|name| tool(reader).arguments.takes(name)), "{}", view.name);
            assert!(view.whole.is_none() || view.rows.is_some(), "{}", view.name);
            if let Some(rows) = &view.rows {
                let Value::Object(given) = (rows.arguments)() else { unreachable!() };
                assert!(given.keys().all(|name| tool(rows.tool).arguments.takes(name)), "{}", view.name);
                assert!(rows.search.is_none_or(|search| tool(search).arguments.takes("query")), "{}", view.name);
            }
        }
    }

    #[test]
    fn uris_name_a_view_and_an_id() {
        let named = |uri| find(uri).map(|uri| (uri.view.name, uri.id));
        assert_eq!(named("omi://memories/a-b"), Some(("memories", Some("a-b"))));
        assert_eq!(named("omi://conversations/c"), Some(("conversations", Some("c"))));
        assert_eq!(named("omi://conversations/c/transcript"), Some(("transcripts", Some("c"))));
        assert_eq!(named("omi://profile"), Some(("profile", None)));
        assert_eq!(named("omi://action-items/open"), Some(("open-action-items", None)));
        assert_eq!(named("omi://action-items/x"), Some(("action-items", Some("x"))));
        for wrong in ["omi://memories/", "omi://memories", "omi://nothing/1", "https://memories/1", "omi://profile/x"] {
            assert!(find(wrong).is_none(), "{wrong}");
        }
    }
}
