//! The material of a prompt: lists, the best results in full, and links to the others.

use language::truncate::truncate_line;
use std::collections::HashSet;

use chrono::{DateTime, Utc};
use serde_json::{Value, json};

use super::{PromptPart, Week, call_tool};
use crate::{Context, Error, Result, assistant::citations::text, calendar};

/// How many results are embedded in full, and the maximum length of each, in characters.
const MAX_EMBEDDED: usize = 6;
const MAX_EMBEDDED_TEXT: usize = 6_000;

/// How many conversations of a week are listed, and how much of each overview, in characters.
const MAX_CONVERSATIONS: usize = 60;
const MAX_OVERVIEW: usize = 300;

/// How many action items and memories are listed.
const MAX_ROWS: usize = 50;

/// How many pages of changes since the start of a week are scanned.
const MAX_PAGES: usize = 50;

/// A list of all changes since some time.
struct ChangeList {
    /// The tool that returns it, page by page, and the field of its results that contains the rows.
    tool: &'static str,
    field: &'static str,
    arguments: Value,
    /// A row belongs to the week when one of these time fields is in it.
    times: &'static [&'static str],
    line: fn(&Value) -> String,
}

/// The material collected so far.
pub(super) struct Material {
    context: Context,
    instruction: String,
    /// Headings with their lines.
    sections: Vec<(String, Vec<String>)>,
    attachments: Vec<PromptPart>,
    known: HashSet<String>,
}

impl Material {
    /// Starts with an instruction, in which `{today}` is replaced by the current day.
    pub(super) async fn new(context: Context, instruction: String) -> Result<Self> {
        let today = resources::now().with_timezone(&calendar::user_time_zone(&context).await?);
        let instruction = instruction.replace("{today}", &today.format("%A, %-d %B %Y").to_string());
        Ok(Self { context, instruction, sections: Vec::new(), attachments: Vec::new(), known: HashSet::new() })
    }

    /// Adds search results, the best ones in full.
    pub(super) async fn search(&mut self, heading: &str, query: &str, limit: u32) -> Result<()> {
        let found = call_tool(&self.context, "search", json!({ "query": query.trim(), "limit": limit })).await?;
        let found = found.unwrap_or_default();
        let mut lines = Vec::new();
        for result in found["results"].as_array().into_iter().flatten() {
            let id = result["id"].as_str().unwrap_or_default();
            if !self.known.insert(id.to_owned()) {
                continue;
            }
            lines.push(format!("{} ({id})", result["title"].as_str().unwrap_or_default()));
            if lines.len() <= MAX_EMBEDDED && id.contains('#') {
                self.embed(id).await?;
            }
        }
        self.section(heading, lines);
        Ok(())
    }

    /// Adds conversations that are related to a person, with links to their transcripts.
    pub(super) async fn conversations_with(&mut self, name: &str) -> Result<()> {
        let found = call_tool(&self.context, "search_conversations", json!({ "query": name, "limit": 5 })).await?;
        let found = found.unwrap_or_default();
        let mut lines = Vec::new();
        for row in found["conversations"].as_array().into_iter().flatten() {
            if self.known.insert(format!("talk:{}", row["id"])) {
                lines.push(conversation(row));
                self.attachments.push(link(row));
            }
        }
        self.section(&format!("Conversations that have to do with {name}"), lines);
        Ok(())
    }

    /// Adds the conversations of a week, with links to their transcripts.
    pub(super) async fn conversations(&mut self, week: &Week) -> Result<()> {
        let arguments = json!({ "start_date": week.start(), "end_date": week.end(), "limit": MAX_CONVERSATIONS });
        let result = call_tool(&self.context, "get_conversations", arguments).await?.unwrap_or_default();
        let rows = result["conversations"].as_array().cloned().unwrap_or_default();
        self.section("Conversations of the week, newest first", rows.iter().map(conversation).collect());
        self.attachments.extend(rows.iter().map(link));
        Ok(())
    }

    /// Adds the daily summaries of a week.
    pub(super) async fn daily_summaries(&mut self, week: &Week) -> Result<()> {
        let (first, last) = week.days();
        let arguments = json!({ "start_date": first, "end_date": last });
        let result = call_tool(&self.context, "get_daily_summaries", arguments).await?.unwrap_or_default();
        let rows = result["daily_summaries"].as_array().into_iter().flatten();
        let line = |row: &Value| {
            format!("{}: {} (daily_summary:{})", text(row, "date"), text(row, "headline"), text(row, "id"))
        };
        self.section("Its days", rows.map(line).collect());
        Ok(())
    }

    /// Adds the action items completed in a week.
    pub(super) async fn completed_items(&mut self, week: &Week) -> Result<()> {
        let list = ChangeList {
            tool: "get_action_items",
            field: "action_items",
            arguments: json!({ "completed": true, "updated_since": week.start(), "limit": 500 }),
            times: &["completed_at"],
            line: action_item,
        };
        let lines = self.of_week(week, list).await?;
        self.section("Done in the week", lines);
        Ok(())
    }

    /// Adds the memories created or changed in a week.
    pub(super) async fn changed_memories(&mut self, week: &Week) -> Result<()> {
        let list = ChangeList {
            tool: "get_memories",
            field: "memories",
            arguments: json!({ "updated_after": week.start(), "sort": "updated_desc", "limit": 100 }),
            times: &["created_at", "updated_at"],
            line: |row| format!("{} (memory:{})", text(row, "content"), text(row, "id")),
        };
        let lines = self.of_week(week, list).await?;
        self.section("Remembered in the week", lines);
        Ok(())
    }

    /// The lines of a week in a list of all changes since its start, which may be much longer.
    async fn of_week(&self, week: &Week, list: ChangeList) -> Result<Vec<String>> {
        let (mut lines, mut arguments, mut rest) = (Vec::new(), list.arguments, Value::Null);
        for _ in 0..MAX_PAGES {
            let result = call_tool(&self.context, list.tool, arguments.clone()).await?.unwrap_or_default();
            let rows = result[list.field].as_array().into_iter().flatten();
            let is_of_week = |row: &&Value| list.times.iter().any(|time| week.contains(&row[*time]));
            lines.extend(rows.filter(is_of_week).map(list.line));
            rest = result["next_cursor"].clone();
            if rest.is_null() {
                break;
            }
            arguments["cursor"] = rest.clone();
        }
        let beyond = lines.len().saturating_sub(MAX_ROWS);
        lines.truncate(MAX_ROWS);
        if beyond > 0 {
            lines.push(format!("and {beyond} more"));
        }
        if !rest.is_null() {
            lines.push("Too many later changes: some were not searched".to_owned());
        }
        Ok(lines)
    }

    /// Adds open action items, all of them or those related to a subject.
    pub(super) async fn open_items(&mut self, heading: &str, about: Option<&str>) -> Result<()> {
        let result = match about {
            Some(query) => {
                call_tool(&self.context, "search_action_items", json!({ "query": query, "limit": 20 })).await?
            }
            None => {
                call_tool(&self.context, "get_action_items", json!({ "completed": false, "limit": MAX_ROWS })).await?
            }
        };
        let result = result.unwrap_or_default();
        let open = result["action_items"].as_array().into_iter().flatten().filter(|row| row["completed"] != true);
        let lines: Vec<String> = open.map(action_item).filter(|line| self.known.insert(line.clone())).collect();
        self.section(heading, lines);
        Ok(())
    }

    /// The rendered parts: the instruction with the lists, then embedded objects and links.
    pub(super) fn parts(self) -> Vec<PromptPart> {
        let mut text = self.instruction;
        for (heading, lines) in &self.sections {
            text.push_str(&format!("\n\n## {heading}\n\n"));
            match lines.is_empty() {
                true => text.push_str("Nothing."),
                false => text.push_str(&lines.iter().map(|line| format!("- {line}")).collect::<Vec<_>>().join("\n")),
            }
        }
        std::iter::once(PromptPart::Text(text)).chain(self.attachments).collect()
    }

    fn section(&mut self, heading: &str, lines: Vec<String>) {
        self.sections.push((heading.to_owned(), lines));
    }

    /// Embeds the object with this id, unless it was deleted meanwhile.
    async fn embed(&mut self, id: &str) -> Result<()> {
        let result = match call_tool(&self.context, "fetch", json!({ "id": id })).await {
            Ok(Some(object)) => object,
            Ok(None) | Err(Error::NotFound(_)) => return Ok(()),
            Err(error) => return Err(error),
        };
        let title = text(&result, "title");
        let body: String = text(&result, "text").chars().take(MAX_EMBEDDED_TEXT).collect();
        let uri = text(&result, "url");
        self.attachments.push(PromptPart::Embedded { uri, mime_type: "text/plain", text: format!("{title}\n{body}") });
        Ok(())
    }
}

fn conversation(row: &Value) -> String {
    let structured = &row["structured"];
    let title = Some(text(structured, "title")).filter(|title| !title.is_empty());
    let overview = truncate_line(&text(structured, "overview"), MAX_OVERVIEW);
    let title = title.unwrap_or_else(|| "Without a title".to_owned());
    format!("{}: {title}. {overview} (conversation:{})", day(row, "started_at"), text(row, "id"))
}

fn link(row: &Value) -> PromptPart {
    let title = Some(text(&row["structured"], "title")).filter(|title| !title.is_empty());
    PromptPart::Link {
        uri: format!("omi://conversations/{}/transcript", text(row, "id")),
        name: title.unwrap_or_else(|| "Conversation".to_owned()),
        mime_type: "text/plain",
    }
}

fn action_item(row: &Value) -> String {
    let due = if row["due_at"].is_string() { format!(", due {}", day(row, "due_at")) } else { String::new() };
    format!("{}{due} (action_item:{})", text(row, "description"), text(row, "id"))
}

fn day(row: &Value, name: &str) -> String {
    let time = [name, "created_at"].iter().find_map(|name| row[*name].as_str()?.parse::<DateTime<Utc>>().ok());
    time.map_or_else(|| "Some day".to_owned(), |time| time.format("%-d %B %Y").to_string())
}
