//! What clients can open by its address, such as `omi://memories/{id}`: one line for each kind of address, read through
//! the tools that list and get what is there, so that an address opens nothing that a call would not.

mod completion;
mod rows;

use chrono::{DateTime, Utc};
use serde_json::{Map, Value, json};

use crate::{Context, Error, Result, Tool, assistant::citations};
pub(crate) use completion::has_words;
use rows::Rows;

/// A kind of address.
pub struct View {
    /// What it is called; cursors name it too.
    pub name: &'static str,
    /// What opens at it, for people and models.
    pub description: &'static str,
    /// The address, with `{id}` in the place of a row's id where there are rows (RFC 6570).
    pub template: &'static str,
    /// The form of what opens.
    pub mime_type: &'static str,
    /// The rows that have such an address; none where there is one address only.
    rows: Option<Rows>,
    /// The tool that reads it, and the argument that takes a row's id.
    pub(crate) tool: (&'static str, &'static str),
    /// More arguments.
    given: fn() -> Value,
    /// Reads a row whole, by its id, after the tool that tells only the beginning of what is long.
    whole: Option<citations::Reader>,
    /// Makes what is told of the tool's result, or of the whole.
    show: fn(Value) -> Option<String>,
}

/// What a reading counts as.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Reading {
    /// One of an assistant's, for the audit trail.
    Noted,
    /// A look of the server's own.
    Passing,
}

const JSON: &str = "application/json";
const TEXT: &str = "text/plain";

/// Every kind of address, in the order they are listed. Those with one address come before those with rows.
pub const ALL: &[View] = &[
    View {
        name: "profile",
        description: "What is known of the user, a fact a line, what matters most first.",
        template: "omi://profile",
        mime_type: TEXT,
        rows: None,
        tool: ("get_user_profile", ""),
        given: || json!({}),
        whole: None,
        show: |profile| Some(profile["profile_text"].as_str().unwrap_or("Nothing is known yet.").to_owned()),
    },
    View {
        name: "open-action-items",
        description: "What the user has to do: the action items that are not done.",
        template: "omi://action-items/open",
        mime_type: JSON,
        rows: None,
        tool: ("get_action_items", ""),
        given: || json!({ "completed": false, "limit": 500 }),
        whole: None,
        show: |items| Some(items["action_items"].to_string()),
    },
    View {
        name: "memories",
        description: "One memory: a fact about the user, with its dates, its labels and how it came to be.",
        template: "omi://memories/{id}",
        mime_type: JSON,
        rows: Some(rows::MEMORIES),
        tool: ("get_memory", "memory_id"),
        given: || json!({}),
        whole: None,
        show: |result| field(&result, "memory"),
    },
    View {
        name: "conversations",
        description: "One conversation: its title, overview, action items and times, without its transcript.",
        template: "omi://conversations/{id}",
        mime_type: JSON,
        rows: Some(rows::CONVERSATIONS),
        tool: ("get_conversation_by_id", "conversation_id"),
        given: || json!({ "include_transcript": false }),
        whole: None,
        show: |result| field(&result, "conversation"),
    },
    View {
        name: "transcripts",
        description: "What was said in a conversation, a line for each time somebody spoke.",
        template: "omi://conversations/{id}/transcript",
        mime_type: TEXT,
        rows: Some(rows::CONVERSATIONS),
        tool: ("get_conversation_by_id", "conversation_id"),
        given: || json!({ "include_transcript": false }),
        whole: Some(citations::whole_conversation),
        show: |conversation| {
            let segments = conversation["transcript_segments"].as_array();
            Some(citations::transcript(segments.map_or(&[][..], Vec::as_slice)))
        },
    },
    View {
        name: "action-items",
        description: "One action item: what is to be done, by when, and whether it is.",
        template: "omi://action-items/{id}",
        mime_type: JSON,
        rows: Some(rows::ACTION_ITEMS),
        tool: ("get_action_item", "action_item_id"),
        given: || json!({}),
        whole: None,
        show: |result| field(&result, "action_item"),
    },
    View {
        name: "goals",
        description: "One goal: what the user wants to reach, and how far they are.",
        template: "omi://goals/{id}",
        mime_type: JSON,
        rows: Some(rows::GOALS),
        tool: ("get_goal", "goal_id"),
        given: || json!({}),
        whole: None,
        show: |result| field(&result, "goal"),
    },
    View {
        name: "daily-summaries",
        description: "What a day came to.",
        template: "omi://daily-summaries/{id}",
        mime_type: JSON,
        rows: Some(rows::DAILY_SUMMARIES),
        tool: ("get_daily_summary", "summary_id"),
        given: || json!({}),
        whole: None,
        show: |result| field(&result, "daily_summary"),
    },
    View {
        name: "files",
        description: "What a file says that went with a question; of a picture nothing.",
        template: "omi://files/{id}",
        mime_type: TEXT,
        rows: Some(rows::FILES),
        tool: ("get_file", "file_id"),
        given: || json!({}),
        whole: Some(citations::whole_file),
        show: |file| Some(citations::text(&file, "text")),
    },
];

/// An address, understood.
#[derive(Clone, Copy)]
pub struct Address<'a> {
    /// What kind it is of.
    pub view: &'static View,
    /// The row that it names.
    id: Option<&'a str>,
}

/// What opens at an address.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Content {
    /// The text.
    pub text: String,
    /// Its form.
    pub mime_type: &'static str,
}

/// One row of a list of addresses.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// Its address.
    pub uri: String,
    /// Its first words.
    pub name: String,
    /// The form of what opens there.
    pub mime_type: &'static str,
    /// When it was last changed.
    pub changed: Option<DateTime<Utc>>,
}

/// A page of addresses.
pub struct Entries {
    /// Newest first.
    pub entries: Vec<Entry>,
    /// Where the next page begins; `None` on the last one.
    pub next: Option<String>,
}

/// What an address names; `None` when it names nothing.
pub fn find(uri: &str) -> Option<Address<'_>> {
    ALL.iter().find_map(|view| view.read(uri))
}

impl Address<'_> {
    /// Opens it. Fails as the tool does that reads it.
    pub async fn open(&self, context: Context) -> Result<Content> {
        self.read(context, Reading::Noted).await
    }

    /// What is there, for whoever only wants to know whether it has changed: no call that an assistant made.
    pub async fn glance(&self, context: Context) -> Result<Content> {
        self.read(context, Reading::Passing).await
    }

    async fn read(&self, context: Context, reading: Reading) -> Result<Content> {
        let (name, argument) = self.view.tool;
        if let (Some(read), Some(id), Reading::Passing) = (self.view.whole, self.id, reading) {
            tool(name).permits(&context)?;
            return self.shown(read(context, id.to_owned()).await?);
        }
        let Value::Object(mut given) = (self.view.given)() else { unreachable!("arguments are an object") };
        given.extend(self.id.map(|id| (argument.to_owned(), json!(id))));
        let told = call(tool(name), context.clone(), given, reading).await?;
        let told = match (self.view.whole, self.id) {
            (Some(read), Some(id)) => read(context, id.to_owned()).await?,
            _ => tool(name).for_assistants(told),
        };
        self.shown(told)
    }

    fn shown(&self, told: Value) -> Result<Content> {
        let name = self.view.tool.0;
        let text = (self.view.show)(told);
        let text = text.ok_or_else(|| Error::Internal(anyhow::anyhow!("{name} answers in another form")))?;
        Ok(Content { text, mime_type: self.view.mime_type })
    }
}

impl View {
    /// Whether the caller may open it, and see its rows; what they may not is not shown to them.
    pub fn permits(&self, context: &Context) -> bool {
        let permitted = |name| tool(name).permits(context).is_ok();
        permitted(self.tool.0) && self.rows.as_ref().is_none_or(|rows| permitted(rows.tool))
    }

    /// Whether there are rows with such an address, so that the address is a template.
    pub fn has_rows(&self) -> bool {
        self.rows.is_some()
    }

    /// Whether its addresses are listed: a part of a row is found by the row.
    pub fn is_listed(&self) -> bool {
        !self.has_rows() || self.template.ends_with("{id}")
    }

    /// A page of at most `limit` addresses (and never more than 100), from `cursor` on. It tells the first words of each
    /// row: for the audit trail it is a call of the listing tool. Fails as that does.
    pub async fn list(&self, context: Context, limit: usize, cursor: Option<&str>) -> Result<Entries> {
        self.entries(context, limit, cursor, Reading::Noted).await
    }

    /// The first `limit` addresses, for whoever only wants to know whether they have changed: no call that an assistant
    /// made. Fails as the listing tool does.
    pub async fn newest(&self, context: Context, limit: usize) -> Result<Entries> {
        self.entries(context, limit, None, Reading::Passing).await
    }

    async fn entries(&self, context: Context, limit: usize, cursor: Option<&str>, reading: Reading) -> Result<Entries> {
        let Some(rows) = &self.rows else {
            let name = self.name.replace('-', " ");
            let entry = Entry { uri: self.template.to_owned(), name, mime_type: self.mime_type, changed: None };
            return Ok(Entries { entries: vec![entry], next: None });
        };
        let page = rows.page(context, limit, cursor, reading).await?;
        let entry = |row: rows::Row| Entry {
            uri: self.template.replace("{id}", &row.id),
            name: row.name,
            mime_type: self.mime_type,
            changed: row.changed,
        };
        Ok(Entries { entries: page.rows.into_iter().map(entry).collect(), next: page.next })
    }

    /// Ids that complete what was typed: by their beginning, or by words of what they name. Fails as the tools do.
    pub async fn complete(&self, context: Context, typed: &str) -> Result<Vec<String>> {
        match &self.rows {
            Some(rows) => completion::ids(rows, context, typed).await,
            None => Ok(Vec::new()),
        }
    }

    fn read<'a>(&'static self, uri: &'a str) -> Option<Address<'a>> {
        let Some((before, behind)) = self.template.split_once("{id}") else {
            return (uri == self.template).then_some(Address { view: self, id: None });
        };
        let id = uri.strip_prefix(before)?.strip_suffix(behind)?;
        let is_id = !id.is_empty() && !id.contains('/');
        is_id.then_some(Address { view: self, id: Some(id) })
    }
}

fn tool(name: &str) -> &'static Tool {
    crate::find(name).expect("a view names tools that there are")
}

/// Calls a tool as the reading has it.
async fn call(tool: &'static Tool, context: Context, given: Map<String, Value>, reading: Reading) -> Result<Value> {
    match reading {
        Reading::Noted => tool.call(context, &tool.arguments, given).await,
        Reading::Passing => tool.call_within(context, given).await,
    }
}

fn field(result: &Value, name: &str) -> Option<String> {
    Some(result.get(name)?.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_view_names_tools_and_their_arguments() {
        for view in ALL {
            let (reader, argument) = view.tool;
            assert!(argument.is_empty() || tool(reader).arguments.takes(argument), "{}", view.name);
            assert_eq!(argument.is_empty(), view.rows.is_none(), "{}", view.name);
            let Value::Object(given) = (view.given)() else { unreachable!() };
            assert!(given.keys().all(|name| tool(reader).arguments.takes(name)), "{}", view.name);
            assert!(view.whole.is_none() || view.rows.is_some(), "{}", view.name);
            if let Some(rows) = &view.rows {
                let Value::Object(given) = (rows.given)() else { unreachable!() };
                assert!(given.keys().all(|name| tool(rows.tool).arguments.takes(name)), "{}", view.name);
                assert!(rows.search.is_none_or(|search| tool(search).arguments.takes("query")), "{}", view.name);
            }
        }
    }

    #[test]
    fn addresses_name_a_view_and_an_id() {
        let named = |uri| find(uri).map(|address| (address.view.name, address.id));
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
