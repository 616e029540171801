//! Change notifications: on the stream of a session, and by `subscriptions/listen` of 2026-07-28.

use std::time::Duration;

use reqwest::Method;
use serde_json::json;
use tempfile::TempDir;
use tokio::time::timeout;

use super::{
    client::{JSON_AND_SSE, McpClient, message_of},
    events::EventStream,
};
use crate::{oauth::flow, support::server::Server};

const UPDATED: &str = "notifications/resources/updated";
const LIST_CHANGED: &str = "notifications/resources/list_changed";

#[tokio::test]
async fn a_session_is_notified_of_subscribed_resources() {
    let client = McpClient::of_new_user().await;
    let (answer, session) = client.initialize("2025-11-25").await;
    let can = &answer["result"]["capabilities"]["resources"];
    assert_eq!((&can["subscribe"], &can["listChanged"]), (&json!(true), &json!(true)));
    let [bees, wasps] = [client.remember("Ada keeps bees").await, client.remember("Ada fears wasps").await];
    let stream = client.request(Method::GET).header("mcp-session-id", &session).send().await.unwrap();
    let mut news = EventStream::of(stream);

    let uri = format!("omi://memories/{bees}");
    let subscribe =
        |method: &str, uri: &str| json!({"jsonrpc": "2.0", "id": 3, "method": method, "params": {"uri": uri}});
    let subscribed = client.post(JSON_AND_SSE, Some(&session), subscribe("resources/subscribe", &uri)).await;
    assert_eq!(message_of(subscribed).await["result"], json!({}));
    let refused = client.post(JSON_AND_SSE, Some(&session), subscribe("resources/subscribe", "omi://nothing/1")).await;
    assert_eq!(message_of(refused).await["error"]["code"], -32002);
    let long = format!("omi://memories/{}", "x".repeat(500));
    let refused = client.post(JSON_AND_SSE, Some(&session), subscribe("resources/subscribe", &long)).await;
    assert_eq!(message_of(refused).await["error"]["message"], "uri: at most 512 bytes");

    client.call("edit_memory", json!({ "memory_id": wasps, "content": "Ada fears nothing" })).await;
    client.call("edit_memory", json!({ "memory_id": bees, "content": "Ada keeps wasps" })).await;
    assert_eq!(news.notification(UPDATED).await["uri"], uri, "and not the other one");
    client.remember("Ada moved to Graz").await;
    news.notification(LIST_CHANGED).await;
    client.call("delete_memory", json!({ "memory_id": bees })).await;
    assert_eq!(news.notification(UPDATED).await["uri"], uri, "that it is gone is news too");
}

#[tokio::test]
async fn a_session_subscribes_to_a_bounded_number_of_resources() {
    let client = McpClient::of_new_user().await;
    let (_, session) = client.initialize("2025-11-25").await;
    let subscribe = |index: usize| {
        let params = json!({ "uri": format!("omi://memories/{index}") });
        json!({"jsonrpc": "2.0", "id": 3, "method": "resources/subscribe", "params": params})
    };
    for index in 0..100 {
        let answer = message_of(client.post(JSON_AND_SSE, Some(&session), subscribe(index)).await).await;
        assert_eq!(answer["result"], json!({}), "{index}");
    }
    let refused = message_of(client.post(JSON_AND_SSE, Some(&session), subscribe(100)).await).await;
    assert_eq!(refused["error"]["message"], "A session can subscribe to at most 100 resources");
    let again = message_of(client.post(JSON_AND_SSE, Some(&session), subscribe(0)).await).await;
    assert_eq!(again["result"], json!({}));
}

#[tokio::test]
async fn missed_changes_are_sent_to_a_new_stream() {
    let client = McpClient::of_new_user().await;
    let (_, session) = client.initialize("2025-11-25").await;
    let id = client.remember("Ada keeps bees").await;
    let uri = format!("omi://memories/{id}");
    let subscribe = json!({"jsonrpc": "2.0", "id": 3, "method": "resources/subscribe", "params": {"uri": uri}});
    message_of(client.post(JSON_AND_SSE, Some(&session), subscribe).await).await;
    client.call("edit_memory", json!({ "memory_id": id, "content": "Ada keeps wasps" })).await;
    let stream = client.request(Method::GET).header("mcp-session-id", &session).send().await.unwrap();
    assert_eq!(EventStream::of(stream).notification(UPDATED).await["uri"], uri);
}

#[tokio::test]
async fn a_session_goes_on_with_a_newer_token() {
    let folder = TempDir::new().unwrap();
    let server = Server::boot(folder.path(), |config| config.oauth.access_seconds = 3).await;
    let (user, app) = (server.user().await, flow::OAuthClient::added(&server).await);
    let tokens = app.authorize(&user, "memories.read").await;
    let key = tokens["access_token"].as_str().unwrap().to_owned();
    let mut client = McpClient { endpoint: format!("{}/v1/mcp", server.url), key, user };
    let (_, session) = client.initialize("2025-11-25").await;
    let listen = |client: &McpClient| client.request(Method::GET).header("mcp-session-id", &session).send();
    let mut news = EventStream::of(listen(&client).await.unwrap());
    // An expired token ends the streams that it opened.
    news.end().await;
    client.user.developer().post("/v1/dev/user/memories", json!({ "content": "Ada keeps bees" })).await.ok();
    let tokens = app.refresh(tokens["refresh_token"].as_str().unwrap()).await.ok();
    client.key = tokens["access_token"].as_str().unwrap().to_owned();
    let mut news = EventStream::of(listen(&client).await.unwrap());
    let notified = timeout(Duration::from_secs(30), news.notification(LIST_CHANGED)).await;
    assert!(notified.is_ok(), "the session is no longer notified");
    drop(news);
    server.stop().await;
}

#[tokio::test]
async fn a_subscription_delivers_what_it_asked_for() {
    let client = McpClient::of_new_user().await;
    let id = client.remember("Ada keeps bees").await;
    let uri = format!("omi://memories/{id}");
    let wanted = json!({ "resourceSubscriptions": [uri, "omi://nothing/1"], "toolsListChanged": true });
    let listen = client.describe("subscriptions/listen", json!({ "notifications": wanted }));
    let mut news = EventStream::of(listen.send().await.unwrap());
    let acknowledged = news.notification("notifications/subscriptions/acknowledged").await;
    assert_eq!(acknowledged["notifications"], json!({ "resourceSubscriptions": [uri] }), "tools do not change");

    client.remember("Ada moved to Graz").await;
    client.call("edit_memory", json!({ "memory_id": id, "content": "Ada keeps wasps" })).await;
    let first = news.message().await.unwrap();
    assert_eq!((&first["method"], &first["params"]["uri"]), (&json!(UPDATED), &json!(uri)), "lists were not asked for");
    assert!(first["params"]["_meta"]["io.modelcontextprotocol/subscriptionId"].is_number(), "{first}");
}

#[tokio::test]
async fn a_revoked_key_ends_its_subscriptions() {
    let client = McpClient::of_new_user().await;
    let id = client.remember("Ada keeps bees").await;
    let wanted = json!({ "notifications": { "resourceSubscriptions": [format!("omi://memories/{id}")] } });
    let mut news = EventStream::of(client.describe("subscriptions/listen", wanted).send().await.unwrap());
    news.notification("notifications/subscriptions/acknowledged").await;
    let user = &client.user;
    let revoke = format!("/v1/mcp/keys/{}", user.mcp_key_id);
    assert_eq!(user.app().delete(&revoke).await.status, 204);
    user.edit_memory(&id, "wasps").await;
    while let Some(message) = news.message().await {
        assert!(message["method"].is_null(), "{message}");
    }
}

#[tokio::test]
async fn calls_are_logged_to_clients_that_want_to_read_along() {
    let client = McpClient::of_new_user().await;
    let (_, session) = client.initialize("2025-11-25").await;
    let mut log = EventStream::of(client.request(Method::GET).header("mcp-session-id", &session).send().await.unwrap());
    let ask = |id: u32, method: &str, params| json!({"jsonrpc": "2.0", "id": id, "method": method, "params": params});
    let set = ask(3, "logging/setLevel", json!({ "level": "warning" }));
    assert_eq!(message_of(client.post(JSON_AND_SSE, Some(&session), set).await).await["result"], json!({}));
    for (id, memory) in [(4, json!(client.remember("Ada keeps bees").await)), (5, json!("nothing"))] {
        let call = json!({ "name": "get_memory", "arguments": { "memory_id": memory } });
        message_of(client.post(JSON_AND_SSE, Some(&session), ask(id, "tools/call", call)).await).await;
    }
    let line = log.notification("notifications/message").await;
    assert_eq!((&line["level"], &line["data"]["tool"]), (&json!("warning"), &json!("get_memory")), "{line}");
    assert_eq!(line["data"]["outcome"], "not_found", "what went well is of a lower level");

    let mut described = json!({ "name": "get_memory", "arguments": { "memory_id": "nothing" } });
    described["_meta"] = json!({ "io.modelcontextprotocol/logLevel": "debug" });
    let mut answer = EventStream::of(client.describe("tools/call", described).send().await.unwrap());
    assert_eq!(answer.notification("notifications/message").await["data"]["outcome"], "not_found");
}
