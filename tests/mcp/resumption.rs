//! Resuming streams of a session by `Last-Event-ID`.

use std::time::Duration;

use reqwest::{
    Method, StatusCode,
    header::{ACCEPT, HeaderMap, HeaderValue},
};
use serde_json::{Value, json};
use tempfile::TempDir;

use super::{
    client::{JSON_AND_SSE, McpClient},
    conformance,
    events::EventStream,
};
use crate::support::server::Server;

/// A slow call that reports progress.
pub(super) fn slow_call() -> Value {
    let params = json!({ "name": "test_tool_with_progress", "_meta": { "progressToken": "p" } });
    json!({ "jsonrpc": "2.0", "id": 7, "method": "tools/call", "params": params })
}

async fn resume(client: &McpClient, session: &str, after: &str) -> EventStream {
    let request = client.request(Method::GET).header("mcp-session-id", session).header("last-event-id", after);
    EventStream::of(request.send().await.unwrap())
}

#[tokio::test]
async fn an_answer_waits_for_a_client_that_lost_its_connection() {
    let client = McpClient::at(conformance::server().await).await;
    let (_, session) = client.initialize("2025-11-25").await;
    let mut stream = EventStream::of(client.post(JSON_AND_SSE, Some(&session), slow_call()).await);
    let first = stream.next().await.unwrap();
    assert_eq!((first.data.as_str(), first.id.is_empty()), ("", false), "an id comes before anything else");
    let second = stream.next().await.unwrap();
    drop(stream);

    let mut resumed = resume(&client, &session, &first.id).await;
    assert_eq!(resumed.next().await.unwrap(), second, "what came after the first event comes again");
    let mut progress = 1;
    let answer = loop {
        match resumed.message().await.unwrap() {
            answer if answer["id"] == 7 => break answer,
            _ => progress += 1,
        }
    };
    assert_eq!((progress, &answer["result"]["content"][0]["text"]), (3, &json!("done")));
    assert_eq!(resumed.next().await, None, "the stream ends with the answer");

    let mut again = resume(&client, &session, &second.id).await;
    let mut last = None;
    while let Some(message) = again.message().await {
        last = Some(message);
    }
    assert_eq!(last.as_ref(), Some(&answer), "an answer that is complete is kept for a while");
    let stream = first.id.split_once('/').unwrap().1;
    for unknown in ["0/99", "no id/1", &format!("99/{stream}"), &format!("{}/{stream}", u64::MAX)] {
        assert_eq!(resume(&client, &session, unknown).await.next().await, None, "{unknown}");
    }
    let (_, other) = client.initialize("2025-11-25").await;
    assert_eq!(resume(&client, &other, &first.id).await.next().await, None, "another session's events are its own");
}

#[tokio::test]
async fn older_clients_are_sent_no_empty_events() {
    let client = McpClient::at(conformance::server().await).await;
    let (_, session) = client.initialize("2025-06-18").await;
    let mut stream = EventStream::of(client.post(JSON_AND_SSE, Some(&session), slow_call()).await);
    while let Some(event) = stream.next().await {
        assert!(!event.data.is_empty(), "{event:?}");
    }
}

#[tokio::test]
async fn calls_that_cannot_be_answered_are_not_made() {
    let folder = TempDir::new().unwrap();
    let server = Server::boot(folder.path(), |config| config.limits.streams = 1).await;
    let client = McpClient::at(&server).await;
    let (_, session) = client.initialize("2025-11-25").await;
    // The permit of the opening request is released in a moment.
    let held = loop {
        let stream = client.request(Method::GET).header("mcp-session-id", &session).send().await.unwrap();
        if stream.status() == StatusCode::OK {
            break stream;
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    };
    let params = json!({ "name": "create_memory", "arguments": { "content": "Ada keeps bees" } });
    let call = json!({ "jsonrpc": "2.0", "id": 7, "method": "tools/call", "params": params });
    for refused in [call.clone(), json!([call])] {
        let refused = client.post(JSON_AND_SSE, Some(&session), refused).await;
        assert_eq!(refused.status(), StatusCode::SERVICE_UNAVAILABLE);
        assert_eq!(refused.headers()["retry-after"], "5");
    }
    let mut told_more = params.clone();
    told_more["_meta"] = json!({ "progressToken": 1 });
    let refused = client.describe("tools/call", told_more).send().await.unwrap();
    assert_eq!(refused.status(), StatusCode::SERVICE_UNAVAILABLE);
    let kept =
        || async { client.call("get_memories", json!({})).await["result"]["structuredContent"]["memories"].take() };
    assert_eq!(kept().await, json!([]), "a call that is to be repeated has done nothing");
    let answer = json!({ "jsonrpc": "2.0", "id": 1, "result": {} });
    assert_eq!(
        client.post(JSON_AND_SSE, Some(&session), answer).await.status(),
        StatusCode::ACCEPTED,
        "needs no place"
    );
    let plain = client.post("application/json", Some(&session), call).await;
    assert_eq!(plain.status(), StatusCode::OK, "one message needs no place");
    assert_eq!(kept().await.as_array().unwrap().len(), 1);
    drop(held);
    server.stop().await;
}

#[tokio::test]
async fn news_has_one_form_only() {
    let client = McpClient::of_new_user().await;
    let listen = client.describe("subscriptions/listen", json!({ "notifications": { "resourcesListChanged": true } }));
    let json_alone = HeaderMap::from_iter([(ACCEPT, HeaderValue::from_static("application/json"))]);
    let refused = listen.headers(json_alone).send().await.unwrap();
    assert_eq!(refused.status(), StatusCode::NOT_ACCEPTABLE);
    let refused: Value = refused.json().await.unwrap();
    assert!(refused["error"]["message"].as_str().unwrap().contains("text/event-stream"), "{refused}");
}

#[tokio::test]
async fn every_stream_ends_with_its_key() {
    let client = McpClient::of_new_user().await;
    let (_, session) = client.initialize("2025-11-25").await;
    let own = client.request(Method::GET).header("mcp-session-id", &session);
    let older = client.to(Method::GET, &format!("{}/sse", client.endpoint));
    let mut streams = Vec::new();
    for stream in [own, client.request(Method::GET), older] {
        streams.push(EventStream::of(stream.send().await.unwrap()));
    }
    let revoke = format!("/v1/mcp/keys/{}", client.user.mcp_key_id);
    assert_eq!(client.user.app().delete(&revoke).await.status, 204);
    for mut stream in streams {
        stream.end().await;
    }
}

#[tokio::test]
async fn a_batch_tells_how_far_it_has_come() {
    let client = McpClient::of_new_user().await;
    let (_, session) = client.initialize("2025-11-25").await;
    let items: Vec<Value> = (0..5).map(|place| json!({ "content": format!("Fact {place}") })).collect();
    let meta = json!({ "progressToken": "p" });
    let params = json!({ "name": "create_memories", "arguments": { "items": items }, "_meta": meta });
    let call = json!({ "jsonrpc": "2.0", "id": 7, "method": "tools/call", "params": params });
    let mut stream = EventStream::of(client.post(JSON_AND_SSE, Some(&session), call).await);
    let mut steps = Vec::new();
    loop {
        let message = stream.message().await.unwrap();
        if message["id"] == 7 {
            break;
        }
        assert_eq!(message["method"], "notifications/progress", "{message}");
        steps.push(["progress", "total"].map(|name| message["params"][name].as_f64().unwrap()));
    }
    assert_eq!(steps, [[0.0, 6.0], [1.0, 6.0], [2.0, 6.0], [3.0, 6.0], [4.0, 6.0], [5.0, 6.0]]);
}
