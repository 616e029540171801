//! Values in another form than the schema has, where there is no doubt what the client means: JSON in a text, and null for
//! what is optional. Other fields than those of the schema are ignored.

use serde_json::{Map, Value};

/// Parses lists, objects, numbers and booleans that came as JSON text, by the schema of each argument. A field that is text,
/// or may be text, stays as it is; so does what is no JSON, which validation reports.
pub(super) fn parse_json_text<'a>(given: &mut Map<String, Value>, schema_of: impl Fn(&str) -> Option<&'a Value>) {
    for (name, value) in given {
        if let Some(schema) = schema_of(name) {
            parse_value(schema, value);
        }
    }
}

fn parse_value(schema: &Value, value: &mut Value) {
    let schema = schema["anyOf"].get(0).unwrap_or(schema);
    let kind = kind(schema);
    if let (Value::String(text), Some(kind)) = (&*value, kind)
        && let Some(parsed) = parse_text(kind, text.trim())
    {
        *value = parsed;
    }
    if is_too_long(schema, value) {
        return;
    }
    match value {
        // A whole number is an integer however it is written.
        Value::Number(number) if kind == Some("integer") && number.is_f64() => {
            if let Some(whole) = whole_number(number.as_f64().unwrap_or(f64::NAN)) {
                *value = whole;
            }
        }
        Value::Array(items) => {
            if let Some(schema) = schema.get("items") {
                items.iter_mut().for_each(|item| parse_value(schema, item));
            }
        }
        Value::Object(fields) => parse_json_text(fields, |name| schema["properties"].get(name)),
        _ => {}
    }
}

/// The only type that the schema allows beside null; `None` where it may be text.
fn kind(schema: &Value) -> Option<&str> {
    let kind = match &schema["type"] {
        Value::Array(kinds) => {
            let mut kinds = kinds.iter().filter_map(Value::as_str).filter(|kind| *kind != "null");
            let first = kinds.next()?;
            kinds.next().is_none().then_some(first)?
        }
        kind => kind.as_str()?,
    };
    (kind != "string").then_some(kind)
}

fn parse_text(kind: &str, text: &str) -> Option<Value> {
    if kind == "boolean" {
        let known = [("true", true), ("false", false)].into_iter().find(|(word, _)| text.eq_ignore_ascii_case(word));
        if let Some((_, truth)) = known {
            return Some(Value::Bool(truth));
        }
    }
    let parsed: Value = serde_json::from_str(text).ok()?;
    let fits = matches!(
        (&parsed, kind),
        (Value::Null, _)
            | (Value::Array(_), "array")
            | (Value::Object(_), "object")
            | (Value::Number(_), "integer" | "number")
    );
    fits.then_some(parsed)
}

/// The integer that a number is equal to.
fn whole_number(number: f64) -> Option<Value> {
    const MAX_EXACT: f64 = 9_007_199_254_740_992.0;
    (number.fract() == 0.0 && number.abs() <= MAX_EXACT).then(|| Value::from(number as i64))
}

/// Whether a list has more items than its schema allows: then there is no need to go through them.
pub(super) fn is_too_long(schema: &Value, value: &Value) -> bool {
    let schema = schema["anyOf"].get(0).unwrap_or(schema);
    let max = schema["maxItems"].as_u64().and_then(|max| usize::try_from(max).ok());
    matches!((value, max), (Value::Array(items), Some(max)) if items.len() > max)
}

/// Removes optional fields that are null, at any depth. A field whose schema allows null keeps it.
pub(super) fn drop_nulls(schema: &Map<String, Value>, given: &mut Map<String, Value>) {
    let Some(properties) = schema.get("properties").and_then(Value::as_object) else { return };
    given.retain(|name, value| match properties.get(name) {
        Some(property) if value.is_null() => allows_null(property) || is_required(schema, name),
        Some(property) => {
            drop_nulls_within(property, value);
            true
        }
        None => true,
    });
}

fn drop_nulls_within(schema: &Value, value: &mut Value) {
    let schema = schema["anyOf"].get(0).unwrap_or(schema);
    if is_too_long(schema, value) {
        return;
    }
    match value {
        Value::Array(items) => {
            if let Some(schema) = schema.get("items") {
                items.iter_mut().for_each(|item| drop_nulls_within(schema, item));
            }
        }
        Value::Object(fields) => {
            if let Some(schema) = schema.as_object() {
                drop_nulls(schema, fields);
            }
        }
        _ => {}
    }
}

fn is_required(schema: &Map<String, Value>, name: &str) -> bool {
    let mut required = schema.get("required").and_then(Value::as_array).into_iter().flatten();
    required.any(|required| required == name)
}

fn allows_null(schema: &Value) -> bool {
    let kinds = &schema["type"];
    let is_null = |kind: &Value| kind == "null";
    let mut forms = schema["anyOf"].as_array().into_iter().flatten();
    let names_null = is_null(kinds) || kinds.as_array().is_some_and(|kinds| kinds.iter().any(is_null));
    let is_open = kinds.is_null() && schema.get("anyOf").is_none() && schema.get("enum").is_none();
    names_null || is_open || forms.any(allows_null)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn schema() -> Map<String, Value> {
        let schema = json!({
            "properties": {
                "text": { "type": "string" },
                "maybe_text": { "type": ["string", "null"] },
                "either": { "type": ["string", "integer"] },
                "any": {},
                "count": { "type": "integer", "default": 10 },
                "maybe_count": { "type": ["integer", "null"] },
                "score": { "type": "number" },
                "flag": { "type": "boolean", "default": false },
                "labels": { "type": "array", "items": { "type": "string" }, "maxItems": 3 },
                "numbers": { "anyOf": [{ "type": "array", "items": { "type": "integer" } }, { "type": "null" }] },
                "rows": {
                    "type": "array",
                    "items": {
                        "type": "object",
                        "properties": { "n": { "type": "integer", "default": 0 }, "kind": { "enum": ["a"] } },
                        "required": ["kind"],
                    },
                },
                "place": { "type": "object", "properties": { "x": { "type": "number" } } },
            },
            "required": ["text"],
        });
        schema.as_object().unwrap().clone()
    }

    #[test]
    fn json_text_becomes_what_the_schema_says() {
        let schema = schema();
        let cases = [
            ("text", json!("5"), json!("5")),
            ("text", json!("[\"a\"]"), json!("[\"a\"]")),
            ("maybe_text", json!("null"), json!("null")),
            ("either", json!("5"), json!("5")),
            ("any", json!("5"), json!("5")),
            ("count", json!(" 5 "), json!(5)),
            ("count", json!("5.0"), json!(5)),
            ("count", json!(5.0), json!(5)),
            ("count", json!("5.5"), json!(5.5)),
            ("count", json!("five"), json!("five")),
            ("count", json!(""), json!("")),
            ("count", json!("true"), json!("true")),
            ("maybe_count", json!("null"), json!(null)),
            ("score", json!("0.5"), json!(0.5)),
            ("flag", json!("false"), json!(false)),
            ("flag", json!("True"), json!(true)),
            ("flag", json!("1"), json!("1")),
            ("labels", json!("[\"home\", \"5\"]"), json!(["home", "5"])),
            ("labels", json!("home"), json!("home")),
            ("labels", json!("{}"), json!("{}")),
            ("numbers", json!("[1, \"2\"]"), json!([1, 2])),
            ("numbers", json!(["1", 2]), json!([1, 2])),
            ("rows", json!("[{\"n\": \"3\", \"kind\": \"a\"}]"), json!([{ "n": 3, "kind": "a" }])),
            ("rows", json!(["{\"n\": 3}"]), json!([{ "n": 3 }])),
            ("place", json!("{\"x\": \"1.5\"}"), json!({ "x": 1.5 })),
            ("unknown", json!("5"), json!("5")),
        ];
        for (name, value, expected) in cases {
            let mut given = Map::from_iter([(name.to_owned(), value.clone())]);
            parse_json_text(&mut given, |name| schema["properties"].get(name));
            assert_eq!(given[name], expected, "{name}: {value}");
        }
    }

    #[test]
    fn null_for_what_is_optional_is_absence() {
        let given = json!({
            "text": null, "maybe_text": null, "any": null, "count": null, "score": null, "flag": null, "unknown": null,
            "rows": [{ "n": null, "kind": null }], "place": { "x": null },
        });
        let expected = json!({
            "text": null, "maybe_text": null, "any": null, "unknown": null, "rows": [{ "kind": null }], "place": {},
        });
        let Value::Object(mut given) = given else { unreachable!("an object is given") };
        drop_nulls(&schema(), &mut given);
        assert_eq!(Value::Object(given), expected);
    }
}
