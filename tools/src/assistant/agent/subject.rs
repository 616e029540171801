//! What a change is about: the stored row that it names, and what it writes. Both come from the arguments that the tool
//! takes and from the database, never from what the model says about them.

use language::truncate::truncate_line;
use serde_json::{Map, Value};

use crate::{
    Context, Error, Result, Tool,
    tool::confirmation::{TEXTS, look_up, text_of},
};

/// The maximum length of a row's text in a summary, in characters.
const MAX_QUOTE: usize = 120;

/// The maximum length of a written text that can be confirmed, in characters: the user agrees to all of it.
const MAX_CONFIRMED: usize = 1000;

/// From this length on, in characters, any written text is a statement, not a label.
const MIN_STATEMENT: usize = 40;

/// The subject of a call that changes something.
pub(super) struct Subject {
    /// The row that the call names.
    pub(super) row: Option<Row>,
    /// What the call writes, by argument.
    written: Vec<(String, Value)>,
    /// The tool, in words.
    action: String,
}

/// A stored row.
pub(super) struct Row {
    /// Its id.
    pub(super) id: String,
    /// Its text.
    pub(super) text: String,
}

impl Subject {
    /// Reads the subject of a call.
    ///
    /// # Errors
    /// [`Error::NotFound`] if there is no such row.
    pub(super) async fn read(context: &Context, tool: &Tool, arguments: &Map<String, Value>) -> Result<Self> {
        let found = look_up(context, tool, arguments).await?;
        let names = found.as_ref().map(|(names, _)| names.clone()).unwrap_or_default();
        let written = arguments.iter().filter(|(name, value)| !names.contains_key(*name) && !value.is_null());
        let written = written.map(|(name, value)| (name.clone(), value.clone())).collect();
        let row = found.map(|(names, row)| Row {
            id: names.values().find_map(Value::as_str).unwrap_or_default().to_owned(),
            text: text_of(&row).unwrap_or_default(),
        });
        Ok(Self { row, written, action: tool.name.replace('_', " ") })
    }

    /// A subject that is known already.
    #[cfg(test)]
    pub(super) fn new(action: &str, row: Option<Row>, written: Map<String, Value>) -> Self {
        Self { row, written: written.into_iter().collect(), action: action.to_owned() }
    }

    /// The statements that the call writes: what the user must have said themselves.
    pub(super) fn statements(&self) -> impl Iterator<Item = &str> {
        let is_statement = |name: &str, text: &str| TEXTS.contains(&name) || text.chars().nth(MIN_STATEMENT).is_some();
        let texts = self.written.iter().flat_map(|(name, value)| {
            let items = value.as_array().map_or(std::slice::from_ref(value), Vec::as_slice);
            items.iter().filter_map(Value::as_str).map(move |text| (name.as_str(), text))
        });
        texts.filter(move |(name, text)| is_statement(name, text)).map(|(_, text)| text)
    }

    /// The call in words: `edit memory “Ana keeps bees” (content: “Ana keeps goats”)`.
    pub(super) fn summary(&self) -> String {
        let mut written: Vec<(&str, String)> =
            self.written.iter().map(|(name, value)| (name.as_str(), shown(value))).collect();
        let title = match &self.row {
            Some(row) => Some(format!("“{}”", truncate_line(&row.text, MAX_QUOTE))),
            None => {
                let main = TEXTS.iter().find_map(|text| written.iter().position(|(name, _)| name == text));
                main.map(|index| written.remove(index).1)
            }
        };
        let details: Vec<String> =
            written.iter().map(|(name, value)| format!("{}: {value}", name.replace('_', " "))).collect();
        let details = Some(details.join(", ")).filter(|details| !details.is_empty());
        let parts = [Some(self.action.clone()), title, details.map(|details| format!("({details})"))];
        parts.into_iter().flatten().collect::<Vec<_>>().join(" ")
    }

    /// Checks that a question can show everything that is written.
    ///
    /// # Errors
    /// [`Error::Invalid`] if a text is too long for that.
    pub(super) fn check_length(&self) -> Result<()> {
        let is_long = |(_, value): &&(String, Value)| shown(value).chars().nth(MAX_CONFIRMED).is_some();
        match self.written.iter().find(is_long) {
            Some((name, _)) => Err(Error::Invalid(format!("{name}: too long to be confirmed in the chat"))),
            None => Ok(()),
        }
    }
}

/// A value on one line.
fn shown(value: &Value) -> String {
    let line = |text: &str| text.split_whitespace().collect::<Vec<_>>().join(" ");
    match value {
        Value::String(text) => format!("“{}”", line(text)),
        Value::Bool(true) => "yes".to_owned(),
        Value::Bool(false) => "no".to_owned(),
        Value::Array(items) => items.iter().map(shown).collect::<Vec<_>>().join(", "),
        other => line(&other.to_string()),
    }
}
