//! Confirmation of destructive tools, where the client supports elicitation.

use serde_json::{Value, json};

use super::{
    client::{JSON_AND_SSE, McpClient, initialize, message_of},
    events::EventStream,
};

impl McpClient {
    /// Calls a tool as a client of 2026-07-28 that can ask its user, with the answers that it has.
    async fn call_asking(&self, tool: &str, arguments: Value, answers: Value) -> Value {
        let able = json!({ "io.modelcontextprotocol/clientCapabilities": { "elicitation": {} } });
        let mut params = json!({ "name": tool, "arguments": arguments, "_meta": able });
        if !answers.is_null() {
            params["inputResponses"] = answers;
        }
        self.ask("tools/call", params).await["result"].take()
    }

    pub(super) async fn has(&self, memory: &str) -> bool {
        self.call("get_memory", json!({ "memory_id": memory })).await["result"]["isError"] == false
    }

    /// Opens a session of a client that can ask its user.
    pub(super) async fn session_that_asks(&self) -> String {
        let mut opening = initialize("2025-11-25");
        opening["params"]["capabilities"] = json!({ "elicitation": {} });
        let opened = self.post(JSON_AND_SSE, None, opening).await;
        let session = opened.headers()["mcp-session-id"].to_str().unwrap().to_owned();
        message_of(opened).await;
        self.post(JSON_AND_SSE, Some(&session), json!({"jsonrpc": "2.0", "method": "notifications/initialized"})).await;
        session
    }
}

/// A call that is asked about.
pub(super) fn deletion(id: u32, memory: &str) -> Value {
    let params = json!({ "name": "delete_memory", "arguments": { "memory_id": memory } });
    json!({ "jsonrpc": "2.0", "id": id, "method": "tools/call", "params": params })
}

/// The answer to an elicitation.
pub(super) fn answer(question: &Value, action: &str) -> Value {
    json!({ "jsonrpc": "2.0", "id": question["id"], "result": { "action": action, "content": {} } })
}

#[tokio::test]
async fn a_deletion_waits_for_consent_in_the_newest_revision() {
    let client = McpClient::of_new_user().await;
    let id = client.remember("Ada keeps bees").await;
    let arguments = json!({ "memory_id": id });
    let asked = client.call_asking("delete_memory", arguments.clone(), Value::Null).await;
    assert_eq!(asked["resultType"], "input_required", "{asked}");
    let (name, question) = asked["inputRequests"].as_object().unwrap().iter().next().unwrap();
    assert_eq!(question["params"]["message"], "Delete memory “Ada keeps bees”? This cannot be undone.");
    assert!(client.has(&id).await, "nothing has happened yet");

    let declined = json!({ name: { "action": "decline" } });
    let left = client.call_asking("delete_memory", arguments.clone(), declined).await;
    assert_eq!((&left["isError"], &left["structuredContent"]["error"]["code"]), (&json!(true), &json!("declined")));
    assert!(left["content"][0]["text"].as_str().unwrap().contains("nothing was changed"), "{left}");
    assert!(client.has(&id).await);

    let other = json!({ "memory_id": client.remember("Bob repairs clocks").await });
    let accepted = json!({ name: { "action": "accept", "content": {} } });
    let unasked = client.call_asking("delete_memory", other, accepted.clone()).await;
    assert_eq!(unasked["resultType"], "input_required", "consent to one thing is none to another");
    let gone = client.call_asking("delete_memory", arguments, accepted).await;
    assert_eq!(gone["structuredContent"]["success"], true, "{gone}");
    assert!(!client.has(&id).await);
}

#[tokio::test]
async fn only_what_takes_away_is_asked_about_and_only_who_can_be_asked() {
    let client = McpClient::of_new_user().await;
    let made = client.call_asking("create_memory", json!({ "content": "Ada keeps bees" }), Value::Null).await;
    let id = made["structuredContent"]["memory"]["id"].as_str().unwrap().to_owned();
    let edit = json!({ "memory_id": id, "content": "Ada keeps wasps" });
    assert_eq!(client.call_asking("edit_memory", edit, Value::Null).await["isError"], false);
    let missing = client.call_asking("delete_memory", json!({ "memory_id": "nothing" }), Value::Null).await;
    assert_eq!(missing["structuredContent"]["error"]["code"], "not_found", "there is nothing to ask about");
    let all = client.call_asking("delete_all_memories", json!({}), Value::Null).await;
    let question = all["inputRequests"].as_object().unwrap().values().next().unwrap();
    assert_eq!(question["params"]["message"], "Delete all memories? This cannot be undone.");
    let gone = client.call("delete_memory", json!({ "memory_id": id })).await;
    assert_eq!(gone["result"]["structuredContent"]["success"], true, "a client that cannot ask goes on as before");
}

#[tokio::test]
async fn a_deletion_waits_for_consent_in_a_session() {
    let client = McpClient::of_new_user().await;
    let session = client.session_that_asks().await;
    for (action, remains) in [("decline", true), ("accept", false)] {
        let id = client.remember(&format!("Ada keeps bees and {action}s")).await;
        let mut stream = EventStream::of(client.post(JSON_AND_SSE, Some(&session), deletion(7, &id)).await);
        let question = stream.request("elicitation/create").await;
        assert!(question["params"]["message"].as_str().unwrap().contains("Ada keeps bees"), "{question}");
        client.post(JSON_AND_SSE, Some(&session), answer(&question, action)).await;
        let result = stream.result(7).await;
        assert_eq!(result["isError"], remains, "{action}: {result}");
        assert_eq!(client.has(&id).await, remains, "{action}");
    }
}

#[tokio::test]
async fn without_an_answer_there_is_no_confirmation() {
    let client = McpClient::of_new_user().await;
    let session = client.session_that_asks().await;
    let answers = [
        json!({ "jsonrpc": "2.0", "error": { "code": -32601, "message": "There is nobody to ask" } }),
        json!({ "jsonrpc": "2.0", "result": { "action": "reject" } }),
        json!({ "jsonrpc": "2.0", "result": {} }),
    ];
    for (call, mut answer) in (7..).zip(answers) {
        let id = client.remember(&format!("Ada keeps {call} bees")).await;
        let mut stream = EventStream::of(client.post(JSON_AND_SSE, Some(&session), deletion(call, &id)).await);
        answer["id"] = stream.request("elicitation/create").await["id"].take();
        assert_eq!(client.post(JSON_AND_SSE, Some(&session), answer.clone()).await.status(), 202, "{answer}");
        let result = stream.result(call).await;
        assert_eq!(result["structuredContent"]["error"]["code"], "declined", "{answer}: {result}");
        assert!(client.has(&id).await, "{answer}");
    }
}
