//! Calls that take long, as tasks of the extension `io.modelcontextprotocol/tasks`. Questions to the user within a task,
//! and cancelling, are among the scenarios of the conformance suite.

use std::time::Duration;

use reqwest::StatusCode;
use serde_json::{Value, json};

use super::client::McpClient;

/// How many tasks a user can have.
const MAX_TASKS: usize = 32;

impl McpClient {
    /// A request of a client that has declared the tasks extension.
    async fn ask_with_tasks(&self, method: &str, mut params: Value) -> Value {
        let extensions = json!({ "extensions": { "io.modelcontextprotocol/tasks": {} } });
        params["_meta"]["io.modelcontextprotocol/clientCapabilities"] = extensions;
        self.ask(method, params).await
    }

    /// Calls `ask`, which can take as long as a language model does.
    async fn ask_as_task(&self, question: &str) -> Value {
        let params = json!({ "name": "ask", "arguments": { "question": question } });
        self.ask_with_tasks("tools/call", params).await["result"].take()
    }

    /// What the server says to a request about a task.
    async fn of_task(&self, method: &str, task: &str) -> Value {
        let mut params = json!({ "taskId": task });
        if method == "tasks/update" {
            params["inputResponses"] = json!({});
        }
        self.ask_with_tasks(method, params).await
    }

    /// The task, once its status is another than `working`.
    async fn settled(&self, task: &str) -> Value {
        for _ in 0..1000 {
            let mut answer = self.of_task("tasks/get", task).await;
            if answer["result"]["status"] != "working" {
                return answer["result"].take();
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        panic!("the task does not come to an end");
    }
}

#[tokio::test]
async fn a_long_call_is_a_task_with_the_result_of_the_call() {
    let client = McpClient::of_new_user().await;
    client.user.app().post("/v3/memories", json!({ "content": "Ada keeps bees in Oslo" })).await.ok();
    let created = client.ask_as_task("Where does Ada keep bees?").await;
    assert_eq!((&created["resultType"], &created["status"]), (&json!("task"), &json!("working")));
    assert_eq!((&created["ttlMs"], &created["pollIntervalMs"]), (&json!(1_800_000), &json!(2000)));
    let task = created["taskId"].as_str().unwrap();
    let done = client.settled(task).await;
    assert_eq!((&done["status"], &done["result"]["isError"]), (&json!("completed"), &json!(false)), "{done}");
    let answer = done["result"]["structuredContent"]["answer"].as_str().unwrap();
    assert!(answer.contains("Ada keeps bees in Oslo"), "{answer}");
    client.of_task("tasks/cancel", task).await;
    assert_eq!(client.settled(task).await["status"], "completed", "a task that has ended stays as it is");

    let failed = client.ask_as_task("").await;
    let failed = client.settled(failed["taskId"].as_str().unwrap()).await;
    assert_eq!((&failed["status"], &failed["result"]["isError"]), (&json!("completed"), &json!(true)), "{failed}");
    assert_eq!(failed["result"]["structuredContent"]["error"]["code"], "invalid_arguments");
}

#[tokio::test]
async fn only_long_calls_of_clients_that_take_tasks_are_tasks() {
    let client = McpClient::of_new_user().await;
    let short = json!({ "name": "create_memory", "arguments": { "content": "Ada keeps bees" } });
    let short = client.ask_with_tasks("tools/call", short).await;
    assert_eq!(short["result"]["resultType"], "complete", "{short}");
    let waited = client.call("ask", json!({ "question": "Who keeps bees?" })).await;
    assert_eq!(waited["result"]["resultType"], "complete");
    assert!(waited["result"]["structuredContent"]["answer"].is_string(), "{waited}");
    let refused = client.describe("tasks/get", json!({ "taskId": "unknown" })).send().await.unwrap();
    assert_eq!(refused.status(), StatusCode::BAD_REQUEST);
    assert_eq!(refused.json::<Value>().await.unwrap()["error"]["code"], -32021);
}

#[tokio::test]
async fn a_task_belongs_to_the_key_that_started_it() {
    let mut client = McpClient::of_new_user().await;
    let other = McpClient::of_new_user().await;
    let created = client.ask_as_task("Who keeps bees?").await;
    let task = created["taskId"].as_str().unwrap();
    let another = client.user.app().post("/v1/mcp/keys", json!({ "name": "another" })).await.ok();
    let key = std::mem::replace(&mut client.key, another["key"].as_str().unwrap().to_owned());
    for stranger in [&client, &other] {
        for method in ["tasks/get", "tasks/update", "tasks/cancel"] {
            let refused = stranger.of_task(method, task).await;
            assert_eq!(refused["error"]["code"], -32602, "{refused}");
            assert_eq!(refused, stranger.of_task(method, "unknown").await, "as one that does not exist");
        }
    }
    client.key = key;
    assert_eq!(client.settled(task).await["status"], "completed");
}

#[tokio::test]
async fn a_user_has_a_limited_number_of_tasks() {
    let (client, other) = (McpClient::of_new_user().await, McpClient::of_new_user().await);
    // An invalid question is soon answered, and counts like any other.
    for _ in 0..MAX_TASKS {
        assert_eq!(client.ask_as_task("").await["resultType"], "task");
    }
    let direct = client.ask_as_task("").await;
    assert_eq!(direct["resultType"], "complete", "one more call is answered when it is done: {direct}");
    assert_eq!(other.ask_as_task("").await["resultType"], "task", "another user has tasks of their own");
}
