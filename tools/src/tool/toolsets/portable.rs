//! Schemas of arguments that every provider of models accepts: OpenAI in strict mode, Gemini and Claude.
//!
//! They have no union types and no references, enums of texts only, and no object with fields of any name. Null is not
//! needed: for an optional argument it counts as absent.

use serde_json::{Map, Value, json};

/// What the three providers accept, by their documentation and by reports of refused tools.
const KEYWORDS: [&str; 12] = [
    "type",
    "description",
    "properties",
    "required",
    "items",
    "enum",
    "format",
    "default",
    "minimum",
    "maximum",
    "minLength",
    "minItems",
];

/// Rewrites a schema, at every depth.
pub(crate) fn simplify(schema: &mut Value) {
    let Some(keywords) = schema.as_object_mut() else { return };
    drop_null(keywords);
    bound_numbers(keywords);
    keywords
        .retain(|keyword, value| KEYWORDS.contains(&keyword.as_str()) && !(keyword == "default" && value.is_null()));
    if let Some(items) = keywords.get_mut("items") {
        simplify(items);
    }
    let required = keywords.get("required").cloned().unwrap_or_default();
    if let Some(Value::Object(properties)) = keywords.get_mut("properties") {
        properties.values_mut().for_each(simplify);
        let is_required = |name: &String| required.as_array().is_some_and(|names| names.contains(&json!(name)));
        properties.retain(|name, property| is_required(name) || !is_free(property));
    }
}

/// Leaves one type of a value that may also be null.
fn drop_null(keywords: &mut Map<String, Value>) {
    if let Some(kinds) = keywords.get("type").and_then(Value::as_array) {
        let mut kinds = kinds.iter().filter(|kind| *kind != "null").cloned();
        if let (Some(kind), None) = (kinds.next(), kinds.next()) {
            keywords["type"] = kind;
        }
    }
    if let Some(choices) = keywords.get_mut("enum").and_then(Value::as_array_mut) {
        choices.retain(|choice| !choice.is_null());
    }
    let mut forms = keywords.get("anyOf").and_then(Value::as_array).into_iter().flatten();
    let is_alone = forms.clone().filter(|form| form["type"] != "null").count() == 1;
    if let Some(Value::Object(form)) = forms.find(|form| is_alone && form["type"] != "null").cloned() {
        keywords.shift_remove("anyOf");
        for (keyword, value) in form {
            keywords.entry(keyword).or_insert(value);
        }
    }
}

/// Puts bounds in the place of an enum of numbers, which Gemini refuses.
fn bound_numbers(keywords: &mut Map<String, Value>) {
    let Some(choices) = keywords.get("enum").and_then(Value::as_array) else { return };
    let numbers: Option<Vec<i64>> = choices.iter().map(Value::as_i64).collect();
    if let Some((least, most)) = numbers.and_then(|numbers| Some((*numbers.iter().min()?, *numbers.iter().max()?))) {
        keywords.shift_remove("enum");
        keywords.insert("minimum".to_owned(), json!(least));
        keywords.insert("maximum".to_owned(), json!(most));
    }
}

/// Whether a schema is of an object with fields of any name: no model can know what to write there.
fn is_free(schema: &Value) -> bool {
    schema["type"] == "object" && schema["properties"].as_object().is_none_or(Map::is_empty)
}

#[cfg(test)]
mod tests {
    use super::*;

    const TYPES: [&str; 6] = ["object", "array", "string", "integer", "number", "boolean"];

    /// OpenAI allows ten levels, and older versions five.
    const MAX_DEPTH: usize = 5;

    /// Gemini refuses a schema with too many states; some clients, names of tools longer than this.
    const MAX_SCHEMA: usize = 8_000;
    const MAX_NAME: usize = 48;

    /// OpenAI allows this many characters in the description of a function.
    const MAX_DESCRIPTION: usize = 1_024;

    /// Fails for what a provider would refuse in a schema at this place.
    fn check(schema: &Value, place: &str, depth: usize) {
        let keywords = schema.as_object().unwrap_or_else(|| panic!("{place} has no schema"));
        assert!(depth <= MAX_DEPTH, "{place} is {depth} levels deep");
        for keyword in keywords.keys() {
            assert!(KEYWORDS.contains(&keyword.as_str()), "{place}: {keyword}");
        }
        let kind = schema["type"].as_str().unwrap_or_else(|| panic!("{place} has no single type: {schema}"));
        assert!(TYPES.contains(&kind), "{place}: {kind}");
        if let Some(choices) = keywords.get("enum") {
            let are_texts = choices.as_array().is_some_and(|choices| choices.iter().all(Value::is_string));
            assert!(kind == "string" && are_texts, "{place}: {choices}");
        }
        if let Some(format) = keywords.get("format") {
            assert!(kind == "string" && format == "date-time", "{place}: {format}");
        }
        assert_eq!(kind == "array", keywords.contains_key("items"), "{place}");
        assert_eq!(kind == "object", keywords.contains_key("properties"), "{place}");
        for (name, property) in schema["properties"].as_object().into_iter().flatten() {
            let is_plain = |letter: char| letter.is_ascii_alphanumeric() || letter == '_';
            assert!(name.len() <= MAX_NAME && name.chars().all(is_plain), "{place}: {name}");
            check(property, &format!("{place}.{name}"), depth + 1);
        }
        for name in schema["required"].as_array().into_iter().flatten().filter_map(Value::as_str) {
            assert!(schema["properties"].get(name).is_some(), "{place} requires {name}");
        }
        if let Some(items) = keywords.get("items") {
            check(items, &format!("{place}[]"), depth + 1);
        }
    }

    #[test]
    fn every_provider_accepts_every_tool() {
        for tool in crate::all() {
            for schema in [tool.arguments_for_assistants(), tool.arguments_for_chat()] {
                let schema = Value::Object(schema);
                check(&schema, tool.name, 1);
                assert!(schema.to_string().len() <= MAX_SCHEMA, "{}: {} bytes", tool.name, schema.to_string().len());
            }
            assert!(tool.name.len() <= MAX_NAME && tool.description().len() <= MAX_DESCRIPTION, "{}", tool.name);
        }
    }

    #[test]
    fn lists_in_results_have_items() {
        for tool in crate::all() {
            let result = Value::Object(tool.result_for_assistants());
            for (name, field) in result["properties"].as_object().unwrap() {
                assert_eq!(field["type"] == "array", field.get("items").is_some(), "{}.{name}", tool.name);
            }
        }
    }

    #[test]
    fn unions_nulls_and_free_objects_are_rewritten_at_every_depth() {
        let mut schema = json!({
            "type": "object",
            "properties": {
                "rows": {
                    "anyOf": [
                        {
                            "type": "array",
                            "items": {
                                "type": "object",
                                "properties": { "kind": { "type": ["string", "null"], "enum": ["a", null] } },
                                "additionalProperties": true,
                            },
                        },
                        { "type": "null" },
                    ],
                    "description": "Some rows.",
                },
                "rating": { "type": ["integer", "null"], "enum": [1, -1, null] },
                "free": { "type": ["object", "null"], "additionalProperties": true },
            },
            "required": ["rows"],
        });
        simplify(&mut schema);
        let row = json!({ "type": "object", "properties": { "kind": { "type": "string", "enum": ["a"] } } });
        let expected = json!({
            "type": "object",
            "properties": {
                "rows": { "description": "Some rows.", "type": "array", "items": row },
                "rating": { "type": "integer", "minimum": -1, "maximum": 1 },
            },
            "required": ["rows"],
        });
        assert_eq!(schema, expected);
    }
}
