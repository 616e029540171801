//! The tasks extension (`io.modelcontextprotocol/tasks`): the call of a tool that takes long is answered with a task, whose
//! state and result the client polls.
//!
//! rmcp's `TaskManager` runs the calls and keeps their states; this adds who may see a task, how many tasks a user can
//! have, and what ends one. Tasks are kept in memory: what a call has written is durable, its task ends with the process.

use std::{
    collections::HashMap,
    future,
    sync::Arc,
    time::{Duration, Instant},
};

use futures::future::BoxFuture;
use parking_lot::Mutex;
use rmcp::{
    ErrorData, RoleServer,
    model::{
        CallToolResult, ElicitRequest, ElicitResult, GetTaskResult, InputRequest, InputResponses, ProtocolVersion, Task,
    },
    service::RequestContext,
    task_manager::{TaskContext, TaskExit, TaskManager, TaskOptions},
};
use serde::Deserialize;
use serde_json::{Map, Value};
use tokio::time::sleep;
use tools::{Answer, Context, Credential, Tool};
use uuid::Uuid;

use super::{
    calling_client::{answer_of, has_forms, yes_or_no_form},
    errors::{cancelled, tool_error},
    sessions::SessionOwner,
};

/// How long a task may run. Its result is kept for as long after its end.
const TASK_TTL: Duration = Duration::from_secs(30 * 60);

/// How often a client should poll.
const POLL_INTERVAL: Duration = Duration::from_secs(2);

/// How many tasks a user can have, running and kept; further calls are answered when they are done.
const MAX_TASKS_PER_USER: usize = 32;

/// The tasks of all users.
#[derive(Default)]
pub(super) struct Tasks {
    manager: TaskManager,
    records: Mutex<HashMap<String, TaskRecord>>,
}

/// What is kept of a task beside what rmcp keeps.
struct TaskRecord {
    /// The key or grant that started it, and its user.
    owner: SessionOwner,
    started: Instant,
}

/// The client of a call that is a task: it reads progress and questions when it polls.
struct TaskClient {
    task: TaskContext,
    can_ask: bool,
}

/// Whether a request may be answered with a task: the client has declared the extension, in a protocol version that has it.
pub(super) fn are_accepted(request: &RequestContext<RoleServer>) -> bool {
    let is_modern = request.protocol_version().is_some_and(|version| version >= ProtocolVersion::V_2026_07_28);
    is_modern && request.client_capabilities().is_some_and(|capabilities| capabilities.supports_tasks())
}

impl Tasks {
    /// Calls a tool as a task; `None` if the user has too many tasks.
    pub(super) fn start(
        &self,
        tool: &'static Tool,
        caller: Context,
        arguments: Map<String, Value>,
        request: &RequestContext<RoleServer>,
    ) -> Option<Task> {
        let (owner, can_ask) = (SessionOwner::of(&caller), has_forms(request));
        let mut records = self.records.lock();
        // rmcp has dropped these by now.
        records.retain(|_, record| record.started.elapsed() < 2 * TASK_TTL);
        if records.values().filter(|record| record.owner.is_of_same_user(&owner)).count() >= MAX_TASKS_PER_USER {
            return None;
        }
        let options = TaskOptions::new()
            .with_ttl_ms(TASK_TTL.as_millis() as u64)
            .with_poll_interval_ms(POLL_INTERVAL.as_millis() as u64);
        let task = self.manager.spawn(options, |task| {
            let caller = caller.with_client(Arc::new(TaskClient { task: task.clone(), can_ask }));
            Box::pin(run(tool, caller, arguments, task))
        });
        records.insert(task.task_id.clone(), TaskRecord { owner, started: Instant::now() });
        Some(task)
    }

    /// The state of a task, with its result or its open questions.
    pub(super) fn get(&self, caller: &Context, id: &str) -> Result<GetTaskResult, ErrorData> {
        self.check_owner(caller, id)?;
        self.manager.get_task(id).map(GetTaskResult::new).map_err(|_| unknown_task())
    }

    /// Passes answers to the questions of a task on to it.
    pub(super) fn update(&self, caller: &Context, id: &str, answers: InputResponses) -> Result<(), ErrorData> {
        self.check_owner(caller, id)?;
        self.manager.update_task(id, answers).map_err(|_| unknown_task())
    }

    /// Cancels a task; one that has ended stays as it is.
    pub(super) fn cancel(&self, caller: &Context, id: &str) -> Result<(), ErrorData> {
        self.check_owner(caller, id)?;
        self.manager.cancel_task(id).map_err(|_| unknown_task())
    }

    /// Another owner's task is answered as an unknown one.
    fn check_owner(&self, caller: &Context, id: &str) -> Result<(), ErrorData> {
        let owner = SessionOwner::of(caller);
        let is_owner = self.records.lock().get(id).is_some_and(|record| record.owner == owner);
        if is_owner { Ok(()) } else { Err(unknown_task()) }
    }
}

/// Runs a call until it ends, is cancelled, loses its credential, or the server stops.
async fn run(
    tool: &'static Tool,
    caller: Context,
    mut arguments: Map<String, Value>,
    task: TaskContext,
) -> Result<CallToolResult, TaskExit> {
    let position = match tool.take_position(&mut arguments) {
        Ok(position) => position,
        Err(error) => return Ok(tool_error(error)),
    };
    let resources = Arc::clone(&caller.resources);
    let revoked = match &caller.caller.credential {
        Credential::Key(key) => Some(key.revoked.clone()),
        Credential::Session | Credential::Nobody => None,
    };
    let is_revoked = async {
        match revoked {
            Some(revoked) => revoked.cancelled().await,
            None => future::pending().await,
        }
    };
    tokio::select! {
        biased;
        () = task.cancelled() => Err(TaskExit::Cancelled),
        () = is_revoked => Err(TaskExit::Cancelled),
        () = resources.tasks.stopped() => Err(TaskExit::Error(cancelled())),
        // rmcp ends such a task as well, but only when another task is started or polled.
        () = sleep(TASK_TTL) => Err(TaskExit::Error(ErrorData::internal_error("The task took too long", None))),
        outcome = tool.call(caller, &tool.arguments, arguments) => {
            let result = outcome.map(|result| tool.part_for_assistants(result, position));
            Ok(result.map_or_else(tool_error, CallToolResult::structured))
        }
    }
}

impl tools::Client for TaskClient {
    fn progress<'a>(&'a self, done: u64, total: Option<u64>, doing: &'a str) -> BoxFuture<'a, ()> {
        let message = match total {
            Some(total) => format!("{doing} ({done} of {total} steps done)"),
            None => doing.to_owned(),
        };
        self.task.set_status_message(message);
        Box::pin(future::ready(()))
    }

    fn ask<'a>(&'a self, question: &'a str) -> BoxFuture<'a, tools::Result<Answer>> {
        Box::pin(async move {
            if !self.can_ask {
                return Ok(Answer::Unable);
            }
            let request = InputRequest::Elicitation(ElicitRequest::new(yes_or_no_form(question)));
            let key = format!("confirm-{}", Uuid::new_v4());
            // What ends a task that waits for an answer is no consent.
            let given = self.task.request_input(key, request).await.ok();
            let answer = given.and_then(|given| ElicitResult::deserialize(&given).ok());
            Ok(answer.map_or(Answer::No, |answer| answer_of(&answer)))
        })
    }
}

fn unknown_task() -> ErrorData {
    ErrorData::invalid_params("Unknown task", None)
}
