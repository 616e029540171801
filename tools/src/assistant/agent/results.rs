//! Function results for the model: with citation numbers, and within a token limit.

use chrono::{DateTime, TimeDelta, Utc};
use resources::llm::Call;
use schemas::chat::Citation;
use serde_json::{Map, Value, json};

use super::{
    prompt::{count_tokens, sanitize},
    sources::Sources,
};

/// The divisor of a list's length for each step of shortening.
const SHORTENING_DIVISOR: usize = 4;

/// The part of the result of a function call that begins at the position that the call names, in `budget` tokens, with
/// `cite_as` for everything that can be cited. What does not fit into a very small budget is removed from the end of the
/// longest list, where the least relevant rows are, and counted as `omitted`.
pub(super) fn render(call: &Call, mut result: Value, sources: &mut Sources, budget: usize) -> String {
    clean(&mut result);
    if let Some(tool) = crate::find(&call.name) {
        let arguments = serde_json::from_str::<Map<String, Value>>(&call.arguments);
        let position = tool.take_position(&mut arguments.unwrap_or_default());
        result = tool.part(result, position.unwrap_or_default(), budget);
    }
    truncate(&mut result, budget);
    number_citations(&mut result, sources, None);
    result.to_string()
}

/// Sanitizes texts, and removes nulls and empty lists to save tokens.
fn clean(value: &mut Value) {
    match value {
        Value::String(text) => *text = sanitize(text),
        Value::Array(items) => items.iter_mut().for_each(clean),
        Value::Object(fields) => {
            fields.values_mut().for_each(clean);
            fields.retain(|_, value| !(value.is_null() || value.as_array().is_some_and(Vec::is_empty)));
        }
        _ => {}
    }
}

fn truncate(result: &mut Value, budget: usize) {
    let mut omitted = 0;
    while count_tokens(&result.to_string()) > budget {
        let Some(list) = longest_list(result) else { break };
        let kept = list.len() - list.len().div_ceil(SHORTENING_DIVISOR);
        omitted += list.len() - kept;
        list.truncate(kept);
    }
    if let (true, Value::Object(fields)) = (omitted > 0, &mut *result) {
        fields.insert("omitted".into(), omitted.into());
    }
    if count_tokens(&result.to_string()) > budget {
        let text: String = result.to_string().chars().take(budget * 3).collect();
        *result = json!({ "beginning": text, "omitted": "the rest" });
    }
}

/// The longest non-empty list.
fn longest_list(value: &mut Value) -> Option<&mut Vec<Value>> {
    let mut pointer = String::new();
    let mut longest = (0, None);
    measure(value, &mut pointer, &mut longest);
    value.pointer_mut(&longest.1?)?.as_array_mut()
}

fn measure(value: &Value, pointer: &mut String, longest: &mut (usize, Option<String>)) {
    let depth = pointer.len();
    match value {
        Value::Array(items) => {
            // An inner list is shortened before the outer one when it makes up most of it.
            let length = value.to_string().len();
            if !items.is_empty() && length * 3 > longest.0 * 2 {
                *longest = (length, Some(pointer.clone()));
            }
            for (index, item) in items.iter().enumerate() {
                pointer.push_str(&format!("/{index}"));
                measure(item, pointer, longest);
                pointer.truncate(depth);
            }
        }
        Value::Object(fields) => {
            for (name, field) in fields {
                pointer.push_str(&format!("/{}", name.replace('~', "~0").replace('/', "~1")));
                measure(field, pointer, longest);
                pointer.truncate(depth);
            }
        }
        _ => {}
    }
}

/// The conversation that contains a segment.
#[derive(Clone, Copy)]
struct Enclosing<'a> {
    id: &'a str,
    title: &'a str,
    began: DateTime<Utc>,
}

fn number_citations(value: &mut Value, sources: &mut Sources, enclosing: Option<Enclosing<'_>>) {
    match value {
        Value::Array(items) => items.iter_mut().for_each(|item| number_citations(item, sources, enclosing)),
        Value::Object(fields) => {
            let citation = cite(fields, enclosing);
            let structured = fields.get("structured").and_then(Value::as_object);
            let is_conversation = structured.is_some();
            let id = text(fields, "id").unwrap_or_default().to_owned();
            let title = structured.and_then(|structured| text(structured, "title")).unwrap_or_default().to_owned();
            let began = time(fields, "started_at").or_else(|| time(fields, "created_at")).unwrap_or_default();
            let within = is_conversation.then_some(Enclosing { id: &id, title: &title, began }).or(enclosing);
            for (name, field) in fields.iter_mut() {
                // The fields of a conversation are cited as the conversation.
                if !(is_conversation && name == "structured") {
                    number_citations(field, sources, within);
                }
            }
            if let Some(citation) = citation {
                fields.insert("cite_as".into(), format!("[{}]", sources.number(&citation)).into());
            }
        }
        _ => {}
    }
}

/// The citation of an object, recognized by its fields.
fn cite(fields: &Map<String, Value>, enclosing: Option<Enclosing<'_>>) -> Option<Citation> {
    let field = |name: &str| text(fields, name).map(str::to_owned);
    let at = |name: &str| time(fields, name).unwrap_or_default();
    let of = |kind: &str, id: String, quote: String, date| Citation {
        kind: kind.into(),
        id,
        segment: None,
        title: None,
        speaker: field("speaker_name"),
        quote,
        date,
    };
    if let (Some(conversation), Some(segment), Some(said)) =
        (field("conversation_id"), field("segment_id"), field("text"))
    {
        let title = field("conversation_title");
        return Some(Citation {
            segment: Some(segment),
            title,
            ..of("conversation", conversation, said, at("spoken_at"))
        });
    }
    if let (Some(file), Some(part)) = (field("file_id"), field("text")) {
        let segment = fields.get("place").map(Value::to_string);
        return Some(Citation { title: field("name"), segment, ..of("file", file, part, at("uploaded_at")) });
    }
    let id = field("id")?;
    if let Some(structured) = fields.get("structured").and_then(Value::as_object) {
        let title = text(structured, "title").map(str::to_owned);
        let overview = text(structured, "overview").unwrap_or_default().to_owned();
        let began = time(fields, "started_at").unwrap_or_else(|| at("created_at"));
        return Some(Citation { title, ..of("conversation", id, overview, began) });
    }
    if let (Some(enclosing), Some(said), Some(start)) =
        (enclosing, field("text"), fields.get("start").and_then(Value::as_f64))
    {
        let date = enclosing.began + TimeDelta::milliseconds((start * 1e3) as i64);
        let title = Some(enclosing.title.to_owned());
        return Some(Citation { segment: Some(id), title, ..of("conversation", enclosing.id.to_owned(), said, date) });
    }
    match (field("content"), field("description"), fields.get("completed")) {
        (Some(content), ..) => Some(of("memory", id, content, at("created_at"))),
        (None, Some(description), Some(_)) => Some(of("action_item", id, description, at("created_at"))),
        _ => None,
    }
}

/// A text in an object.
fn text<'a>(fields: &'a Map<String, Value>, name: &str) -> Option<&'a str> {
    fields.get(name)?.as_str()
}

fn time(fields: &Map<String, Value>, name: &str) -> Option<DateTime<Utc>> {
    DateTime::parse_from_rfc3339(text(fields, name)?).ok().map(|time| time.to_utc())
}
