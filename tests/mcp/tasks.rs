//! Calls that take long, as tasks of the extension `io.modelcontextprotocol/tasks`.

use std::time::Duration;

use reqwest::StatusCode;
use schemas::{key::KeyFamily, scope::Scope};
use serde_json::{Value, json};

use super::client::McpClient;
use crate::{
    conversations::support::{create_conversation, get_conversation},
    support::server::{Server, TestUser, on_runtime},
};

/// The capabilities of a client that can ask its user.
const ASKING: &str = "elicitation";

/// How many tasks a user can have.
const MAX_TASKS: usize = 32;

impl McpClient {
    /// A client of a new user whose key may change conversations: the scope is none that such keys are created with.
    async fn of_new_writer() -> Self {
        let server = Server::shared().await;
        let client = Self::at(server).await;
        let key = new_writer_key(server, &client.user).await;
        Self { key, ..client }
    }

    /// A request of a client that has declared the tasks extension and these capabilities.
    async fn ask_with_tasks(&self, method: &str, mut params: Value, capabilities: &[&str]) -> Value {
        let mut declared = json!({ "extensions": { "io.modelcontextprotocol/tasks": {} } });
        for capability in capabilities {
            declared[*capability] = json!({});
        }
        params["_meta"]["io.modelcontextprotocol/clientCapabilities"] = declared;
        self.ask(method, params).await
    }

    /// Calls `merge_conversations`.
    async fn merge(&self, ids: &[String; 2], capabilities: &[&str]) -> Value {
        let arguments = json!({ "conversation_ids": ids, "reprocess": false });
        let params = json!({ "name": "merge_conversations", "arguments": arguments });
        self.ask_with_tasks("tools/call", params, capabilities).await["result"].take()
    }

    /// What the server says to a request about a task.
    async fn of_task(&self, method: &str, task: &str) -> Value {
        let mut params = json!({ "taskId": task });
        if method == "tasks/update" {
            params["inputResponses"] = json!({});
        }
        self.ask_with_tasks(method, params, &[]).await
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

    /// A merge that waits for its user's consent: the task's id and the key of the question.
    async fn waiting_merge(&self, ids: &[String; 2]) -> (String, String) {
        let created = self.merge(ids, &[ASKING]).await;
        assert_eq!(created["resultType"], "task", "{created}");
        let id = created["taskId"].as_str().unwrap().to_owned();
        let waiting = self.settled(&id).await;
        assert_eq!(waiting["status"], "input_required", "{waiting}");
        let (key, question) = waiting["inputRequests"].as_object().unwrap().iter().next().unwrap();
        let message = &question["params"]["message"];
        assert_eq!(message, "Merge conversations (2 of them)? This cannot be undone.");
        (id, key.clone())
    }

    async fn two_conversations(&self) -> [String; 2] {
        let app = self.user.app();
        [
            create_conversation(&app, "2026-05-01T09:00:00Z", &["We talked about the garden."]).await,
            create_conversation(&app, "2026-05-01T09:10:00Z", &["And the roses are red."]).await,
        ]
    }
}

async fn new_writer_key(server: &Server, user: &TestUser) -> String {
    let (resources, id) = (server.resources.clone(), user.id.clone());
    let scopes = [Scope::MemoriesWrite, Scope::ConversationsRead, Scope::ConversationsWrite];
    let create =
        async move { resources.keys().create(&id, KeyFamily::Mcp, "writer", Some(&scopes)).await.unwrap().key };
    on_runtime(create).await
}

#[tokio::test]
async fn a_long_call_is_a_task_with_the_result_of_the_call() {
    let client = McpClient::of_new_writer().await;
    let ids = client.two_conversations().await;
    let created = client.merge(&ids, &[]).await;
    assert_eq!((&created["resultType"], &created["status"]), (&json!("task"), &json!("working")));
    assert_eq!((&created["ttlMs"], &created["pollIntervalMs"]), (&json!(1_800_000), &json!(2000)));
    let done = client.settled(created["taskId"].as_str().unwrap()).await;
    assert_eq!((&done["status"], &done["result"]["isError"]), (&json!("completed"), &json!(false)), "{done}");
    let merged = done["result"]["structuredContent"]["conversation_id"].as_str().unwrap();
    let merged = get_conversation(&client.user.app(), merged).await;
    assert_eq!(merged["transcript_segments"].as_array().unwrap().len(), 2);

    let failed = client.merge(&ids, &[]).await;
    let failed = client.settled(failed["taskId"].as_str().unwrap()).await;
    assert_eq!((&failed["status"], &failed["result"]["isError"]), (&json!("completed"), &json!(true)), "{failed}");
    assert_eq!(failed["result"]["structuredContent"]["error"]["code"], "not_found");
}

#[tokio::test]
async fn only_long_calls_of_clients_that_take_tasks_are_tasks() {
    let client = McpClient::of_new_writer().await;
    let short = json!({ "name": "create_memory", "arguments": { "content": "Ada keeps bees" } });
    let short = client.ask_with_tasks("tools/call", short, &[]).await;
    assert_eq!(short["result"]["resultType"], "complete", "{short}");
    let arguments = json!({ "conversation_ids": client.two_conversations().await, "reprocess": false });
    let waited = client.call("merge_conversations", arguments).await;
    assert_eq!(waited["result"]["resultType"], "complete");
    assert!(waited["result"]["structuredContent"]["conversation_id"].is_string(), "{waited}");
    let refused = client.describe("tasks/get", json!({ "taskId": "unknown" })).send().await.unwrap();
    assert_eq!(refused.status(), StatusCode::BAD_REQUEST);
    assert_eq!(refused.json::<Value>().await.unwrap()["error"]["code"], -32021);
}

#[tokio::test]
async fn a_task_asks_its_user_for_consent() {
    let client = McpClient::of_new_writer().await;
    let ids = client.two_conversations().await;
    let answer = async |task: &str, key: &str, action: &str| {
        let responses = json!({ key: { "action": action, "content": {} } });
        let params = json!({ "taskId": task, "inputResponses": responses });
        let answered = client.ask_with_tasks("tasks/update", params, &[ASKING]).await;
        assert_eq!(answered["result"]["resultType"], "complete", "{answered}");
        client.settled(task).await
    };
    let (task, key) = client.waiting_merge(&ids).await;
    let declined = answer(&task, &key, "decline").await;
    assert_eq!(declined["result"]["structuredContent"]["error"]["code"], "declined", "{declined}");
    for id in &ids {
        get_conversation(&client.user.app(), id).await;
    }
    let (task, key) = client.waiting_merge(&ids).await;
    let done = answer(&task, &key, "accept").await;
    assert!(done["result"]["structuredContent"]["conversation_id"].is_string(), "{done}");
}

#[tokio::test]
async fn a_cancelled_task_changes_nothing() {
    let client = McpClient::of_new_writer().await;
    let ids = client.two_conversations().await;
    let (task, _) = client.waiting_merge(&ids).await;
    for _ in 0..2 {
        let cancelled = client.of_task("tasks/cancel", &task).await;
        assert_eq!(cancelled["result"]["resultType"], "complete", "{cancelled}");
        assert_eq!(client.settled(&task).await["status"], "cancelled");
    }
    for id in &ids {
        get_conversation(&client.user.app(), id).await;
    }
}

#[tokio::test]
async fn a_task_belongs_to_the_key_that_started_it() {
    let mut client = McpClient::of_new_writer().await;
    let other = McpClient::of_new_writer().await;
    let (task, _) = client.waiting_merge(&["a".to_owned(), "b".to_owned()]).await;
    let another = new_writer_key(Server::shared().await, &client.user).await;
    let key = std::mem::replace(&mut client.key, another);
    for stranger in [&client, &other] {
        for method in ["tasks/get", "tasks/update", "tasks/cancel"] {
            let refused = stranger.of_task(method, &task).await;
            assert_eq!(refused["error"]["code"], -32602, "{refused}");
            assert_eq!(refused, stranger.of_task(method, "unknown").await, "as one that does not exist");
        }
    }
    client.key = key;
    assert_eq!(client.settled(&task).await["status"], "input_required", "it waits as before");
}

#[tokio::test]
async fn a_user_has_a_limited_number_of_tasks() {
    let (client, other) = (McpClient::of_new_writer().await, McpClient::of_new_writer().await);
    let ids = ["a".to_owned(), "b".to_owned()];
    for _ in 0..MAX_TASKS {
        assert_eq!(client.merge(&ids, &[ASKING]).await["resultType"], "task");
    }
    let direct = client.merge(&ids, &[ASKING]).await;
    assert_eq!(direct["resultType"], "input_required", "one more call is answered when it is done, or asks: {direct}");
    assert_eq!(other.merge(&ids, &[ASKING]).await["resultType"], "task", "another user has tasks of their own");
}
