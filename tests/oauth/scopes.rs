//! Scopes of tokens, and asking for more.

use reqwest::{Method, header::ACCEPT};
use serde_json::{Value, json};

use super::flow::{OAuthClient, grant_access};
use crate::support::server::{Answer, Caller, Server};

const BOTH: &str = "application/json, text/event-stream";

fn call(tool: &str, arguments: Value) -> Value {
    json!({ "jsonrpc": "2.0", "id": 7, "method": "tools/call", "params": { "name": tool, "arguments": arguments } })
}

async fn send(caller: &Caller, session: Option<&str>, message: &Value) -> Answer {
    let request = caller.request(Method::POST, "/v1/mcp").header(ACCEPT, BOTH).json(message);
    Answer::to(session.into_iter().fold(request, |request, id| request.header("mcp-session-id", id))).await
}

/// The one message in an answer, be it JSON or a stream.
fn message(answer: &Answer) -> Value {
    match &answer.body {
        Value::String(events) => {
            let mut data = events.lines().filter_map(|line| line.strip_prefix("data:")).map(str::trim);
            serde_json::from_str(data.rfind(|data| !data.is_empty()).unwrap()).unwrap()
        }
        body => body.clone(),
    }
}

#[tokio::test]
async fn a_token_reads_and_writes_within_its_scopes_and_is_named_in_what_it_wrote() {
    let server = Server::shared().await;
    let user = server.user().await;
    let (id, token) = grant_access(server, &user, "memories.read memories.write").await;
    let caller = user.with(&token);
    let answer = send(&caller, None, &call("create_memory", json!({ "content": "Ada keeps bees." }))).await;
    let made = message(&answer)["result"]["structuredContent"]["memory"]["id"].clone();
    let memory = user.app().get(&format!("/v3/memories/{}", made.as_str().unwrap())).await.ok();
    assert_eq!(memory["content"], "Ada keeps bees.");
    let listed = caller.get("/v1/mcp/memories").await.ok();
    assert_eq!(listed[0]["id"], made);
    let described = caller.get("/v1/mcp/key").await.ok();
    assert_eq!((&described["id"], &described["name"]), (&json!(id), &json!("Test <Client> & Co")));
    assert_eq!(described["scopes"], json!(["memories.read", "memories.write"]));
    let refused = caller.get("/v1/dev/user/memories").await;
    assert_eq!(refused.status, 401, "it opens MCP and nothing else");
    assert_eq!(user.with(&token).get("/v3/memories").await.status, 401);
    assert_eq!(user.with(&token).get("/v1/mcp/oauth/grants").await.status, 401);
}

#[tokio::test]
async fn a_tool_beyond_the_scopes_asks_for_more() {
    let server = Server::shared().await;
    let user = server.user().await;
    let (_, token) = grant_access(server, &user, "memories.read").await;
    let write = call("create_memory", json!({ "content": "x" }));
    let refused = send(&user.with(&token), None, &write).await;
    assert_eq!(refused.status, 403);
    let sentence = "Insufficient permissions. Required scope: memories.write";
    let document = format!("{}/.well-known/oauth-protected-resource/v1/mcp", server.url);
    let challenge = format!(
        "Bearer resource_metadata=\"{document}\", scope=\"memories.read memories.write\", error=\"insufficient_scope\", \
         error_description=\"{sentence}\""
    );
    assert_eq!(refused.header("www-authenticate"), challenge);
    let expected = json!({
        "jsonrpc": "2.0",
        "id": 7,
        "error": { "code": -32003, "message": sentence, "data": { "_meta": { "mcp/www_authenticate": [challenge] } } },
    });
    assert_eq!(message(&refused), expected);
    // The scopes of keys cannot be extended: the same sentence, without a challenge.
    let key = user.app().post("/v1/mcp/keys", json!({ "name": "x", "scopes": ["memories.read"] })).await.ok();
    let answer = send(&user.with(key["key"].as_str().unwrap()), None, &write).await;
    assert_eq!((answer.status, answer.header("www-authenticate")), (200, ""));
    assert_eq!(message(&answer)["error"], expected["error"]);
    let listed = send(&user.with(&token), None, &json!({ "jsonrpc": "2.0", "id": 1, "method": "tools/list" })).await;
    let tools = message(&listed)["result"]["tools"].to_string();
    assert!(tools.contains("\"search_memories\"") && !tools.contains("\"create_memory\""));
}

#[tokio::test]
async fn a_revoked_grant_is_shut_out_at_once_even_in_an_open_session() {
    let server = Server::shared().await;
    let user = server.user().await;
    let (id, token) = grant_access(server, &user, "memories.read").await;
    let caller = user.with(&token);
    let client = json!({ "name": "test", "version": "1" });
    let params = json!({ "protocolVersion": "2025-11-25", "capabilities": {}, "clientInfo": client });
    let opened =
        send(&caller, None, &json!({ "jsonrpc": "2.0", "id": 0, "method": "initialize", "params": params })).await;
    let session = opened.header("mcp-session-id").to_owned();
    let noted = json!({ "jsonrpc": "2.0", "method": "notifications/initialized" });
    assert_eq!(send(&caller, Some(&session), &noted).await.status, 202);
    let list = call("get_memories", json!({}));
    assert_eq!(send(&caller, Some(&session), &list).await.status, 200);
    let stream = caller.request(Method::GET, "/v1/mcp").header(ACCEPT, BOTH).header("mcp-session-id", &session);
    let stream = stream.send().await.unwrap();
    assert_eq!(stream.status(), 200);
    assert_eq!(user.app().delete(&format!("/v1/mcp/oauth/grants/{id}")).await.status, 204);
    let refused = send(&caller, Some(&session), &list).await;
    refused.refused(401, "Invalid or missing API key. Provide via Authorization header.");
    assert!(refused.header("www-authenticate").contains("error=\"invalid_token\""));
    caller.get("/v1/mcp/memories").await.refused(401, "Invalid API Key");
    stream.bytes().await.unwrap();
}

#[tokio::test]
async fn grants_are_listed_with_their_use_and_revoked_by_their_user_alone() {
    let server = Server::shared().await;
    let (ann, bob) = (server.user().await, server.user().await);
    let client = OAuthClient::added(server).await;
    client.authorize(&ann, "memories.read goals.read").await;
    let (id, token) = grant_access(server, &ann, "memories.read").await;
    let listed = ann.app().get("/v1/mcp/oauth/grants").await.ok();
    assert_eq!(listed.as_array().unwrap().len(), 2);
    let older = &listed[1];
    assert_eq!((&older["client_id"], &older["client_name"]), (&json!(client.id), &json!("Test <Client> & Co")));
    assert_eq!(older["resource"], format!("{}/v1/mcp/sse", server.url));
    assert_eq!((&older["scopes"], &older["last_used_at"]), (&json!(["memories.read", "goals.read"]), &Value::Null));
    let path = format!("/v1/mcp/oauth/grants/{id}");
    bob.app().delete(&path).await.refused(404, "Grant not found");
    assert_eq!(bob.app().get("/v1/mcp/oauth/grants").await.ok(), json!([]));
    ann.with(&token).get("/v1/mcp/memories").await.ok();
    while ann.app().get("/v1/mcp/oauth/grants").await.ok()[0]["last_used_at"].is_null() {
        tokio::time::sleep(std::time::Duration::from_millis(20)).await;
    }
    assert_eq!(ann.app().delete(&path).await.status, 204);
    ann.app().delete(&path).await.refused(404, "Grant not found");
}
