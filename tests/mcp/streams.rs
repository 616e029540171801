//! Streams of a session: they begin with an id for those who know what it is for, and can be read on after a loss.

use reqwest::Method;
use serde_json::{Value, json};

use super::{BOTH, Client, events::Events};
use crate::conformance;

/// A call that takes a while and tells of its progress.
fn slow_call() -> Value {
    let params = json!({ "name": "test_tool_with_progress", "_meta": { "progressToken": "p" } });
    json!({ "jsonrpc": "2.0", "id": 7, "method": "tools/call", "params": params })
}

async fn resume(client: &Client, session: &str, after: &str) -> Events {
    let request = client.request(Method::GET).header("mcp-session-id", session).header("last-event-id", after);
    Events::of(request.send().await.unwrap())
}

#[tokio::test]
async fn an_answer_waits_for_a_client_that_lost_its_connection() {
    let client = Client::at(conformance::server().await).await;
    let (_, session) = client.initialize("2025-11-25").await;
    let mut stream = Events::of(client.post(BOTH, Some(&session), slow_call()).await);
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
    for unknown in ["0/99", "no id/1", &format!("99/{}", first.id.split_once('/').unwrap().1)] {
        assert_eq!(resume(&client, &session, unknown).await.next().await, None, "{unknown}");
    }
    let (_, other) = client.initialize("2025-11-25").await;
    assert_eq!(resume(&client, &other, &first.id).await.next().await, None, "another session's events are its own");
}

#[tokio::test]
async fn older_clients_are_sent_no_empty_events() {
    let client = Client::at(conformance::server().await).await;
    let (_, session) = client.initialize("2025-06-18").await;
    let mut stream = Events::of(client.post(BOTH, Some(&session), slow_call()).await);
    while let Some(event) = stream.next().await {
        assert!(!event.data.is_empty(), "{event:?}");
    }
}
