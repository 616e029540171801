//! What is stored, as texts that stand by themselves.

use std::collections::BTreeMap;

use serde_json::Value;

use crate::text::shortened;

/// How much of a transcript is read.
pub(super) const MOST_SEGMENTS: u64 = 500;
pub(super) const LONGEST: u64 = 100_000;

/// How many segments are shown before and after the one that is asked for.
const AROUND: usize = 6;

/// How long a title is that is made of a text, in characters.
const TITLE: usize = 80;

/// A text that stands by itself.
pub(super) struct Document {
    pub(super) title: String,
    pub(super) text: String,
    pub(super) metadata: BTreeMap<String, String>,
}

pub(super) fn memory(row: &Value, _: Option<&str>) -> Option<Document> {
    let known = ["category", "visibility", "tags", "created_at", "updated_at", "conversation_id"];
    Some(Document { title: headline(row, "content"), text: text(row, "content"), metadata: metadata(row, &known) })
}

pub(super) fn action_item(row: &Value, _: Option<&str>) -> Option<Document> {
    let known = ["completed", "due_at", "completed_at", "created_at", "updated_at", "priority", "conversation_id"];
    let state = match (row["completed"].as_bool(), row["due_at"].as_str()) {
        (Some(true), _) => "Done.".to_owned(),
        (_, Some(due)) => format!("Open, due {due}."),
        (_, None) => "Open.".to_owned(),
    };
    let text = format!("{}\n{state}", text(row, "description"));
    Some(Document { title: headline(row, "description"), text, metadata: metadata(row, &known) })
}

pub(super) fn goal(row: &Value, _: Option<&str>) -> Option<Document> {
    let known = ["status", "is_active", "created_at", "updated_at", "horizon_at"];
    let number = |name: &str| row[name].as_f64().unwrap_or_default();
    let unit = row["unit"].as_str().unwrap_or_default();
    let progress = format!("Progress: {} of {} {unit}", number("current_value"), number("target_value"));
    let more = ["desired_outcome", "why_it_matters"].map(|name| text(row, name));
    let criteria = row["success_criteria"].as_array().into_iter().flatten().filter_map(Value::as_str);
    let lines = [text(row, "title"), progress.trim_end().to_owned()].into_iter().chain(more);
    let lines = lines.chain(criteria.map(|line| format!("- {line}")));
    Some(Document { title: headline(row, "title"), text: joined(lines), metadata: metadata(row, &known) })
}

pub(super) fn daily_summary(row: &Value, _: Option<&str>) -> Option<Document> {
    let list = |name: &str, field: &str| -> Vec<String> {
        let rows = row[name].as_array().into_iter().flatten();
        rows.map(|row| format!("- {}", text(row, field))).collect()
    };
    let highlights = row["highlights"].as_array().into_iter().flatten();
    let highlights = highlights.map(|row| format!("- {}: {}", text(row, "topic"), text(row, "summary")));
    let lines = [text(row, "headline"), text(row, "overview")].into_iter().chain(highlights);
    let lines = lines.chain(list("decisions_made", "decision")).chain(list("unresolved_questions", "question"));
    let lines = lines.chain(list("knowledge_nuggets", "insight")).chain(list("action_items", "description"));
    let title = format!("{}: {}", text(row, "date"), text(row, "headline"));
    Some(Document { title, text: joined(lines), metadata: metadata(row, &["date", "created_at", "processor"]) })
}

pub(super) fn file(row: &Value, _: Option<&str>) -> Option<Document> {
    let known = ["mime_type", "created_at"];
    Some(Document { title: text(row, "name"), text: text(row, "opening"), metadata: metadata(row, &known) })
}

/// A conversation with its transcript, or a segment with what was said around it.
pub(super) fn conversation(result: &Value, segment: Option<&str>) -> Option<Document> {
    let row = &result["conversation"];
    let structured = &row["structured"];
    let segments = row["transcript_segments"].as_array().map_or(&[][..], Vec::as_slice);
    let mut known = metadata(row, &["started_at", "finished_at", "created_at", "language", "source", "folder_name"]);
    known.extend(metadata(structured, &["category"]));
    known.extend(metadata(result, &["truncated"]));
    let title = Some(text(structured, "title")).filter(|title| !title.is_empty());
    let title = title.unwrap_or_else(|| "Conversation".to_owned());
    let Some(wanted) = segment else {
        let items = structured["action_items"].as_array().into_iter().flatten();
        let items = items.map(|item| format!("- to do: {}", text(item, "description")));
        let about = [title.clone(), text(structured, "overview")].into_iter().chain(items);
        let text = format!("{}\n\n{}", joined(about), transcript(segments));
        return Some(Document { title, text: text.trim_end().to_owned(), metadata: known });
    };
    let at = segments.iter().position(|segment| segment["id"] == wanted)?;
    let shown = &segments[at.saturating_sub(AROUND)..segments.len().min(at + AROUND + 1)];
    known.extend(metadata(&segments[at], &["speaker_name", "start"]));
    known.insert("passage".to_owned(), line_of(&segments[at]));
    Some(Document { title, text: transcript(shown), metadata: known })
}

/// What was said, a line for each segment: `[00:12] Ana: Let's meet on Friday.`
pub(crate) fn transcript(segments: &[Value]) -> String {
    joined(segments.iter().map(line_of))
}

/// A segment as a line of a transcript.
fn line_of(segment: &Value) -> String {
    let seconds = segment["start"].as_f64().unwrap_or_default().max(0.0) as u64;
    let (hours, minutes) = (seconds / 3600, seconds / 60 % 60);
    let clock = if hours > 0 { format!("{hours}:{minutes:02}") } else { format!("{minutes:02}") };
    format!("[{clock}:{:02}] {}: {}", seconds % 60, text(segment, "speaker_name"), text(segment, "text"))
}

fn text(row: &Value, name: &str) -> String {
    row[name].as_str().unwrap_or_default().to_owned()
}

fn headline(row: &Value, name: &str) -> String {
    shortened(row[name].as_str().unwrap_or_default(), TITLE)
}

fn joined(lines: impl Iterator<Item = String>) -> String {
    lines.filter(|line| !line.is_empty()).collect::<Vec<_>>().join("\n")
}

/// Those of these fields that say something, as texts.
fn metadata(row: &Value, names: &[&str]) -> BTreeMap<String, String> {
    let said = |name: &&str| match &row[*name] {
        Value::Null => None,
        Value::String(text) => Some(text.clone()).filter(|text| !text.is_empty()),
        Value::Array(items) if items.is_empty() => None,
        Value::Array(items) => Some(items.iter().filter_map(Value::as_str).collect::<Vec<_>>().join(", ")),
        other => Some(other.to_string()),
    };
    names.iter().filter_map(|name| Some(((*name).to_owned(), said(name)?))).collect()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_passage_comes_with_what_was_said_around_it() {
        let segment = |n: usize| json!({ "id": format!("s{n}"), "start": 61 * n, "speaker_name": "Ana", "text": format!("line {n}") });
        let segments: Vec<Value> = (0..20).map(segment).collect();
        let told = json!({ "conversation": { "structured": { "title": "Talk" }, "transcript_segments": segments } });
        let document = conversation(&told, Some("s10")).unwrap();
        assert_eq!(document.text.lines().count(), 13);
        assert_eq!(document.metadata["passage"], "[10:10] Ana: line 10");
        assert!(conversation(&told, Some("nothing")).is_none());
        assert_eq!(conversation(&told, None).unwrap().text.lines().next().unwrap(), "Talk");
    }
}
