//! Views: what clients can read by URI, such as `omi://memories/{id}`. Views are read through the tools that list and
//! get rows, so that a URI gives access to nothing that a tool call would not.

mod completion;
mod rows;

use chrono::{DateTime, Utc};
use serde_json::{Map, Value, json};

use crate::{
    Context, Error, Result, Tool, action_items::ACTION_ITEMS, assistant::citations, conversations::CONVERSATIONS,
    daily_summaries::DAILY_SUMMARIES, files::FILES, goals::GOALS, memories::MEMORIES, tool::Noun,
};
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
    source: Source,
    /// Additional arguments.
    arguments: fn() -> Value,
    /// Reads a whole row by its id, where the tool returns only the beginning of long ones.
    whole: Option<citations::Reader>,
    /// Renders the tool's result, or the whole row; `None` renders the row as JSON.
    render: Option<fn(Value) -> Option<String>>,
}

/// What a view reads.
enum Source {
    /// The result of this tool, at a single URI.
    Tool(&'static str),
    /// The rows of a noun, each at its own URI.
    Rows(Rows),
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
        source: Source::Tool("get_user_profile"),
        arguments: || json!({}),
        whole: None,
        render: Some(|profile| Some(profile["profile_text"].as_str().unwrap_or("Nothing is known yet.").to_owned())),
    },
    View {
        name: "open-action-items",
        description: "The user's open action items.",
        template: "omi://action-items/open",
        mime_type: JSON,
        source: Source::Tool("get_action_items"),
        arguments: || json!({ "completed": false, "limit": 500 }),
        whole: None,
        render: Some(|items| Some(items["action_items"].to_string())),
    },
    View::of(
        &MEMORIES,
        "memories",
        "One memory: a fact about the user, with its dates, tags and provenance.",
        "omi://memories/{id}",
    ),
    View {
        arguments: || json!({ "include_transcript": false }),
        ..View::of(
            &CONVERSATIONS,
            "conversations",
            "One conversation: its title, overview, action items and times, without its transcript.",
            "omi://conversations/{id}",
        )
    },
    View {
        mime_type: TEXT,
        arguments: || json!({ "include_transcript": false }),
        whole: Some(citations::whole_conversation),
        render: Some(|conversation| {
            let segments = conversation["transcript_segments"].as_array();
            Some(citations::transcript(segments.map_or(&[][..], Vec::as_slice)))
        }),
        ..View::of(
            &CONVERSATIONS,
            "transcripts",
            "The transcript of a conversation, one line per segment.",
            "omi://conversations/{id}/transcript",
        )
    },
    View::of(
        &ACTION_ITEMS,
        "action-items",
        "One action item: its description, due date and status.",
        "omi://action-items/{id}",
    ),
    View {
        source: Source::Rows(Rows { noun: &GOALS, arguments: || json!({ "include_inactive": true }) }),
        ..View::of(&GOALS, "goals", "One goal: its target and the user's progress.", "omi://goals/{id}")
    },
    View::of(&DAILY_SUMMARIES, "daily-summaries", "One daily summary.", "omi://daily-summaries/{id}"),
    View {
        mime_type: TEXT,
        whole: Some(citations::whole_file),
        render: Some(|file| Some(citations::text(&file, "text"))),
        ..View::of(
            &FILES,
            "files",
            "The text of a file attached to a question; empty for an image.",
            "omi://files/{id}",
        )
    },
];

impl View {
    /// A view of each row of a noun, as JSON.
    const fn of(noun: &'static Noun, name: &'static str, description: &'static str, template: &'static str) -> Self {
        View {
            name,
            description,
            template,
            mime_type: JSON,
            source: Source::Rows(Rows { noun, arguments: || json!({}) }),
            arguments: || json!({}),
            whole: None,
            render: None,
        }
    }

    fn rows(&self) -> Option<&Rows> {
        match &self.source {
            Source::Tool(_) => None,
            Source::Rows(rows) => Some(rows),
        }
    }

    /// The tool that reads it.
    pub(crate) fn reader(&self) -> &'static Tool {
        match &self.source {
            Source::Tool(name) => tool(name),
            Source::Rows(rows) => rows.noun.reader(),
        }
    }
}

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
        let tool = self.view.reader();
        if let (Some(read), Some(id), ReadMode::Unaudited) = (self.view.whole, self.id, mode) {
            tool.permits(&context)?;
            return self.render(read(context, id.to_owned()).await?);
        }
        let Value::Object(mut given) = (self.view.arguments)() else { unreachable!("arguments are an object") };
        let argument = self.view.rows().map(|rows| rows.noun.id.to_owned());
        given.extend(argument.zip(self.id.map(|id| json!(id))));
        let result = call(tool, context.clone(), given, mode).await?;
        let result = match (self.view.whole, self.id) {
            (Some(read), Some(id)) => read(context, id.to_owned()).await?,
            _ => tool.for_assistants(result),
        };
        self.render(result)
    }

    fn render(&self, result: Value) -> Result<Content> {
        let text = match (self.view.render, self.view.rows()) {
            (Some(render), _) => render(result),
            (None, Some(rows)) => result.get(rows.noun.name).map(Value::to_string),
            (None, None) => Some(result.to_string()),
        };
        let name = self.view.reader().name;
        let text = text.ok_or_else(|| Error::Internal(anyhow::anyhow!("unexpected result of {name}")))?;
        Ok(Content { text, mime_type: self.view.mime_type })
    }
}

impl View {
    /// Whether the caller may read it and list its rows; if not, the view is hidden.
    pub fn permits(&self, context: &Context) -> bool {
        let permitted = |tool: &Tool| tool.permits(context).is_ok();
        permitted(self.reader()) && self.rows().is_none_or(|rows| permitted(rows.lister()))
    }

    /// Whether it is a template of URIs for rows.
    pub fn has_rows(&self) -> bool {
        self.rows().is_some()
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
        let Some(rows) = self.rows() else {
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
        match self.rows() {
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_view_names_existing_tools_and_arguments() {
        for view in ALL {
            let reader = view.reader();
            assert!(view.rows().is_none_or(|rows| reader.arguments.takes(rows.noun.id)), "{}", view.name);
            let Value::Object(given) = (view.arguments)() else { unreachable!() };
            assert!(given.keys().all(|name| reader.arguments.takes(name)), "{}", view.name);
            assert!(view.whole.is_none() || view.rows().is_some(), "{}", view.name);
            if let Some(rows) = view.rows() {
                let Value::Object(given) = (rows.arguments)() else { unreachable!() };
                assert!(given.keys().all(|name| rows.lister().arguments.takes(name)), "{}", view.name);
                assert!(rows.noun.searcher.is_none_or(|search| tool(search).arguments.takes("query")), "{}", view.name);
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
