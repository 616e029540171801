//! What a prompt has gathered: lists to read, the best of it in full, and links to the rest.

use language::truncate::truncate_line;
use std::collections::HashSet;

use chrono::{DateTime, Utc};
use serde_json::{Value, json};

use super::{Part, Week, ask};
use crate::{Context, Error, Result, assistant::citations::text};

/// How many of the things found are handed over in full, and how long each is at most, in characters.
const IN_FULL: usize = 6;
const LONGEST: usize = 6_000;

/// How many conversations of a week are told, and how much of each, in characters.
const CONVERSATIONS: usize = 60;
const OVERVIEW: usize = 300;

/// How many action items and memories are told.
const ROWS: usize = 50;

/// How many pages of what has changed since a week began are looked through for what is of the week.
const PAGES: usize = 50;

/// A list of all that has changed since some time.
struct List {
    /// The tool that tells it, page by page, and the field of its results that holds the rows.
    tool: &'static str,
    field: &'static str,
    arguments: Value,
    /// The fields with the times of which one makes a row of the week.
    times: &'static [&'static str],
    line: fn(&Value) -> String,
}

/// What has been gathered so far.
pub(super) struct Material {
    context: Context,
    instruction: String,
    /// Headings with what belongs below them.
    sections: Vec<(String, Vec<String>)>,
    more: Vec<Part>,
    known: HashSet<String>,
}

impl Material {
    /// Nothing yet but the instruction, which has `{today}` where the day is to stand.
    pub(super) async fn new(context: Context, instruction: String) -> Result<Self> {
        let today = resources::now().with_timezone(&context.time_zone().await?);
        let instruction = instruction.replace("{today}", &today.format("%A, %-d %B %Y").to_string());
        Ok(Self { context, instruction, sections: Vec::new(), more: Vec::new(), known: HashSet::new() })
    }

    /// What a search finds, and the best of it in full.
    pub(super) async fn search(&mut self, heading: &str, query: &str, limit: u32) -> Result<()> {
        let found = ask(&self.context, "search", json!({ "query": query.trim(), "limit": limit })).await?;
        let found = found.unwrap_or_default();
        let mut lines = Vec::new();
        for result in found["results"].as_array().into_iter().flatten() {
            let id = result["id"].as_str().unwrap_or_default();
            if !self.known.insert(id.to_owned()) {
                continue;
            }
            lines.push(format!("{} ({id})", result["title"].as_str().unwrap_or_default()));
            if lines.len() <= IN_FULL && id.contains('#') {
                self.embed(id).await?;
            }
        }
        self.section(heading, lines);
        Ok(())
    }

    /// The newest conversations that have to do with somebody, as links to their transcripts.
    pub(super) async fn talks_with(&mut self, name: &str) -> Result<()> {
        let found = ask(&self.context, "search_conversations", json!({ "query": name, "limit": 5 })).await?;
        let found = found.unwrap_or_default();
        let mut lines = Vec::new();
        for row in found["conversations"].as_array().into_iter().flatten() {
            if self.known.insert(format!("talk:{}", row["id"])) {
                lines.push(conversation(row));
                self.more.push(link(row));
            }
        }
        self.section(&format!("Conversations that have to do with {name}"), lines);
        Ok(())
    }

    /// The conversations of a week, with links to their transcripts.
    pub(super) async fn conversations(&mut self, week: &Week) -> Result<()> {
        let arguments = json!({ "start_date": week.start(), "end_date": week.end(), "limit": CONVERSATIONS });
        let told = ask(&self.context, "get_conversations", arguments).await?.unwrap_or_default();
        let rows = told["conversations"].as_array().cloned().unwrap_or_default();
        self.section("Conversations of the week, newest first", rows.iter().map(conversation).collect());
        self.more.extend(rows.iter().map(link));
        Ok(())
    }

    /// What the days of a week came to, where somebody wrote that down.
    pub(super) async fn days(&mut self, week: &Week) -> Result<()> {
        let (first, last) = week.days();
        let arguments = json!({ "start_date": first, "end_date": last });
        let told = ask(&self.context, "get_daily_summaries", arguments).await?.unwrap_or_default();
        let rows = told["daily_summaries"].as_array().into_iter().flatten();
        let line = |row: &Value| {
            format!("{}: {} (daily_summary:{})", text(row, "date"), text(row, "headline"), text(row, "id"))
        };
        self.section("Its days", rows.map(line).collect());
        Ok(())
    }

    /// What was done in a week.
    pub(super) async fn done(&mut self, week: &Week) -> Result<()> {
        let list = List {
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

    /// What was remembered in a week, or changed in it.
    pub(super) async fn learnt(&mut self, week: &Week) -> Result<()> {
        let list = List {
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

    /// The lines of a week in a list of all that has changed since the week began, which can be much more.
    async fn of_week(&self, week: &Week, list: List) -> Result<Vec<String>> {
        let (mut lines, mut arguments, mut rest) = (Vec::new(), list.arguments, Value::Null);
        for _ in 0..PAGES {
            let told = ask(&self.context, list.tool, arguments.clone()).await?.unwrap_or_default();
            let rows = told[list.field].as_array().into_iter().flatten();
            let is_of_week = |row: &&Value| list.times.iter().any(|time| week.holds(&row[*time]));
            lines.extend(rows.filter(is_of_week).map(list.line));
            rest = told["next_cursor"].clone();
            if rest.is_null() {
                break;
            }
            arguments["cursor"] = rest.clone();
        }
        let beyond = lines.len().saturating_sub(ROWS);
        lines.truncate(ROWS);
        if beyond > 0 {
            lines.push(format!("and {beyond} more"));
        }
        if !rest.is_null() {
            lines.push("So much has changed since that not all of it was looked through".to_owned());
        }
        Ok(lines)
    }

    /// What is still to be done, all of it or what has to do with something.
    pub(super) async fn open_items(&mut self, heading: &str, about: Option<&str>) -> Result<()> {
        let told = match about {
            Some(query) => ask(&self.context, "search_action_items", json!({ "query": query, "limit": 20 })).await?,
            None => ask(&self.context, "get_action_items", json!({ "completed": false, "limit": ROWS })).await?,
        };
        let told = told.unwrap_or_default();
        let open = told["action_items"].as_array().into_iter().flatten().filter(|row| row["completed"] != true);
        let lines: Vec<String> = open.map(action_item).filter(|line| self.known.insert(line.clone())).collect();
        self.section(heading, lines);
        Ok(())
    }

    /// All of it: the instruction with the lists, then what is in full, then the links.
    pub(super) fn parts(self) -> Vec<Part> {
        let mut told = self.instruction;
        for (heading, lines) in &self.sections {
            told.push_str(&format!("\n\n## {heading}\n\n"));
            match lines.is_empty() {
                true => told.push_str("Nothing."),
                false => told.push_str(&lines.iter().map(|line| format!("- {line}")).collect::<Vec<_>>().join("\n")),
            }
        }
        std::iter::once(Part::Text(told)).chain(self.more).collect()
    }

    fn section(&mut self, heading: &str, lines: Vec<String>) {
        self.sections.push((heading.to_owned(), lines));
    }

    /// Hands over what has this id in full; what went meanwhile is left out.
    async fn embed(&mut self, id: &str) -> Result<()> {
        let told = match ask(&self.context, "fetch", json!({ "id": id })).await {
            Ok(Some(told)) => told,
            Ok(None) | Err(Error::NotFound(_)) => return Ok(()),
            Err(error) => return Err(error),
        };
        let title = text(&told, "title");
        let body: String = text(&told, "text").chars().take(LONGEST).collect();
        let uri = text(&told, "url");
        self.more.push(Part::Embedded { uri, mime_type: "text/plain", text: format!("{title}\n{body}") });
        Ok(())
    }
}

fn conversation(row: &Value) -> String {
    let structured = &row["structured"];
    let title = Some(text(structured, "title")).filter(|title| !title.is_empty());
    let overview = truncate_line(&text(structured, "overview"), OVERVIEW);
    let title = title.unwrap_or_else(|| "Without a title".to_owned());
    format!("{}: {title}. {overview} (conversation:{})", day(row, "started_at"), text(row, "id"))
}

fn link(row: &Value) -> Part {
    let title = Some(text(&row["structured"], "title")).filter(|title| !title.is_empty());
    Part::Link {
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
