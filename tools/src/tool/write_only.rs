//! Results for keys that may write but not read: they get back the ids, and of each row what they have written themselves.

use chrono::{DateTime, Utc};
use serde_json::{Map, Value};

use super::{Context, Credential, Tool};

/// Removes what the caller may not read from the result of a write. A row that the call has created is returned whole: all
/// of it follows from what the caller wrote.
pub(super) struct WriteOnlyFilter<'a> {
    tool: &'a Tool,
    /// The field of the result that holds the rows.
    held: &'static str,
    /// The arguments, and the objects in their lists.
    written: Vec<Map<String, Value>>,
    begun: DateTime<Utc>,
}

impl<'a> WriteOnlyFilter<'a> {
    /// The filter for a call that is about to be made; `None` where the caller may read what the tool returns.
    pub(super) fn of(tool: &'a Tool, context: &Context, arguments: &Value) -> Option<Self> {
        let (Credential::Key(key), Some((read, _)), Some(held)) =
            (&context.caller.credential, tool.noun.scopes, tool.held)
        else {
            return None;
        };
        if tool.behaviour().read_only || key.has_scope(read) {
            return None;
        }
        let fields = arguments.as_object().into_iter().flat_map(Map::values);
        let listed = fields.filter_map(Value::as_array).flatten();
        let written = [arguments].into_iter().chain(listed).filter_map(Value::as_object).cloned().collect();
        Some(Self { tool, held, written, begun: resources::now() })
    }

    /// The part of the result that the caller gets.
    pub(super) fn apply(self, mut result: Value) -> Value {
        let held = result[self.held].take();
        result[self.held] = match held {
            Value::Array(rows) => rows.into_iter().map(|row| self.reduce(row)).collect(),
            row => self.reduce(row),
        };
        result
    }

    fn reduce(&self, row: Value) -> Value {
        let created_at = row["created_at"].as_str().and_then(|time| time.parse::<DateTime<Utc>>().ok());
        let is_new = !self.tool.behaviour().idempotent && created_at.is_some_and(|time| time >= self.begun);
        if is_new {
            return row;
        }
        let Value::Object(fields) = &row else { return row };
        let is_shown =
            |name: &str, value: &Value| name == "id" || name == self.tool.noun.id || self.has_written(name, value);
        let shown = fields.iter().filter(|(name, value)| is_shown(name, value));
        let mut reduced: Value = shown.map(|(name, value)| (name.clone(), value.clone())).collect();
        // Some rows hold their words deeper: `/structured/title`.
        let path: Vec<&str> = self.tool.noun.text.split('/').skip(1).collect();
        if let ([object, name], Some(text)) = (&path[..], row.pointer(self.tool.noun.text))
            && self.has_written(name, text)
        {
            reduced[*object] = Value::Object(Map::from_iter([((*name).to_owned(), text.clone())]));
        }
        reduced
    }

    /// Whether the caller has given this value under this name.
    fn has_written(&self, name: &str, value: &Value) -> bool {
        let is_equal = |given: &Value| match (given, value) {
            (Value::String(given), Value::String(value)) => given.trim() == value,
            (Value::Number(given), Value::Number(value)) => given.as_f64() == value.as_f64(),
            (given, value) => given == value,
        };
        self.written.iter().filter_map(|written| written.get(name)).any(is_equal)
    }
}
