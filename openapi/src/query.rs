//! Parses path and query parameters by the schema.

use serde_json::{Map, Value};

/// The arguments among `pairs` that the schema has and `wanted` accepts.
pub(crate) fn read(
    pairs: &[(String, String)],
    schema: &Map<String, Value>,
    wanted: impl Fn(&str) -> bool,
) -> Map<String, Value> {
    let is_required = |name: &str| {
        let required = schema.get("required").and_then(Value::as_array);
        required.is_some_and(|names| names.iter().any(|required| required == name))
    };
    let mut arguments = Map::new();
    for (name, schema) in schema["properties"].as_object().into_iter().flatten().filter(|(name, _)| wanted(name)) {
        let texts: Vec<&str> = pairs.iter().filter(|(key, _)| key == name).map(|(_, text)| text.as_str()).collect();
        let Some(last) = texts.last() else { continue };
        let schema = without_null(schema);
        let value = match kind(schema) {
            "array" => Value::Array(list(schema, &texts)),
            // Which of them was meant nobody knows; validation says that a list is not what belongs here.
            _ if texts.iter().any(|text| text != last) => Value::from(texts),
            "string" => Value::from(*last),
            _ if last.is_empty() && !is_required(name) => continue,
            kind => scalar(kind, last),
        };
        arguments.insert(name.clone(), value);
    }
    arguments
}

/// Repeated keys and comma-separated values make one list; empty ones are dropped.
fn list(schema: &Value, texts: &[&str]) -> Vec<Value> {
    let kind = kind(without_null(&schema["items"]));
    let texts = texts.iter().flat_map(|text| text.split(',')).map(str::trim).filter(|text| !text.is_empty());
    texts.map(|text| scalar(kind, text)).collect()
}

/// A value that cannot be parsed stays a string, so that validation reports it.
fn scalar(kind: &str, text: &str) -> Value {
    let read = match kind {
        "integer" => text.parse::<i64>().ok().map(Value::from),
        "number" => text.parse::<f64>().ok().and_then(serde_json::Number::from_f64).map(Value::Number),
        "boolean" => boolean(text).map(Value::Bool),
        _ => None,
    };
    read.unwrap_or_else(|| Value::from(text))
}

/// The spellings of true and false in a query string.
pub(crate) fn boolean(text: &str) -> Option<bool> {
    match text.to_ascii_lowercase().as_str() {
        "true" | "1" | "yes" | "on" => Some(true),
        "false" | "0" | "no" | "off" => Some(false),
        _ => None,
    }
}

/// The first form of a value that may also be null.
fn without_null(schema: &Value) -> &Value {
    schema["anyOf"].get(0).unwrap_or(schema)
}

fn kind(schema: &Value) -> &str {
    match &schema["type"] {
        Value::Array(kinds) => kinds.iter().filter_map(Value::as_str).find(|kind| *kind != "null").unwrap_or("string"),
        kind => kind.as_str().unwrap_or("string"),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn read_query(text: &str) -> Value {
        let schema = json!({
            "properties": {
                "limit": { "type": "integer" },
                "after": { "type": ["integer", "null"] },
                "score": { "type": "number" },
                "reviewed": { "type": ["boolean", "null"] },
                "value": { "type": "boolean" },
                "cursor": { "type": ["string", "null"] },
                "categories": { "type": "array", "items": { "type": "string", "enum": ["work", "skills"] } },
                "ids": { "anyOf": [{ "type": "array", "items": { "type": "integer" } }, { "type": "null" }] },
            },
            "required": ["value"],
        });
        let pair = |pair: &str| {
            let (name, value) = pair.split_once('=').unwrap();
            (name.to_owned(), value.to_owned())
        };
        let pairs: Vec<_> = text.split('&').map(pair).collect();
        Value::Object(read(&pairs, schema.as_object().unwrap(), |_| true))
    }

    #[test]
    fn text_becomes_what_the_schema_says() {
        let found = read_query("limit=25&after=-3&score=0.5&reviewed=Yes&value=off&cursor=12&unknown=1");
        let expected =
            json!({ "limit": 25, "after": -3, "score": 0.5, "reviewed": true, "value": false, "cursor": "12" });
        assert_eq!(found, expected);
    }

    #[test]
    fn every_spelling_of_a_truth_counts() {
        for (text, truth) in [("true", true), ("1", true), ("ON", true), ("no", false), ("0", false), ("False", false)]
        {
            assert_eq!(read_query(&format!("value={text}")), json!({ "value": truth }));
        }
    }

    #[test]
    fn lists_are_repeated_or_separated_by_commas() {
        let found = read_query("categories=work,,skills&categories=&categories=other&ids=1,x");
        assert_eq!(found, json!({ "categories": ["work", "skills", "other"], "ids": [1, "x"] }));
    }

    #[test]
    fn what_cannot_be_read_stays_a_text() {
        let found = read_query("limit=ten&score=nan&value=maybe");
        assert_eq!(found, json!({ "limit": "ten", "score": "nan", "value": "maybe" }));
    }

    #[test]
    fn an_empty_text_leaves_an_optional_value_out_but_not_a_required_one_or_a_string() {
        assert_eq!(read_query("limit=&reviewed=&value=&cursor="), json!({ "value": "", "cursor": "" }));
    }

    #[test]
    fn values_that_contradict_each_other_are_no_value() {
        assert_eq!(read_query("limit=1&limit=2"), json!({ "limit": ["1", "2"] }));
        assert_eq!(read_query("limit=2&limit=2&cursor=a&cursor=a"), json!({ "limit": 2, "cursor": "a" }));
    }
}
