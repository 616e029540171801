//! Schemas as assistants are shown them: what a model needs to write arguments and to know its way about in a result.
//! Everything is read by the whole schema all the same, which the OpenAPI document has.

use serde_json::{Map, Value, json};

use super::portable::simplify;

/// Keywords that a model can do without; what is too long is refused with a sentence.
const IDLE: [&str; 6] = ["title", "example", "examples", "$schema", "maxLength", "maxItems"];

/// Bounds that models keep without seeing them.
const OBVIOUS: [(&str, u64); 3] = [("minLength", 1), ("minimum", 0), ("minimum", 1)];

/// Arguments that every list has, and every model knows.
const USUAL: [&str; 2] = ["limit", "offset"];

/// The schema of arguments, without what goes without saying; `only` are the optional ones to show, where not all are.
pub(crate) fn arguments(schema: &Map<String, Value>, only: Option<&[&str]>) -> Map<String, Value> {
    let mut schema = Value::Object(schema.clone());
    simplify(&mut schema);
    let is_required = |name: &str| schema["required"].as_array().is_some_and(|names| names.contains(&json!(name)));
    let shown = |name: &str| is_required(name) || only.is_none_or(|only| only.contains(&name));
    let properties = schema["properties"].as_object().into_iter().flatten();
    let properties = properties.filter(|(name, _)| shown(name)).map(|(name, property)| {
        let mut property = property.clone();
        slim(&mut property);
        let description = property["description"].as_str().unwrap_or_default();
        if USUAL.contains(&name.as_str()) || repeats(description, name) {
            property.as_object_mut().and_then(|fields| fields.shift_remove("description"));
        }
        (name.clone(), property)
    });
    let mut compact = Map::from_iter([
        ("type".to_owned(), json!("object")),
        ("properties".to_owned(), Value::Object(properties.collect())),
    ]);
    if let Some(required) = schema["required"].as_array().filter(|names| !names.is_empty()) {
        compact.insert("required".to_owned(), json!(required));
    }
    compact
}

/// The schema of a result: the names of its fields and of those of its rows. What only echoes an optional one of the
/// `arguments` is left out.
pub(crate) fn result(schema: &Map<String, Value>, arguments: &Map<String, Value>) -> Map<String, Value> {
    let is_required = |name: &str| arguments["required"].as_array().is_some_and(|names| names.contains(&json!(name)));
    let is_echo = |name: &str| arguments["properties"].get(name).is_some() && !is_required(name);
    let fields = schema.get("properties").and_then(Value::as_object).into_iter().flatten();
    let shown = fields.filter(|(name, _)| !is_echo(name)).map(|(name, field)| (name.clone(), shape(field)));
    Map::from_iter([("type".to_owned(), json!("object")), ("properties".to_owned(), Value::Object(shown.collect()))])
}

fn slim(schema: &mut Value) {
    let Some(fields) = schema.as_object_mut() else { return };
    fields.retain(|name, value| {
        let is_obvious = OBVIOUS.iter().any(|(keyword, bound)| name == keyword && value.as_u64() == Some(*bound));
        let is_default = name == "default" && says_nothing(value);
        !(is_obvious || is_default || IDLE.contains(&name.as_str()))
    });
    if let Some(text) = fields.get_mut("description") {
        *text = text.as_str().unwrap_or_default().split_whitespace().collect::<Vec<_>>().join(" ").into();
    }
    let is_described = fields.contains_key("description");
    if let Some(items) = fields.get_mut("items") {
        slim(items);
        if let Some(items) = items.as_object_mut().filter(|_| is_described) {
            items.shift_remove("description");
        }
    }
    for inner in ["anyOf", "oneOf", "allOf"] {
        fields.get_mut(inner).and_then(Value::as_array_mut).into_iter().flatten().for_each(slim);
    }
    for property in fields.get_mut("properties").and_then(Value::as_object_mut).into_iter().flatten() {
        slim(property.1);
    }
    if fields.get("required").is_some_and(|required| required == &json!([])) {
        fields.shift_remove("required");
    }
}

/// A default that is what anybody would expect who leaves the argument out.
fn says_nothing(default: &Value) -> bool {
    match default {
        Value::Null | Value::Bool(false) => true,
        Value::Number(number) => number.as_u64() == Some(0),
        Value::String(text) => text.is_empty(),
        Value::Array(items) => items.is_empty(),
        Value::Object(fields) => fields.is_empty(),
        Value::Bool(true) => false,
    }
}

/// What there is in a field: of a list the names of what its rows have; that it is an object; of a plain value nothing.
fn shape(schema: &Value) -> Value {
    let names = |properties: &Map<String, Value>| -> Map<String, Value> {
        properties.keys().map(|name| (name.clone(), json!({}))).collect()
    };
    let rows = schema["items"]["properties"].as_object();
    match schema["type"].as_str() {
        Some("array") => match rows {
            Some(rows) => json!({ "type": "array", "items": { "properties": names(rows) } }),
            None => json!({ "type": "array", "items": {} }),
        },
        Some("object") => json!({ "type": "object" }),
        _ => json!({}),
    }
}

/// Whether a description says only what the name does: `The memory's id.` of `memory_id`.
fn repeats(description: &str, name: &str) -> bool {
    let plain = description.to_lowercase().replace("'s", "");
    let words = plain.split(|letter: char| !letter.is_alphanumeric()).filter(|word| !word.is_empty());
    words.filter(|word| *word != "the").eq(name.split('_'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn arguments_lose_what_goes_without_saying() {
        let schema = json!({
            "type": "object",
            "description": "Find things.",
            "required": ["query"],
            "properties": {
                "query": { "type": "string", "description": "What to\nlook for.", "minLength": 1, "examples": ["x"] },
                "kinds": {
                    "type": "array", "description": "Only these.", "default": [],
                    "items": { "type": "string", "enum": ["a", "b"], "description": "A kind." },
                },
                "after": { "type": ["string", "null"], "format": "date-time", "default": null },
                "order": { "anyOf": [{ "type": "string", "enum": ["up"] }, { "type": "null" }], "default": null },
                "limit": { "type": "integer", "default": 10, "minimum": 1, "maximum": 20, "description": "How many." },
                "odd": { "type": "string" },
            },
        });
        let compact = arguments(schema.as_object().unwrap(), Some(&["kinds", "after", "order", "limit"]));
        let expected = json!({
            "type": "object",
            "properties": {
                "query": { "type": "string", "description": "What to look for." },
                "kinds": {
                    "type": "array", "description": "Only these.", "items": { "type": "string", "enum": ["a", "b"] },
                },
                "after": { "type": "string", "format": "date-time" },
                "order": { "type": "string", "enum": ["up"] },
                "limit": { "type": "integer", "default": 10, "maximum": 20 },
            },
            "required": ["query"],
        });
        assert_eq!(Value::Object(compact), expected);
    }

    #[test]
    fn descriptions_that_repeat_the_name_are_known() {
        assert!(repeats("The memory's id.", "memory_id") && repeats("The question.", "question"));
        assert!(!repeats("The id of a search result.", "id") && !repeats("", "id"));
    }

    #[test]
    fn results_keep_names_and_what_are_lists() {
        let row = json!({
            "type": "object", "description": "A row.", "required": ["id"],
            "properties": { "id": { "type": "string", "examples": ["x"] }, "deep": { "type": "object" } },
        });
        let schema = json!({
            "type": "object",
            "properties": {
                "rows": { "type": "array", "items": row },
                "one": row,
                "next": { "type": ["string", "null"] },
                "limit": { "type": "integer" },
                "id": { "type": "string" },
            },
        });
        let expected = json!({
            "type": "object",
            "properties": {
                "rows": { "type": "array", "items": { "properties": { "id": {}, "deep": {} } } },
                "one": { "type": "object" },
                "next": {},
                "id": {},
            },
        });
        let arguments = json!({ "properties": { "limit": {}, "id": {} }, "required": ["id"] });
        let reduced = result(schema.as_object().unwrap(), arguments.as_object().unwrap());
        assert_eq!(Value::Object(reduced), expected);
    }
}
