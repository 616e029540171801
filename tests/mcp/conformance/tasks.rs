//! Tools of the tasks extension of 2026-07-28, which are answered with a task where the client takes one.

use std::{sync::LazyLock, time::Duration};

use rmcp::{
    ErrorData,
    model::{
        CallToolRequestParams, CallToolResponse, CallToolResult, ClientCapabilities, CreateTaskResult, InputResponses,
        Tool,
    },
    task_manager::{TaskContext, TaskExit, TaskManager, TaskOptions},
};
use serde_json::{Value, json};
use tokio::time::sleep;

use super::{
    fixture::{Reply, Request, made},
    rounds::{accepted, asked, elicitation},
};

/// The tasks of these tools.
pub(super) static TASKS: LazyLock<TaskManager> = LazyLock::new(TaskManager::new);

const TOOLS: &[(&str, &str)] = &[
    ("greet", "Greet by name."),
    ("slow_compute", "Take some seconds, if the client takes tasks."),
    ("failing_job", "Fail, in a task only."),
    ("protocol_error_job", "End in a protocol error, in a task only."),
    ("confirm_delete", "Ask within a task."),
    ("multi_input", "Ask two things at once within a task."),
    ("test_tool_with_task", "Ask, and go on in a task."),
];

pub(super) fn all() -> impl Iterator<Item = Tool> {
    TOOLS.iter().map(|(name, description)| {
        made(json!({ "name": name, "description": description, "inputSchema": { "type": "object" } }))
    })
}

/// The answer of the tool; nothing where it is none of these.
pub(super) async fn call(params: &CallToolRequestParams, request: &Request) -> Option<Reply<CallToolResponse>> {
    let tool = TOOLS.iter().find(|(name, _)| params.name == *name)?.0;
    let argument =
        |name: &str| params.arguments.as_ref().and_then(|given| given.get(name).cloned()).unwrap_or_default();
    let takes_tasks = request.client_capabilities().is_some_and(|able| able.supports_tasks());
    let seconds = argument("seconds").as_f64().unwrap_or_default();
    let nothing = InputResponses::new();
    let name = accepted(params.input_responses.as_ref().unwrap_or(&nothing), "user_name");
    Some(Ok(match tool {
        "greet" => said(&format!("Hello, {}!", argument("name").as_str().unwrap_or_default())).into(),
        "slow_compute" if !takes_tasks => {
            sleep(Duration::from_secs_f64(seconds)).await;
            said("computed").into()
        }
        _ if !takes_tasks => {
            let wanted = ClientCapabilities::builder().enable_tasks().build();
            return Some(Err(ErrorData::missing_required_client_capability(wanted)));
        }
        "test_tool_with_task" if name.is_none() => {
            asked(json!({ "user_name": elicitation("What is your name?", "name", "string") }), None)
        }
        _ => {
            let name = name.unwrap_or_default()["name"].as_str().unwrap_or_default().to_owned();
            let task = TASKS.spawn(TaskOptions::new(), |task| Box::pin(run(tool, seconds, name, task)));
            CreateTaskResult::new(task).into()
        }
    }))
}

async fn run(tool: &str, seconds: f64, name: String, task: TaskContext) -> Result<CallToolResult, TaskExit> {
    let ask = |key: &str| {
        let question: Value = elicitation("Really?", "confirm", "boolean");
        task.request_input(key.to_owned(), made(question))
    };
    match tool {
        "slow_compute" => tokio::select! {
            () = task.cancelled() => Err(TaskExit::Cancelled),
            () = sleep(Duration::from_secs_f64(seconds)) => Ok(said("computed")),
        },
        "failing_job" => {
            Ok(made(json!({ "content": [{ "type": "text", "text": "The job failed" }], "isError": true })))
        }
        "protocol_error_job" => Err(ErrorData::internal_error("The job broke off", None).into()),
        "confirm_delete" => ask("confirm").await.map(|answer| said(&answer.to_string())),
        "multi_input" => {
            let answers = tokio::try_join!(ask("first"), ask("second"))?;
            Ok(said(&format!("{answers:?}")))
        }
        _ => Ok(said(&format!("Hello, {name}!"))),
    }
}

fn said(text: &str) -> CallToolResult {
    made(json!({ "resultType": "complete", "content": [{ "type": "text", "text": text }] }))
}
