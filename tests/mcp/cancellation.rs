//! Cancellation.

use std::time::Duration;

use reqwest::StatusCode;
use serde_json::json;

use super::{
    client::{JSON_AND_SSE, McpClient},
    confirmation::{answer, deletion},
    events::EventStream,
};

#[tokio::test]
async fn a_call_that_is_cancelled_does_nothing_more() {
    let client = McpClient::of_new_user().await;
    let session = client.session_that_asks().await;
    let id = client.remember("Ada keeps bees").await;
    let mut stream = EventStream::of(client.post(JSON_AND_SSE, Some(&session), deletion(7, &id)).await);
    let question = stream.request("elicitation/create").await;
    let cancel = json!({ "jsonrpc": "2.0", "method": "notifications/cancelled", "params": { "requestId": 7 } });
    assert_eq!(client.post(JSON_AND_SSE, Some(&session), cancel).await.status(), StatusCode::ACCEPTED);
    assert_eq!(stream.end().await, 0, "who cancels wants no answer");
    assert!(client.has(&id).await);
    client.post(JSON_AND_SSE, Some(&session), answer(&question, "accept")).await;
    tokio::time::sleep(Duration::from_millis(300)).await;
    assert!(client.has(&id).await, "consent comes too late");
}
