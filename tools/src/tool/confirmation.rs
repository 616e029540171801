//! Confirmation of destructive calls: what a call is about, in the user's words, and the question for a person.

use language::truncate::truncate_line;
use serde_json::{Map, Value};

use super::{Context, Error, Result, Tool};

/// The fields with the text of an object.
pub(crate) const TEXTS: [&str; 5] = ["description", "content", "title", "name", "headline"];

/// The maximum length of a quote in a question, in characters.
const MAX_QUOTE: usize = 120;

impl Tool {
    /// Asks the user to confirm a destructive call, where their client can ask them. Objects that do not exist need no
    /// confirmation: the call fails by itself.
    pub(crate) async fn confirm(&self, context: &Context, arguments: &Value) -> Result<()> {
        if context.client.is_none() || !self.behaviour().destructive {
            return Ok(());
        }
        let nothing = Map::new();
        let given = arguments.as_object().unwrap_or(&nothing);
        match named(context, self, given).await {
            Err(Error::NotFound(_)) => Ok(()),
            subject => context.confirm(&self.question(given, subject.unwrap_or_default().as_deref())).await,
        }
    }

    /// The question for a person: `Delete memory “Ana keeps bees”? This cannot be undone.`
    fn question(&self, given: &Map<String, Value>, subject: Option<&str>) -> String {
        let how_many = given.values().filter_map(Value::as_array).map(Vec::len).next();
        let what = match (subject, how_many) {
            (Some(subject), _) => format!("{} “{}”", self.title(), truncate_line(subject, MAX_QUOTE)),
            (None, Some(count)) => format!("{} ({count} of them)", self.title()),
            (None, None) => self.title(),
        };
        format!("{what}? This cannot be undone.")
    }
}

/// The text of what a call names by its id.
pub(crate) async fn named(context: &Context, tool: &Tool, given: &Map<String, Value>) -> Result<Option<String>> {
    Ok(look_up(context, tool, given).await?.and_then(|(_, row)| text_of(&row)))
}

/// The text of an object as its reader returns it.
pub(crate) fn text_of(row: &Value) -> Option<String> {
    let places = TEXTS.iter().map(|name| &row[*name]).chain([&row["structured"]["title"]]);
    places.filter_map(Value::as_str).find(|text| !text.is_empty()).map(str::to_owned)
}

/// What a call is about to change, as the noun's reader returns it, and the arguments that name it.
pub(crate) async fn look_up(
    context: &Context,
    tool: &Tool,
    given: &Map<String, Value>,
) -> Result<Option<(Map<String, Value>, Value)>> {
    let Some(reader) = tool.noun.reader.and_then(crate::find) else { return Ok(None) };
    let known = |name: &String| reader.arguments.takes(name);
    let names: Map<_, _> =
        given.iter().filter(|(name, _)| known(name)).map(|(name, id)| (name.clone(), id.clone())).collect();
    if names.is_empty() {
        return Ok(None);
    }
    let mut answer = reader.read_unaudited(context.clone(), names.clone()).await?;
    let row =
        answer.as_object_mut().and_then(|fields| fields.values_mut().find(|field| field.is_object())).map(Value::take);
    Ok(Some((names, row.unwrap_or(answer))))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn questions_say_what_goes() {
        let question = |tool: &str, given: Value, subject| {
            crate::find(tool).unwrap().question(given.as_object().unwrap(), subject)
        };
        let one = question("delete_memory", json!({ "memory_id": "m" }), Some("Ana keeps bees"));
        assert_eq!(one, "Delete memory “Ana keeps bees”? This cannot be undone.");
        let some = question("delete_memories", json!({ "memory_ids": ["a", "b"] }), None);
        assert_eq!(some, "Delete memories (2 of them)? This cannot be undone.");
        assert_eq!(question("delete_all_memories", json!({}), None), "Delete all memories? This cannot be undone.");
    }
}
