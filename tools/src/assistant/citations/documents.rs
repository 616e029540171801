//! Stored objects as self-contained texts.

use language::truncate::truncate_line;
use std::{collections::BTreeMap, fmt};

use serde_json::Value;

/// The maximum length of one page of a text, in characters.
const MAX_TEXT: usize = 100_000;

/// How many segments are shown before and after the requested one.
const CONTEXT_SEGMENTS: usize = 6;

/// The maximum length of a title that is made from a text, in characters.
const MAX_TITLE: usize = 80;

/// The prefix of the start of a page.
const FROM_PREFIX: &str = "from=";

/// The part of an object to render.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum DocumentPart<'a> {
    /// The first page.
    Whole,
    /// A passage with its context.
    Passage(&'a str),
    /// The page from this position on.
    From(&'a str),
}

impl<'a> DocumentPart<'a> {
    /// Parses the text after the `#` of a reference.
    pub(super) fn parse(text: &'a str) -> Self {
        text.strip_prefix(FROM_PREFIX).map_or(DocumentPart::Passage(text), DocumentPart::From)
    }
}

impl fmt::Display for DocumentPart<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            DocumentPart::Whole => Ok(()),
            DocumentPart::Passage(name) => write!(f, "#{name}"),
            DocumentPart::From(place) => write!(f, "#{FROM_PREFIX}{place}"),
        }
    }
}

/// A self-contained text.
pub(super) struct Document {
    pub(super) title: String,
    pub(super) text: String,
    pub(super) metadata: BTreeMap<String, String>,
    /// The start of the next page, if there is one.
    pub(super) next: Option<String>,
}

impl Document {
    fn new(title: String, text: String, metadata: BTreeMap<String, String>) -> Self {
        Self { title, text, metadata, next: None }
    }
}

pub(super) fn memory(row: &Value, _: DocumentPart<'_>) -> Option<Document> {
    let known = ["category", "visibility", "tags", "created_at", "updated_at", "conversation_id"];
    Some(Document::new(headline(row, "content"), text(row, "content"), metadata(row, &known)))
}

pub(super) fn action_item(row: &Value, _: DocumentPart<'_>) -> Option<Document> {
    let known = ["completed", "due_at", "completed_at", "created_at", "updated_at", "priority", "conversation_id"];
    let state = match (row["completed"].as_bool(), row["due_at"].as_str()) {
        (Some(true), _) => "Done.".to_owned(),
        (_, Some(due)) => format!("Open, due {due}."),
        (_, None) => "Open.".to_owned(),
    };
    let text = format!("{}\n{state}", text(row, "description"));
    Some(Document::new(headline(row, "description"), text, metadata(row, &known)))
}

pub(super) fn goal(row: &Value, _: DocumentPart<'_>) -> Option<Document> {
    let known = ["status", "is_active", "created_at", "updated_at", "horizon_at"];
    let number = |name: &str| row[name].as_f64().unwrap_or_default();
    let unit = row["unit"].as_str().unwrap_or_default();
    let progress = format!("Progress: {} of {} {unit}", number("current_value"), number("target_value"));
    let more = ["desired_outcome", "why_it_matters"].map(|name| text(row, name));
    let criteria = row["success_criteria"].as_array().into_iter().flatten().filter_map(Value::as_str);
    let lines = [text(row, "title"), progress.trim_end().to_owned()].into_iter().chain(more);
    let lines = lines.chain(criteria.map(|line| format!("- {line}")));
    Some(Document::new(headline(row, "title"), joined(lines), metadata(row, &known)))
}

pub(super) fn daily_summary(row: &Value, _: DocumentPart<'_>) -> Option<Document> {
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
    Some(Document::new(title, joined(lines), metadata(row, &["date", "created_at", "processor"])))
}

/// A page of a file's text, or a passage with the passages before and after it.
pub(super) fn file(row: &Value, part: DocumentPart<'_>) -> Option<Document> {
    let mut known = metadata(row, &["mime_type", "created_at", "pages"]);
    let passages = row["passages"].as_array().map_or(&[][..], Vec::as_slice);
    let start: usize = match part {
        DocumentPart::Passage(place) if !passages.is_empty() => {
            let at: usize = place.parse().ok()?;
            known.insert("passage".to_owned(), passages.get(at)?.as_str()?.trim().to_owned());
            let shown = &passages[at.saturating_sub(1)..passages.len().min(at + 2)];
            let passage: String = shown.iter().filter_map(Value::as_str).collect();
            return Some(Document::new(text(row, "name"), passage.trim().to_owned(), known));
        }
        DocumentPart::Whole | DocumentPart::Passage(_) => 0,
        DocumentPart::From(place) => place.parse().ok()?,
    };
    let mut rest = row["text"].as_str().unwrap_or_default().chars().skip(start);
    let page: String = rest.by_ref().take(MAX_TEXT).collect();
    if start > 0 && page.is_empty() {
        return None;
    }
    let next = rest.next().map(|_| (start + MAX_TEXT).to_string());
    Some(Document { next, ..Document::new(text(row, "name"), page, known) })
}

/// A conversation with a page of its transcript, or a segment with its context.
pub(super) fn conversation(row: &Value, part: DocumentPart<'_>) -> Option<Document> {
    let structured = &row["structured"];
    let segments = row["transcript_segments"].as_array().map_or(&[][..], Vec::as_slice);
    let place = |id: &str| segments.iter().position(|segment| segment["id"] == id);
    let mut known = metadata(row, &["started_at", "finished_at", "created_at", "language", "source", "folder_name"]);
    known.extend(metadata(structured, &["category"]));
    let title = Some(text(structured, "title")).filter(|title| !title.is_empty());
    let title = title.unwrap_or_else(|| "Conversation".to_owned());
    match part {
        DocumentPart::Whole => {
            let items = structured["action_items"].as_array().into_iter().flatten();
            let items = items.map(|item| format!("- to do: {}", text(item, "description")));
            let about = [title.clone(), text(structured, "overview")].into_iter().chain(items);
            let (said, next) = transcript_page(segments, 0);
            let text = format!("{}\n\n{said}", joined(about));
            Some(Document { next, ..Document::new(title, text.trim_end().to_owned(), known) })
        }
        DocumentPart::Passage(id) => {
            let at = place(id)?;
            let shown = &segments[at.saturating_sub(CONTEXT_SEGMENTS)..segments.len().min(at + CONTEXT_SEGMENTS + 1)];
            known.extend(metadata(&segments[at], &["speaker_name", "start"]));
            known.insert("passage".to_owned(), line_of(&segments[at]));
            Some(Document::new(title, transcript(shown), known))
        }
        DocumentPart::From(start) => {
            let start = start.parse().ok().filter(|start| *start < segments.len())?;
            let (said, next) = transcript_page(segments, start);
            Some(Document { next, ..Document::new(title, said, known) })
        }
    }
}

/// A page of a transcript from this segment on, with at least one segment, and the start of the next page.
fn transcript_page(segments: &[Value], start: usize) -> (String, Option<String>) {
    let segments = &segments[start..];
    let mut remaining = MAX_TEXT;
    let fits = |segment: &&Value| {
        let length = line_of(segment).chars().count() + 1;
        remaining.checked_sub(length).map(|left| remaining = left).is_some()
    };
    let kept = segments.iter().take_while(fits).count().max(1).min(segments.len());
    let (page, rest) = segments.split_at(kept);
    (transcript(page), (!rest.is_empty()).then(|| (start + kept).to_string()))
}

/// A transcript with a line for each segment: `[00:12] Ana: Let's meet on Friday.`
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

/// The text in a field of a row; empty where there is none.
pub(crate) fn text(row: &Value, name: &str) -> String {
    row[name].as_str().unwrap_or_default().to_owned()
}

fn headline(row: &Value, name: &str) -> String {
    truncate_line(row[name].as_str().unwrap_or_default(), MAX_TITLE)
}

fn joined(lines: impl Iterator<Item = String>) -> String {
    lines.filter(|line| !line.is_empty()).collect::<Vec<_>>().join("\n")
}

/// The non-empty fields with these names, as texts.
fn metadata(row: &Value, names: &[&str]) -> BTreeMap<String, String> {
    let value = |name: &&str| match &row[*name] {
        Value::Null => None,
        Value::String(text) => Some(text.clone()).filter(|text| !text.is_empty()),
        Value::Array(items) if items.is_empty() => None,
        Value::Array(items) => Some(items.iter().filter_map(Value::as_str).collect::<Vec<_>>().join(", ")),
        other => Some(other.to_string()),
    };
    names.iter().filter_map(|name| Some(((*name).to_owned(), value(name)?))).collect()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    /// A conversation of so many segments with this text.
    fn talk(count: usize, said: &str) -> Value {
        let segment = |n: usize| {
            let (id, text) = (format!("s{n}"), format!("{said} {n}"));
            json!({ "id": id, "start": 61 * n, "speaker_name": "Ana", "text": text })
        };
        let segments: Vec<Value> = (0..count).map(segment).collect();
        json!({ "structured": { "title": "Talk" }, "transcript_segments": segments })
    }

    #[test]
    fn a_passage_comes_with_its_context() {
        let talk = talk(700, "line");
        let document = conversation(&talk, DocumentPart::Passage("s610")).unwrap();
        assert_eq!(document.text.lines().count(), 13);
        assert_eq!(document.metadata["passage"], "[10:20:10] Ana: line 610");
        assert!(conversation(&talk, DocumentPart::Passage("nothing")).is_none());
        assert_eq!(conversation(&talk, DocumentPart::Whole).unwrap().text.lines().next().unwrap(), "Talk");
    }

    #[test]
    fn long_transcripts_have_pages() {
        let long = talk(700, &"word ".repeat(100));
        let (mut lines, mut next) = (Vec::new(), Some("0".to_owned()));
        let whole = conversation(&long, DocumentPart::Whole).unwrap();
        assert!(whole.next.is_some() && whole.text.chars().count() <= MAX_TEXT + 10);
        while let Some(place) = next {
            let document = conversation(&long, DocumentPart::From(&place)).unwrap();
            assert!(document.text.chars().count() <= MAX_TEXT);
            lines.extend(document.text.lines().map(str::to_owned));
            next = document.next;
        }
        assert_eq!(lines.join("\n"), transcript(long["transcript_segments"].as_array().unwrap()));
        let endless = talk(2, &"x".repeat(MAX_TEXT + 1));
        assert_eq!(
            conversation(&endless, DocumentPart::Whole).unwrap().next.as_deref(),
            Some("1"),
            "a long segment is a page of its own"
        );
        let silent = conversation(&talk(0, ""), DocumentPart::Whole).unwrap();
        assert_eq!((silent.text.as_str(), silent.next), ("Talk", None));
    }

    #[test]
    fn long_files_have_pages() {
        let whole: String = ('a'..='z').cycle().take(2 * MAX_TEXT + 7).collect();
        let row = json!({ "name": "long.txt", "text": whole });
        let first = file(&row, DocumentPart::Whole).unwrap();
        let second = file(&row, DocumentPart::From(&first.next.unwrap())).unwrap();
        let last = file(&row, DocumentPart::From(&second.next.unwrap())).unwrap();
        assert_eq!([first.text, second.text, last.text].concat(), whole);
        assert_eq!(last.next, None);
        assert!(file(&row, DocumentPart::From("9999999")).is_none() && file(&row, DocumentPart::From("x")).is_none());
        for part in [DocumentPart::Whole, DocumentPart::Passage("0")] {
            assert_eq!(file(&json!({ "name": "pixel.png", "passages": [] }), part).unwrap().text, "");
        }
    }

    #[test]
    fn a_passage_of_a_file_comes_with_its_neighbours() {
        let passages: Vec<String> = (0..9).map(|place| format!("Passage {place}. ")).collect();
        let row = json!({ "name": "a.txt", "text": passages.concat(), "passages": passages });
        let passage = |place: &str| file(&row, DocumentPart::Passage(place));
        assert_eq!(passage("4").unwrap().text, "Passage 3. Passage 4. Passage 5.");
        assert_eq!(passage("4").unwrap().metadata["passage"], "Passage 4.");
        assert_eq!(passage("0").unwrap().text, "Passage 0. Passage 1.");
        assert_eq!(passage("8").unwrap().text, "Passage 7. Passage 8.");
        assert!(passage("9").is_none() && passage("x").is_none());
    }
}
