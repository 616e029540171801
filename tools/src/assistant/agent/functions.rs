//! The model's functions: the tools that are marked for chat and that the caller may use, called as every face does.

use std::{collections::HashSet, sync::OnceLock};

use chrono::{DateTime, Utc};
use resources::llm::{self, Function};
use schemas::chat::{Call, Change, Proposal};
use serde_json::{Map, Value, json};

use super::{consent::Consent, sources::Sources, tokens};
use crate::{
    Context, Error, Result, Tool, Undo,
    confirmation::{TEXTS, look_up, named},
};

/// What the model may do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Offer {
    /// Look things up.
    Reading,
    /// Look things up and change them.
    Everything,
}

/// What came of a call.
pub(super) enum Outcome {
    /// A result, or what went wrong.
    Told(Value),
    /// A result, and something that is different now.
    Changed(Value, Change),
    /// Nothing yet: the user is to agree first.
    Proposed(Proposal),
}

/// The keywords of a schema that a model can do without.
const IDLE: [&str; 5] = ["example", "examples", "title", "$schema", "format"];

/// The functions that the model may ask for, as far as `room` tokens reach.
pub(super) fn offered(context: &Context, offer: Offer, mut room: usize) -> Vec<Function> {
    let permitted = functions().iter().filter(|(tool, ..)| may(context, offer, tool));
    let fitting = permitted.filter(|(.., cost)| room.checked_sub(*cost).map(|left| room = left).is_some());
    fitting.map(|(_, function, _)| function.clone()).collect()
}

/// Every function, the tool that it is, and how many tokens it takes: always the same, and longer to write than to read.
fn functions() -> &'static [(&'static Tool, Function, usize)] {
    static FUNCTIONS: OnceLock<Vec<(&Tool, Function, usize)>> = OnceLock::new();
    let function = |tool: &'static Tool| {
        let mut parameters = Value::Object(tool.arguments.schema().clone());
        slim(&mut parameters);
        let description = tool.description();
        let cost = tokens::count(&description) + tokens::count(&parameters.to_string());
        (tool, Function { name: tool.name.to_owned(), description, parameters }, cost)
    };
    FUNCTIONS.get_or_init(|| crate::all().iter().filter(|tool| tool.chat.is_some()).map(function).collect())
}

fn may(context: &Context, offer: Offer, tool: &Tool) -> bool {
    let fits = offer == Offer::Everything || tool.behaviour().read_only;
    tool.chat.is_some() && fits && tool.permits(context).is_ok()
}

/// Takes out of a schema what says nothing that a model needs.
fn slim(schema: &mut Value) {
    match schema {
        Value::Array(items) => items.iter_mut().for_each(slim),
        Value::Object(fields) => {
            fields.retain(|name, value| !IDLE.contains(&name.as_str()) || value.is_object());
            fields.values_mut().for_each(slim);
        }
        _ => {}
    }
}

/// What the server is doing while it runs a function, in a few words.
pub(super) fn doing(name: &str) -> String {
    let label = crate::find(name).and_then(|tool| tool.chat);
    label.map_or_else(|| format!("Using {}", name.replace('_', " ")), str::to_owned)
}

/// Runs what the model asks for; what goes wrong is a result that the model can read.
pub(super) async fn run(
    context: &Context,
    offer: Offer,
    consent: &Consent,
    sources: &Sources,
    call: &llm::Call,
) -> Outcome {
    let outcome = match read(context, offer, call) {
        Ok((tool, arguments)) => perform(context, consent, sources, tool, arguments).await,
        Err(error) => Err(error),
    };
    outcome.unwrap_or_else(|error| Outcome::Told(told(&error)))
}

/// What a model reads of an error.
pub(super) fn told(error: &Error) -> Value {
    json!({ "error": { "code": error.code(), "message": error.to_string() } })
}

fn read(context: &Context, offer: Offer, call: &llm::Call) -> Result<(&'static Tool, Map<String, Value>)> {
    let tool = crate::find(&call.name).filter(|tool| may(context, offer, tool));
    let tool = tool.ok_or_else(|| Error::NotFound(format!("There is no function called {}", call.name)))?;
    let text = if call.arguments.trim().is_empty() { "{}" } else { &call.arguments };
    let arguments = serde_json::from_str(text)
        .map_err(|error| Error::Invalid(format!("The arguments are not a JSON object: {error}")))?;
    Ok((tool, arguments))
}

async fn perform(
    context: &Context,
    consent: &Consent,
    sources: &Sources,
    tool: &'static Tool,
    arguments: Map<String, Value>,
) -> Result<Outcome> {
    if tool.behaviour().read_only {
        let result = tool.call(context.clone(), &tool.arguments, arguments).await?;
        return Ok(Outcome::Told(tool.for_assistants(result)));
    }
    let call = Call { tool: tool.name.to_owned(), arguments };
    let subject = match subject(&call.arguments, sources) {
        Some(subject) => Some(subject),
        None => named(context, tool, &call.arguments).await?,
    };
    let summary = summary(tool, subject.as_deref());
    if tool.behaviour().destructive || !consent.covers(&call.arguments, subject.as_deref()) {
        tool.arguments.read(call.arguments.clone())?;
        return Ok(Outcome::Proposed(Proposal { summary, call }));
    }
    change(context, &call, summary).await.map(|(result, change)| Outcome::Changed(result, change))
}

/// Does what changes something, and says how it is taken back.
pub(super) async fn change(context: &Context, call: &Call, summary: String) -> Result<(Value, Change)> {
    let tool = crate::find(&call.tool).filter(|tool| may(context, Offer::Everything, tool));
    let tool = tool.ok_or_else(|| Error::NotFound(format!("There is no function called {}", call.tool)))?;
    let begun = resources::now();
    let before = match tool.undo {
        Some(Undo::Restoring(_)) => before(context, tool, &call.arguments).await,
        _ => None,
    };
    let result = tool.call(context.clone(), &tool.arguments, call.arguments.clone()).await?;
    let undo = match tool.undo {
        Some(Undo::Deleting { made, by, argument }) => deleting(&result[made], by, argument, begun),
        Some(Undo::Restoring(_)) => before.map(|arguments| Call { tool: call.tool.clone(), arguments }),
        None => None,
    };
    Ok((tool.for_assistants(result), Change { tool: call.tool.clone(), summary, undo }))
}

/// The call that deletes what was written; none if it was there before, as what is written twice can be.
fn deleting(made: &Value, by: &str, argument: &str, begun: DateTime<Utc>) -> Option<Call> {
    let created = DateTime::parse_from_rfc3339(made["created_at"].as_str()?).ok()?;
    let arguments = Map::from_iter([(argument.to_owned(), made["id"].clone())]);
    (created >= begun).then(|| Call { tool: by.to_owned(), arguments })
}

/// The arguments that restore what the call is about to change.
async fn before(context: &Context, tool: &Tool, given: &Map<String, Value>) -> Option<Map<String, Value>> {
    let (names, row) = look_up(context, tool, given).await.ok()??;
    let changed = given.keys().filter(|name| !names.contains_key(*name));
    let restored: Option<Map<_, _>> = changed.map(|name| Some((name.clone(), row.get(name)?.clone()))).collect();
    Some(names.into_iter().chain(restored?).collect())
}

/// What a call is about, in the user's words: the text that it writes, or that of what it names by its id.
fn subject(arguments: &Map<String, Value>, sources: &Sources) -> Option<String> {
    let texts = TEXTS.iter().filter_map(|name| arguments.get(*name)?.as_str());
    let named = || {
        let ids = arguments.iter().filter(|(name, _)| name.ends_with("_id")).filter_map(|(_, id)| id.as_str());
        ids.filter_map(|id| sources.find(id)).map(|source| source.quote.clone()).next()
    };
    texts.map(str::to_owned).next().or_else(named)
}

fn summary(tool: &Tool, subject: Option<&str>) -> String {
    let what = tool.name.replace('_', " ");
    subject.map_or(what.clone(), |subject| format!("{what} “{subject}”"))
}

/// The calls that were made already, so that a model which goes round in circles is told.
#[derive(Debug, Default)]
pub(super) struct Made(HashSet<(String, String)>);

impl Made {
    /// Whether this call is a new one.
    pub(super) fn is_new(&mut self, call: &llm::Call) -> bool {
        let arguments = serde_json::from_str::<Value>(&call.arguments).map(|arguments| arguments.to_string());
        self.0.insert((call.name.clone(), arguments.unwrap_or_else(|_| call.arguments.clone())))
    }
}
