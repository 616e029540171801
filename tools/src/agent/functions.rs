//! The model's functions: the tools that the caller may use.

use resources::model::{Call, Function};
use schemas::memory::{FoundMemory, Memory};
use serde_json::{Map, Value, json};

use crate::{Access, Context, Error, Result};

/// The share of the best score that a memory needs to be quoted without a model.
const NEARLY: f32 = 0.6;

/// The functions that the model may ask for.
pub(super) fn permitted(context: &Context) -> Vec<Function> {
    let offered = |tool: &&crate::Tool| {
        // What cannot be brought back is for a person to do, and keys are not for models.
        tool.permits(context).is_ok() && matches!(tool.access, Access::Scope(_)) && !tool.behaviour().destructive
    };
    let function = |tool: &crate::Tool| Function {
        name: tool.name.to_owned(),
        description: tool.description(),
        parameters: Value::Object(tool.arguments.schema().clone()),
    };
    crate::all().iter().filter(offered).map(function).collect()
}

/// Runs a function; what went wrong is a result that the model can read.
pub(super) async fn run(context: &Context, call: &Call) -> Value {
    match try_run(context, call).await {
        Ok(result) => result,
        Err(error) => json!({ "error": { "code": error.code(), "message": error.to_string() } }),
    }
}

async fn try_run(context: &Context, call: &Call) -> Result<Value> {
    let offered = permitted(context).iter().any(|function| function.name == call.name);
    let tool = crate::find(&call.name).filter(|_| offered);
    let tool = tool.ok_or_else(|| Error::NotFound(format!("There is no function called {}", call.name)))?;
    let text = if call.arguments.trim().is_empty() { "{}" } else { &call.arguments };
    let arguments: Map<String, Value> = serde_json::from_str(text)
        .map_err(|error| Error::Invalid(format!("The arguments are not a JSON object: {error}")))?;
    Ok(tool.for_assistants(tool.call(context.clone(), &tool.arguments, arguments).await?))
}

/// The memories that fit a question best, with their scores.
pub(super) async fn search(context: &Context, question: &str, limit: u32) -> Result<Vec<FoundMemory>> {
    let tool = crate::find("search_memories").expect("the agent searches memories");
    let query: String = question.chars().take(2000).collect();
    let arguments = Map::from_iter([("query".to_owned(), json!(query)), ("limit".to_owned(), json!(limit))]);
    let mut result = tool.call(context.clone(), &tool.arguments, arguments).await?;
    serde_json::from_value(result["memories"].take()).map_err(|error| Error::Internal(error.into()))
}

/// The memories alone, for a model that judges for itself.
pub(super) fn memories(found: Vec<FoundMemory>) -> Vec<Memory> {
    found.into_iter().map(|found| found.memory).collect()
}

/// The memories that fit nearly as well as the best one: without a model, nobody else leaves out the rest.
pub(super) fn fitting(found: Vec<FoundMemory>) -> Vec<Memory> {
    let least = found.first().map_or(0.0, |best| best.relevance_score * NEARLY);
    memories(found.into_iter().filter(|found| found.relevance_score >= least).collect())
}

/// What the server is doing while it runs a function, in a few words.
pub(super) fn doing(name: &str) -> String {
    let words = name.replace('_', " ");
    match words.split_once(' ') {
        Some(("search", what)) => format!("Searching {what}"),
        Some(("get" | "list", what)) => format!("Reading {what}"),
        Some(("create", what)) => format!("Creating {what}"),
        Some(("edit" | "set" | "review" | "update" | "complete" | "rename", what)) => format!("Updating {what}"),
        _ => format!("Using {words}"),
    }
}
