//! What a JSON schema finds wrong, said as the clients of FastAPI expect it.

use jsonschema::{
    JsonType, ValidationError,
    error::{TypeKind, ValidationErrorKind as Kind},
    paths::LocationSegment,
};
use serde_json::{Value, json};

use super::Issue;

/// The values that an enum's schema allows, through the `anyOf` that makes it optional.
pub(crate) fn choices(schema: &Value) -> Option<&Vec<Value>> {
    schema["enum"].as_array().or_else(|| schema["anyOf"].get(0).and_then(choices))
}

/// The issue of a text that is no time.
pub(crate) fn not_a_time(place: Vec<Value>, input: &Value) -> Issue {
    let reason = "expected ISO 8601, as 2026-05-08T13:56:00Z or 2026-05-08";
    issue(
        "datetime_from_date_parsing",
        place,
        format!("Input should be a valid datetime or date, {reason}"),
        input,
        Some(json!({ "error": reason })),
    )
}

/// The issue of an error in a value at `place`.
pub(crate) fn describe(error: &ValidationError<'_>, place: &[Value]) -> Issue {
    let input = error.instance();
    let within = error.instance_path().into_iter().map(segment);
    let mut loc: Vec<Value> = place.iter().cloned().chain(within).collect();
    match error.kind() {
        Kind::Required { property } => {
            loc.push(property.clone());
            issue("missing", loc, "Field required".into(), input, None)
        }
        Kind::MinLength { limit } => bounded("string_too_short", loc, "String", "at least", *limit, "character", input),
        Kind::MaxLength { limit } => bounded("string_too_long", loc, "String", "at most", *limit, "character", input),
        Kind::MinItems { limit } => bounded("too_short", loc, "List", "at least", *limit, "item", input),
        Kind::MaxItems { limit } => bounded("too_long", loc, "List", "at most", *limit, "item", input),
        Kind::Minimum { limit } => compared("greater_than_equal", "greater than or equal to", "ge", loc, limit, input),
        Kind::Maximum { limit } => compared("less_than_equal", "less than or equal to", "le", loc, limit, input),
        Kind::Enum { options } => {
            let expected = spell_out(options);
            let ctx = Some(json!({ "expected": expected }));
            issue("enum", loc, format!("Input should be {expected}"), input, ctx)
        }
        Kind::Type { kind } => {
            let (name, msg) = wanted(kind, input);
            issue(name, loc, msg.into(), input, None)
        }
        // An optional value: what is wrong is what keeps it from its first form, since nobody meant null.
        Kind::AnyOf { context } => match context.iter().flatten().next() {
            Some(inner) => Issue { loc, ..describe(inner, place) },
            None => issue("value_error", loc, error.masked().to_string(), input, None),
        },
        Kind::UniqueItems => issue("value_error", loc, "List should have no item twice".into(), input, None),
        // The sentence would repeat the whole value.
        _ => issue("value_error", loc, error.masked().to_string(), input, None),
    }
}

fn issue(kind: &'static str, loc: Vec<Value>, msg: String, input: &Value, ctx: Option<Value>) -> Issue {
    Issue::new(kind, loc, msg, input, ctx)
}

fn segment(segment: LocationSegment<'_>) -> Value {
    match segment {
        LocationSegment::Property(name) => json!(name),
        LocationSegment::Index(index) => json!(index),
    }
}

fn bounded(
    kind: &'static str,
    loc: Vec<Value>,
    what: &str,
    side: &str,
    limit: u64,
    unit: &str,
    input: &Value,
) -> Issue {
    let plural = if limit == 1 { "" } else { "s" };
    let bound = if side == "at least" { "min_length" } else { "max_length" };
    let (tail, ctx) = match input {
        Value::Array(items) => (
            format!(" after validation, not {}", items.len()),
            json!({ "field_type": what, bound: limit, "actual_length": items.len() }),
        ),
        _ => (String::new(), json!({ bound: limit })),
    };
    issue(kind, loc, format!("{what} should have {side} {limit} {unit}{plural}{tail}"), input, Some(ctx))
}

fn compared(kind: &'static str, words: &str, key: &str, loc: Vec<Value>, limit: &Value, input: &Value) -> Issue {
    issue(kind, loc, format!("Input should be {words} {limit}"), input, Some(json!({ key: limit })))
}

/// `'private' or 'public'`, without the null that makes a value optional.
fn spell_out(options: &Value) -> String {
    let names: Vec<String> =
        options.as_array().into_iter().flatten().filter_map(Value::as_str).map(|name| format!("'{name}'")).collect();
    match names.split_last() {
        Some((last, [])) => last.clone(),
        Some((last, rest)) => format!("{} or {last}", rest.join(", ")),
        None => "nothing".into(),
    }
}

/// A text where a number or a boolean was wanted came from a query string, and could not be read as one.
fn wanted(kind: &TypeKind, input: &Value) -> (&'static str, &'static str) {
    let first = match kind {
        TypeKind::Single(kind) => Some(*kind),
        TypeKind::Multiple(kinds) => kinds.iter().find(|kind| *kind != JsonType::Null),
    };
    match (first, input.is_string()) {
        (Some(JsonType::Integer), true) => {
            ("int_parsing", "Input should be a valid integer, unable to parse string as an integer")
        }
        (Some(JsonType::Integer), false) => ("int_type", "Input should be a valid integer"),
        (Some(JsonType::Number), true) => {
            ("float_parsing", "Input should be a valid number, unable to parse string as a number")
        }
        (Some(JsonType::Number), false) => ("float_type", "Input should be a valid number"),
        (Some(JsonType::Boolean), true) => {
            ("bool_parsing", "Input should be a valid boolean, unable to interpret input")
        }
        (Some(JsonType::Boolean), false) => ("bool_type", "Input should be a valid boolean"),
        (Some(JsonType::Array), _) => ("list_type", "Input should be a valid list"),
        (Some(JsonType::Object), _) => {
            ("model_attributes_type", "Input should be a valid dictionary or object to extract fields from")
        }
        _ => ("string_type", "Input should be a valid string"),
    }
}
