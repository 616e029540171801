//! Rows of Omi's export, and of our own, which has the same structure with more fields. Fields may be missing, and
//! times may lack their offset.

use chrono::SecondsFormat;
use chrono_tz::Tz;
use resources::{
    memories::id_of,
    transfer::{ExportedActionItem, ExportedConversation, ExportedGoal},
};
use schemas::{
    chart::Chart,
    chat::{Change, ChatFile, MessageStatus, Proposal},
    conversation::{ConversationCategory, ConversationStatus},
};
use serde::de::DeserializeOwned;
use serde_json::{Map, Value, json};

use super::{
    ItemKind,
    item::{ImportItem, ParsedItem},
    memory_lines,
};
use crate::tool::{DayTime, read_time};

/// Parses a conversation. One without results will be processed by this server.
pub(super) fn conversation(mut row: Value) -> Result<ImportItem, String> {
    let is_ours = row.get("titled").is_some();
    if row.get("transcript_segments").is_some_and(Value::is_string) {
        return Err("its transcript is compressed or encrypted".into());
    }
    let began = ["created_at", "started_at", "finished_at"].into_iter().find_map(|name| row.get(name).cloned());
    let defaults = json!({
        "created_at": began, "source": "unknown", "structured": {}, "transcript_segments": [],
        "transcript_segments_compressed": false, "photos": [], "audio_files": [], "private_cloud_sync_enabled": false,
        "apps_results": [], "plugins_results": [], "suggested_summarization_apps": [], "discarded": false,
        "visibility": "private", "starred": false, "status": "completed", "is_locked": false, "deferred": false,
    });
    let id = complete("conversation", &mut row, &defaults)?;
    // Derived fields, and fields that this server does not store.
    for name in ["plugins_results", "audio_files", "suggested_summarization_apps"] {
        row[name] = json!([]);
    }
    default_updated_at(&mut row);
    let structured = json!({ "title": "", "overview": "", "emoji": "🧠", "category": "other", "events": [] });
    fill_defaults(&mut row["structured"], structured);
    row["structured"]["action_items"] = json!([]);
    let category: Result<ConversationCategory, _> = serde_json::from_value(row["structured"]["category"].clone());
    row["structured"]["category"] = json!(category.unwrap_or_default());
    for event in row["structured"]["events"].as_array_mut().into_iter().flatten() {
        fill_defaults(event, json!({ "title": "" }));
    }
    for (place, segment) in row["transcript_segments"].as_array_mut().into_iter().flatten().enumerate() {
        complete_segment(&id, place, segment);
    }
    let photo = json!({ "base64": "", "created_at": row["created_at"].clone(), "discarded": false });
    row["photos"].as_array_mut().into_iter().flatten().for_each(|given| fill_defaults(given, photo.clone()));
    let mut kept: ExportedConversation = parse(row)?;
    if !is_ours {
        set_status(&mut kept);
        // Folders of other servers are not imported.
        kept.conversation.folder_id = None;
    }
    Ok(ImportItem::conversation(kept))
}

/// Sets the status of another server's conversation: completed, or still to be processed.
fn set_status(kept: &mut ExportedConversation) {
    let conversation = &mut kept.conversation;
    let is_empty = conversation.transcript_segments.iter().flatten().all(|segment| segment.text.trim().is_empty());
    let is_done = !conversation.structured.overview.is_empty() || conversation.discarded || is_empty;
    kept.titled = !is_done && !conversation.structured.title.is_empty();
    conversation.status = if is_done { ConversationStatus::Completed } else { ConversationStatus::Processing };
}

fn complete_segment(conversation: &str, place: usize, segment: &mut Value) {
    let speaker = segment.get("speaker").and_then(Value::as_str).unwrap_or("SPEAKER_00").to_owned();
    let number: i64 = speaker.rsplit('_').next().and_then(|digits| digits.parse().ok()).unwrap_or(0);
    let start = segment.get("start").and_then(Value::as_f64).unwrap_or(0.0);
    let defaults = json!({
        "id": id_of(&format!("segment\n{conversation}\n{place}")), "text": "", "speaker": speaker, "speaker_id": number,
        "speaker_name": "", "is_user": false, "start": start, "end": start, "translations": [],
        "speech_profile_processed": true,
    });
    fill_defaults(segment, defaults);
}

/// The action items embedded in conversations. They come last, when all other action items are known.
#[derive(Default)]
pub(super) struct Embedded(Vec<ParsedItem>);

impl Embedded {
    /// Collects the embedded action items of one of Omi's conversations; ours are in the list of action items.
    pub(super) fn collect(&mut self, conversation: &Value) {
        if conversation.get("titled").is_some() {
            return;
        }
        let items = conversation["structured"]["action_items"].as_array().into_iter().flatten();
        let is_present = |item: &&Value| item.get("deleted") != Some(&json!(true));
        for (place, item) in items.filter(is_present).enumerate() {
            // Older rows are plain strings.
            let mut item = if item.is_string() { json!({ "description": item }) } else { item.clone() };
            let id = &conversation["id"];
            let began = conversation.get("created_at").cloned();
            item["conversation_id"] = id.clone();
            item["id"] = id_of(&format!("action item\n{id}\n{}", item["description"])).into();
            fill_defaults(&mut item, json!({ "created_at": began, "source": "conversation" }));
            let kept =
                kept_action_item(item).map(|kept| ExportedActionItem { place: place as i64, extracted: true, ..kept });
            let item = kept.map(|kept| ImportItem::Embedded(Box::new(kept)));
            self.0.push(ParsedItem::new(
                ItemKind::ActionItem,
                format!("conversation {id}, action item {}", place + 1),
                item,
            ));
        }
    }

    pub(super) fn into_items(self) -> Vec<ParsedItem> {
        self.0
    }
}

pub(super) fn memory(mut row: Value) -> Result<ImportItem, String> {
    normalize_times(&mut row);
    memory_lines::memory(row)
}

pub(super) fn person(mut row: Value) -> Result<ImportItem, String> {
    fill_defaults(&mut row, json!({ "created_at": "1970-01-01T00:00:00Z", "speech_samples": [] }));
    default_updated_at(&mut row);
    row["speech_samples_version"] = json!(3);
    complete("person", &mut row, &json!({}))?;
    parse(row).map(ImportItem::Person)
}

pub(super) fn folder(mut row: Value) -> Result<ImportItem, String> {
    let defaults = json!({
        "color": "#6B7280", "icon": "📁", "created_at": "1970-01-01T00:00:00Z", "order": 0, "is_default": false,
        "is_system": false, "conversation_count": 0,
    });
    complete("folder", &mut row, &defaults)?;
    default_updated_at(&mut row);
    parse(row).map(ImportItem::Folder)
}

pub(super) fn action_item(row: Value) -> Result<ImportItem, String> {
    kept_action_item(row).map(|kept| ImportItem::ActionItem(Box::new(kept)))
}

fn kept_action_item(mut row: Value) -> Result<ExportedActionItem, String> {
    let text = row.get("description").and_then(Value::as_str).unwrap_or_default().trim().to_owned();
    if text.is_empty() {
        return Err("description is empty".into());
    }
    let is_done = row.get("completed") == Some(&json!(true));
    let defaults = json!({
        "completed": is_done, "status": if is_done { "completed" } else { "active" },
        "created_at": "1970-01-01T00:00:00Z", "owner": "user", "provenance": [], "exported": false, "sort_order": 0,
        "indent_level": 0, "is_locked": false,
    });
    // Omi's provenance is a list of objects of another type.
    if row["provenance"].as_array().into_iter().flatten().any(|from| from.get("face").is_none()) {
        row["provenance"] = json!([]);
    }
    let id = complete("action item", &mut row, &defaults)?;
    default_updated_at(&mut row);
    row["task_id"] = id.into();
    parse(row)
}

pub(super) fn message(mut row: Value) -> Result<ImportItem, String> {
    let defaults = json!({
        "text": "", "created_at": "1970-01-01T00:00:00Z", "type": "text", "from_external_integration": false,
        "memories_id": [], "memories": [], "reported": false, "files_id": [], "citations": [],
    });
    complete("message", &mut row, &defaults)?;
    // The data of cited conversations is read from the conversations.
    if row["memories"].as_array().into_iter().flatten().any(|cited| !cited["structured"].is_object()) {
        row["memories"] = json!([]);
    }
    // Invalid attachments must not lose the message.
    if let Some(files) = row.get_mut("files").and_then(Value::as_array_mut) {
        files.retain(is::<ChatFile>);
    }
    remove_unless(&mut row, "files", is::<Vec<ChatFile>>);
    remove_unless(&mut row, "chart_data", is::<Chart>);
    remove_unless(&mut row, "rating", is::<i32>);
    remove_unless(&mut row, "status", is::<MessageStatus>);
    remove_unless(&mut row, "changes", is::<Vec<Change>>);
    remove_unless(&mut row, "proposals", is::<Vec<Proposal>>);
    parse(row).map(|message| ImportItem::Message(Box::new(message)))
}

pub(super) fn goal(mut row: Value) -> Result<ImportItem, String> {
    let is_active = row.get("is_active") != Some(&json!(false));
    let is_measured = row.get("target_value").is_some_and(Value::is_number);
    let defaults = json!({
        "goal_type": "scale", "target_value": 0.0, "current_value": 0.0, "min_value": 0.0, "max_value": 10.0,
        "is_active": is_active, "created_at": "1970-01-01T00:00:00Z", "success_criteria": [],
        "status": if is_active { "background" } else { "paused" }, "source": "import",
    });
    let has_metric = row.get("metric").is_some();
    let id = complete("goal", &mut row, &defaults)?;
    default_updated_at(&mut row);
    row["goal_id"] = id.into();
    if !has_metric && is_measured {
        row["metric"] = json!({
            "type": row["goal_type"], "current": row["current_value"], "target": row["target_value"],
            "min": row["min_value"], "max": row["max_value"], "unit": row["unit"],
        });
    }
    parse(row).map(|goal: ExportedGoal| ImportItem::Goal(Box::new(goal)))
}

/// Only our own export has daily summaries; their times have no offset on purpose.
pub(super) fn daily_summary(row: Value) -> Result<ImportItem, String> {
    parse(row).map(|summary| ImportItem::DailySummary(Box::new(summary)))
}

pub(super) fn preferences(row: Value) -> Result<ImportItem, String> {
    parse(row).map(ImportItem::Preferences)
}

/// Fills the missing fields of a row. A missing id is derived from the whole row. Returns the id.
fn complete(kind: &str, row: &mut Value, defaults: &Value) -> Result<String, String> {
    let Value::Object(fields) = &*row else { return Err("it is not an object".into()) };
    let given = fields.get("id").and_then(Value::as_str).filter(|id| !id.is_empty());
    let id = given.map_or_else(|| id_of(&format!("{kind}\n{row}")), str::to_owned);
    row["id"] = id.clone().into();
    fill_defaults(row, defaults.clone());
    normalize_times(row);
    Ok(id)
}

/// Sets a missing `updated_at` to `created_at`.
fn default_updated_at(row: &mut Value) {
    let created = row["created_at"].clone();
    fill_defaults(row, json!({ "updated_at": created }));
}

/// Adds the missing fields of an object.
fn fill_defaults(object: &mut Value, defaults: Value) {
    let (Value::Object(fields), Value::Object(defaults)) = (object, defaults) else { return };
    for (name, value) in defaults {
        if fields.get(&name).is_none_or(Value::is_null) && !value.is_null() {
            fields.insert(name, value);
        }
    }
}

/// Removes a field that is invalid.
fn remove_unless(row: &mut Value, name: &str, fits: fn(&Value) -> bool) {
    if let Value::Object(fields) = row
        && fields.get(name).is_some_and(|field| !fits(field))
    {
        fields.remove(name);
    }
}

fn is<T: DeserializeOwned>(value: &Value) -> bool {
    T::deserialize(value).is_ok()
}

/// Converts times in other formats to RFC 3339, except in `external_data`.
fn normalize_times(value: &mut Value) {
    match value {
        Value::Array(rows) => rows.iter_mut().for_each(normalize_times),
        Value::Object(fields) => fields.iter_mut().for_each(|(name, field)| normalize_field(name, field)),
        _ => {}
    }
}

fn normalize_field(name: &str, field: &mut Value) {
    let is_time = name.ends_with("_at") || ["start", "start_time", "end_time", "export_date"].contains(&name);
    match field {
        Value::String(text) if is_time && chrono::DateTime::parse_from_rfc3339(text).is_err() => {
            if let Some(time) = read_time(text, DayTime::Start, Tz::UTC) {
                *text = time.to_rfc3339_opts(SecondsFormat::AutoSi, true);
            }
        }
        Value::Array(_) | Value::Object(_) if name != "external_data" => normalize_times(field),
        _ => {}
    }
}

/// Deserializes a row; the error is for people.
pub(super) fn parse<T: DeserializeOwned>(row: Value) -> Result<T, String> {
    let fields: Map<String, Value> = serde_json::from_value(row).map_err(|error| error.to_string())?;
    serde_json::from_value(Value::Object(fields)).map_err(|error| error.to_string())
}
