//! The HTTP+SSE transport of 2024-11-05.

use reqwest::{Method, StatusCode};
use serde_json::{Value, json};
use tempfile::TempDir;

use super::{
    client::{McpClient, initialize, list_tools},
    events::EventStream,
};
use crate::support::server::Server;

async fn open(client: &McpClient) -> (EventStream, String) {
    open_at(client, &format!("{}/sse", client.endpoint)).await
}

async fn open_at(client: &McpClient, url: &str) -> (EventStream, String) {
    let mut stream = EventStream::of(client.to(Method::GET, url).send().await.unwrap());
    let beginning = stream.next().await.unwrap();
    assert_eq!(beginning.kind, "endpoint");
    let ping = stream.next().await.unwrap();
    assert_eq!((ping.kind.as_str(), ping.data.as_str()), ("ping", "{}"), "a ping follows at once");
    (stream, format!("{}{}", client.user.url, beginning.data))
}

async fn post(client: &McpClient, address: &str, message: Value) -> StatusCode {
    client.to(Method::POST, address).json(&message).send().await.unwrap().status()
}

#[tokio::test]
async fn a_client_with_two_endpoints_is_answered_on_its_stream() {
    let client = McpClient::of_new_user().await;
    let (mut stream, address) = open(&client).await;
    assert_eq!(post(&client, &address, initialize("2024-11-05")).await, StatusCode::ACCEPTED);
    let answer = stream.message().await.unwrap();
    assert_eq!(answer["result"]["protocolVersion"], "2024-11-05");
    let noted = json!({ "jsonrpc": "2.0", "method": "notifications/initialized" });
    assert_eq!(post(&client, &address, noted).await, StatusCode::ACCEPTED);
    assert_eq!(post(&client, &address, list_tools()).await, StatusCode::ACCEPTED);
    assert!(stream.message().await.unwrap()["result"]["tools"].is_array());
    client.remember("Ada keeps bees").await;
    stream.notification("notifications/resources/list_changed").await;
    assert_eq!(post(&client, &address, json!([list_tools()])).await, StatusCode::BAD_REQUEST);
}

fn call(tool: &str, arguments: Value) -> Value {
    json!({ "jsonrpc": "2.0", "id": 7, "method": "tools/call", "params": { "name": tool, "arguments": arguments } })
}

#[tokio::test]
async fn the_address_of_the_stream_says_what_is_shown() {
    let client = McpClient::of_new_user().await;
    let (mut stream, address) = open_at(&client, &format!("{}/sse?x=1&toolsets=goals", client.endpoint)).await;
    assert!(address.ends_with("&toolsets=goals"), "{address}");
    assert_eq!(post(&client, &address, initialize("2024-11-05")).await, StatusCode::ACCEPTED);
    assert_eq!(post(&client, &address, list_tools()).await, StatusCode::ACCEPTED);
    let tools = stream.result(1).await["tools"].to_string();
    assert!(tools.contains("get_goals") && !tools.contains("search_memories"), "{tools}");
}

#[tokio::test]
async fn missing_scopes_are_reported_on_the_stream() {
    let mut client = McpClient::of_new_user().await;
    let reader = json!({ "name": "reader", "scopes": ["memories.read"] });
    client.key = client.user.app().post("/v1/mcp/keys", reader).await.ok()["key"].as_str().unwrap().to_owned();
    let (mut stream, address) = open(&client).await;
    assert_eq!(post(&client, &address, initialize("2024-11-05")).await, StatusCode::ACCEPTED);
    stream.result(0).await;
    assert_eq!(post(&client, &address, call("create_memory", json!({ "content": "x" }))).await, StatusCode::ACCEPTED);
    let refused = stream.message().await.unwrap();
    assert_eq!((&refused["id"], &refused["error"]["code"]), (&json!(7), &json!(-32003)), "{refused}");
    let challenge = refused["error"]["data"]["_meta"]["mcp/www_authenticate"][0].as_str().unwrap();
    assert!(challenge.contains("memories.write"), "{challenge}");
}

#[tokio::test]
async fn a_call_too_many_is_answered_so_that_the_model_can_read_it() {
    let folder = TempDir::new().unwrap();
    let server = Server::boot(folder.path(), |config| {
        config.limits.enabled = true;
        config.limits.overrides = vec!["mcp:sse=1".to_owned()];
    })
    .await;
    let client = McpClient::at(&server).await;
    let (mut stream, address) = open(&client).await;
    assert_eq!(post(&client, &address, initialize("2024-11-05")).await, StatusCode::ACCEPTED);
    assert_eq!(post(&client, &address, list_tools()).await, StatusCode::TOO_MANY_REQUESTS);
    assert_eq!(post(&client, &address, call("get_memories", json!({}))).await, StatusCode::ACCEPTED);
    let result = stream.result(7).await;
    assert_eq!(result["structuredContent"]["error"]["code"], "rate_limited", "{result}");
    drop(stream);
    server.stop().await;
}

#[tokio::test]
async fn an_address_is_its_owners_and_lives_as_long_as_the_stream() {
    let (owner, other) = (McpClient::of_new_user().await, McpClient::of_new_user().await);
    let (stream, address) = open(&owner).await;
    assert_eq!(post(&other, &address, initialize("2024-11-05")).await, StatusCode::NOT_FOUND);
    assert_eq!(reqwest::Client::new().post(&address).send().await.unwrap().status(), StatusCode::UNAUTHORIZED);
    assert_eq!(post(&owner, &address, list_tools()).await, StatusCode::BAD_REQUEST);
    drop(stream);
    while post(&owner, &address, initialize("2024-11-05")).await != StatusCode::NOT_FOUND {
        tokio::task::yield_now().await;
    }
}
