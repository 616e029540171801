//! The functions offered to the model: the tools that are marked for chat and that the caller may use.

use std::{collections::HashSet, sync::OnceLock};

use chrono::{DateTime, Utc};
use resources::llm::{self, Function};
use schemas::chat::{Call, Change, Proposal};
use serde_json::{Map, Value, json};

use super::{consent::Consent, prompt::count_tokens, subject::Subject};
use crate::{Context, Error, Result, Tool, Undo, tool::confirmation::look_up};

/// The tools that the model may use.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum ToolAccess {
    /// Tools that change nothing.
    ReadOnly,
    /// All tools.
    All,
}

/// The outcome of a function call.
pub(super) enum CallOutcome {
    /// A result or an error.
    Answered(Value),
    /// A result, and the change that was made.
    Changed(Value, Change),
    /// A change that the user has to confirm first.
    Proposed(Proposal),
}

/// The model's answer to the deletion of something that the user has not spoken of.
const NOT_NAMED: &str =
    "The user has not spoken of this. Say first what it says, with its source, and ask whether it is meant";

/// The schema keywords that are omitted to save tokens.
const OMITTED_KEYWORDS: [&str; 5] = ["example", "examples", "title", "$schema", "format"];

/// The functions that the model may call, as far as they fit into `budget` tokens.
pub(super) fn available_functions(context: &Context, access: ToolAccess, mut budget: usize) -> Vec<Function> {
    let permitted = functions().iter().filter(|(tool, ..)| is_allowed(context, access, tool));
    let fitting = permitted.filter(|(.., cost)| budget.checked_sub(*cost).map(|left| budget = left).is_some());
    fitting.map(|(_, function, _)| function.clone()).collect()
}

/// Every function with its tool and its cost in tokens, computed once.
fn functions() -> &'static [(&'static Tool, Function, usize)] {
    static FUNCTIONS: OnceLock<Vec<(&Tool, Function, usize)>> = OnceLock::new();
    let function = |tool: &'static Tool| {
        let mut parameters = Value::Object(tool.arguments_for_chat());
        strip_schema(&mut parameters);
        let description = tool.description();
        let cost = count_tokens(&description) + count_tokens(&parameters.to_string());
        (tool, Function { name: tool.name.to_owned(), description, parameters }, cost)
    };
    FUNCTIONS.get_or_init(|| crate::all().iter().filter(|tool| tool.chat.is_some()).map(function).collect())
}

fn is_allowed(context: &Context, access: ToolAccess, tool: &Tool) -> bool {
    let fits = access == ToolAccess::All || tool.behaviour().read_only;
    tool.chat.is_some() && fits && tool.permits(context).is_ok()
}

/// Removes the omitted keywords from a schema.
fn strip_schema(schema: &mut Value) {
    match schema {
        Value::Array(items) => items.iter_mut().for_each(strip_schema),
        Value::Object(fields) => {
            fields.retain(|name, value| !OMITTED_KEYWORDS.contains(&name.as_str()) || value.is_object());
            fields.values_mut().for_each(strip_schema);
        }
        _ => {}
    }
}

/// The progress label of a function.
pub(super) fn progress_label(name: &str) -> String {
    let label = crate::find(name).and_then(|tool| tool.chat);
    label.map_or_else(|| format!("Using {}", name.replace('_', " ")), str::to_owned)
}

/// Runs a function call of the model. Errors become results that the model can read.
pub(super) async fn run_call(
    context: &Context,
    access: ToolAccess,
    consent: &Consent,
    call: &llm::Call,
) -> CallOutcome {
    let outcome = match parse_call(context, access, call) {
        Ok((tool, arguments)) => call_tool(context, consent, tool, arguments).await,
        Err(error) => Err(error),
    };
    outcome.unwrap_or_else(|error| CallOutcome::Answered(error_to_json(&error)))
}

/// An error as the model reads it.
fn error_to_json(error: &Error) -> Value {
    json!({ "error": { "code": error.code(), "message": error.to_string() } })
}

fn parse_call(context: &Context, access: ToolAccess, call: &llm::Call) -> Result<(&'static Tool, Map<String, Value>)> {
    let tool = crate::find(&call.name).filter(|tool| is_allowed(context, access, tool));
    let tool = tool.ok_or_else(|| Error::NotFound(format!("Unknown function {}", call.name)))?;
    let text = if call.arguments.trim().is_empty() { "{}" } else { &call.arguments };
    let mut arguments: Map<String, Value> = serde_json::from_str(text)
        .map_err(|error| Error::Invalid(format!("The arguments are not a JSON object: {error}")))?;
    // It is about the result, which is cut when it is given to the model.
    tool.take_position(&mut arguments)?;
    // What the tool does not take must not be mistaken for what it does.
    arguments.retain(|name, _| tool.arguments.takes(name));
    // The user agrees to what is written, not to the text that it came in.
    tool.arguments.parse_json_text(&mut arguments);
    Ok((tool, arguments))
}

async fn call_tool(
    context: &Context,
    consent: &Consent,
    tool: &'static Tool,
    arguments: Map<String, Value>,
) -> Result<CallOutcome> {
    if tool.behaviour().read_only {
        let result = tool.call(context.clone(), &tool.arguments, arguments).await?;
        return Ok(CallOutcome::Answered(tool.for_assistants(result)));
    }
    let call = Call { tool: tool.name.to_owned(), arguments };
    let subject = Subject::read(context, tool, &call.arguments).await?;
    let summary = subject.summary();
    if tool.behaviour().destructive && subject.row.as_ref().is_some_and(|row| !consent.names(row)) {
        return Err(Error::Rejected(NOT_NAMED.into()));
    }
    if tool.behaviour().destructive || !consent.covers(&subject) {
        subject.check_length()?;
        tool.arguments.read(call.arguments.clone(), chrono_tz::Tz::UTC)?;
        return Ok(CallOutcome::Proposed(Proposal { summary, call }));
    }
    apply_change(context, &call, summary).await.map(|(result, change)| CallOutcome::Changed(result, change))
}

/// A proposed call in words, as it would be proposed now.
pub(super) async fn summarize(context: &Context, call: &Call) -> Result<String> {
    let tool = crate::find(&call.tool).ok_or_else(|| Error::NotFound(format!("Unknown function {}", call.tool)))?;
    Ok(Subject::read(context, tool, &call.arguments).await?.summary())
}

/// Calls a tool that changes something. Returns its result, and the change with the call that undoes it.
pub(super) async fn apply_change(context: &Context, call: &Call, summary: String) -> Result<(Value, Change)> {
    let tool = crate::find(&call.tool).filter(|tool| is_allowed(context, ToolAccess::All, tool));
    let tool = tool.ok_or_else(|| Error::NotFound(format!("Unknown function {}", call.tool)))?;
    let begun = resources::now();
    let previous = match tool.undo {
        Some(Undo::Restoring(_)) => previous_arguments(context, tool, &call.arguments).await,
        _ => None,
    };
    let result = tool.call(context.clone(), &tool.arguments, call.arguments.clone()).await?;
    let undo = match tool.undo {
        Some(Undo::Deleting { made, by, argument }) => deletion_call(&result[made], by, argument, begun),
        Some(Undo::Restoring(_)) => previous.map(|arguments| Call { tool: call.tool.clone(), arguments }),
        None => None,
    };
    Ok((tool.for_assistants(result), Change { tool: call.tool.clone(), summary, undo }))
}

/// The call that deletes what was created; none if it existed before.
fn deletion_call(made: &Value, by: &str, argument: &str, begun: DateTime<Utc>) -> Option<Call> {
    let created = DateTime::parse_from_rfc3339(made["created_at"].as_str()?).ok()?;
    let arguments = Map::from_iter([(argument.to_owned(), made["id"].clone())]);
    (created >= begun).then(|| Call { tool: by.to_owned(), arguments })
}

/// The arguments that restore the fields that a call changes.
async fn previous_arguments(context: &Context, tool: &Tool, given: &Map<String, Value>) -> Option<Map<String, Value>> {
    let (names, row) = look_up(context, tool, given).await.ok()??;
    let changed = given.keys().filter(|name| !names.contains_key(*name));
    let restored: Option<Map<_, _>> = changed.map(|name| Some((name.clone(), row.get(name)?.clone()))).collect();
    Some(names.into_iter().chain(restored?).collect())
}

/// The calls that were already made, to detect repetitions.
#[derive(Debug, Default)]
pub(super) struct CallLog(HashSet<(String, String)>);

impl CallLog {
    /// Records a call. Returns whether it is new.
    pub(super) fn insert(&mut self, call: &llm::Call) -> bool {
        let arguments = serde_json::from_str::<Value>(&call.arguments).map(|arguments| arguments.to_string());
        self.0.insert((call.name.clone(), arguments.unwrap_or_else(|_| call.arguments.clone())))
    }
}
