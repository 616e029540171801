//! Bounds of ids: no argument takes a text without a limit, and what is the same for all ids is said once.

use serde_json::{Map, Value, json};

/// The longest id, in characters.
const MAX_ID: usize = 128;

/// The longest cursor, in characters.
const MAX_CURSOR: usize = 1024;

/// The longest date, in characters.
const MAX_DATE: usize = 64;

/// Gives ids, cursors and dates a `maxLength`, at any depth, where the input type sets none.
pub(super) fn bound_ids(schema: &mut Value) {
    let Some(keywords) = schema.as_object_mut() else { return };
    for (name, property) in keywords.get_mut("properties").and_then(Value::as_object_mut).into_iter().flatten() {
        if let Some(max) = max_length(name) {
            bound_text(property, max);
        }
        bound_ids(property);
    }
    if let Some(items) = keywords.get_mut("items") {
        bound_ids(items);
    }
    keywords.get_mut("anyOf").and_then(Value::as_array_mut).into_iter().flatten().for_each(bound_ids);
}

/// What a field of this name contains at most, in characters.
fn max_length(name: &str) -> Option<usize> {
    match name {
        "cursor" => Some(MAX_CURSOR),
        "id" | "ids" => Some(MAX_ID),
        _ if name.ends_with("_id") || name.ends_with("_ids") => Some(MAX_ID),
        "date" => Some(MAX_DATE),
        _ if name.ends_with("_date") => Some(MAX_DATE),
        _ => None,
    }
}

fn bound_text(schema: &mut Value, max: usize) {
    let Some(keywords) = schema.as_object_mut() else { return };
    if is_text(keywords) && !["maxLength", "enum", "format"].iter().any(|bound| keywords.contains_key(*bound)) {
        keywords.insert("maxLength".to_owned(), json!(max));
    }
    if let Some(items) = keywords.get_mut("items") {
        bound_text(items, max);
    }
    keywords
        .get_mut("anyOf")
        .and_then(Value::as_array_mut)
        .into_iter()
        .flatten()
        .for_each(|form| bound_text(form, max));
}

fn is_text(keywords: &Map<String, Value>) -> bool {
    let kinds = keywords.get("type");
    let is_string = |kind: &Value| kind == "string";
    kinds.is_some_and(|kinds| is_string(kinds) || kinds.as_array().is_some_and(|kinds| kinds.iter().any(is_string)))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What has no bound of its own, and why.
    const EXCEPTIONS: [(&str, &str); 5] = [
        ("upload_files.files[].content", "the size limit of the body bounds it"),
        ("transcribe_voice_message.files[].content", "the size limit of the body bounds it"),
        ("assign_segments.segment_ids", "apps assign all segments of a conversation in one request"),
        ("arrange_action_items.items", "apps send the whole list in one request"),
        ("sync_action_items.items", "apps send the whole list in one request"),
    ];

    fn unbounded(schema: &Value, place: &str, found: &mut Vec<String>) {
        let Some(keywords) = schema.as_object() else { return };
        let has = |keyword: &str| keywords.contains_key(keyword);
        let is_time = keywords.get("format").is_some_and(|format| format == "date-time");
        let is_endless_text = is_text(keywords) && !has("maxLength") && !has("enum") && !is_time;
        if is_endless_text || has("items") && !has("maxItems") {
            found.push(place.to_owned());
        }
        for (name, property) in schema["properties"].as_object().into_iter().flatten() {
            unbounded(property, &format!("{place}.{name}"), found);
        }
        if let Some(items) = keywords.get("items") {
            unbounded(items, &format!("{place}[]"), found);
        }
        for form in schema["anyOf"].as_array().into_iter().flatten() {
            unbounded(form, place, found);
        }
    }

    #[test]
    fn every_text_and_every_list_has_a_bound() {
        let mut found = Vec::new();
        for tool in crate::all() {
            let contracts = std::iter::once(&tool.arguments).chain(tool.routes.iter().map(|route| &route.arguments));
            for contract in contracts {
                unbounded(&Value::Object(contract.schema().clone()), tool.name, &mut found);
            }
        }
        found.retain(|place| !EXCEPTIONS.iter().any(|(exception, _)| place == exception));
        found.dedup();
        assert_eq!(found, Vec::<String>::new());
    }

    #[test]
    fn ids_are_bounded_at_every_depth() {
        let mut schema = json!({
            "properties": {
                "memory_id": { "type": "string" },
                "client_session_id": { "type": ["string", "null"], "maxLength": 200 },
                "segment_ids": { "anyOf": [{ "type": "array", "items": { "type": "string" } }, { "type": "null" }] },
                "items": { "items": { "properties": { "id": { "type": ["string", "null"] }, "speaker_id": { "type": "integer" } } } },
                "end_date": { "type": "string", "format": "date-time" },
                "content": { "type": "string" },
            },
        });
        bound_ids(&mut schema);
        let expected = json!({
            "properties": {
                "memory_id": { "type": "string", "maxLength": 128 },
                "client_session_id": { "type": ["string", "null"], "maxLength": 200 },
                "segment_ids": {
                    "anyOf": [
                        { "type": "array", "items": { "type": "string", "maxLength": 128 } },
                        { "type": "null" },
                    ],
                },
                "items": {
                    "items": {
                        "properties": {
                            "id": { "type": ["string", "null"], "maxLength": 128 },
                            "speaker_id": { "type": "integer" },
                        },
                    },
                },
                "end_date": { "type": "string", "format": "date-time" },
                "content": { "type": "string" },
            },
        });
        assert_eq!(schema, expected);
    }
}
