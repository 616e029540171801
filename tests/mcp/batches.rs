//! JSON-RPC batches of the first revisions.

use reqwest::StatusCode;
use serde_json::{Value, json};

use super::{
    client::{JSON_AND_SSE, McpClient},
    confirmation::{answer, deletion},
    conformance,
    events::EventStream,
    resumption::slow_call,
};

fn ping(id: u32) -> Value {
    json!({ "jsonrpc": "2.0", "id": id, "method": "ping" })
}

#[tokio::test]
async fn a_batch_is_answered_in_the_form_that_the_client_takes() {
    let client = McpClient::at(conformance::server().await).await;
    let batch = json!([slow_call(), ping(8)]);
    let array: Value = client.post("application/json", None, batch.clone()).await.json().await.unwrap();
    assert_eq!(array.as_array().unwrap().iter().map(|answer| &answer["id"]).collect::<Vec<_>>(), [7, 8], "{array}");
    assert_eq!(array[0]["result"]["content"][0]["text"], "done");
    for accept in [JSON_AND_SSE, "text/event-stream"] {
        let mut stream = EventStream::of(client.post(accept, None, batch.clone()).await);
        let (mut answered, mut progress) = (Vec::new(), 0);
        while let Some(message) = stream.message().await {
            match message["id"].as_u64() {
                Some(id) => answered.push(id),
                None => progress += 1,
            }
        }
        answered.sort_unstable();
        assert_eq!((answered, progress), (vec![7, 8], 3), "{accept}");
    }
    let mut stream = EventStream::of(client.post("text/event-stream", None, json!([ping(9)])).await);
    assert_eq!(stream.result(9).await, json!({}));
}

#[tokio::test]
async fn a_batch_belongs_to_its_session() {
    let client = McpClient::of_new_user().await;
    let session = client.session_that_asks().await;
    for (action, remains) in [("accept", false), ("decline", true)] {
        let id = client.remember(&format!("Ada keeps bees and {action}s")).await;
        let mut stream =
            EventStream::of(client.post(JSON_AND_SSE, Some(&session), json!([deletion(7, &id), ping(8)])).await);
        let question = stream.request("elicitation/create").await;
        let answered = client.post(JSON_AND_SSE, Some(&session), json!([answer(&question, action)])).await;
        assert_eq!(answered.status(), StatusCode::ACCEPTED);
        assert_eq!(stream.result(7).await["isError"], remains, "{action}");
        assert_eq!(client.has(&id).await, remains, "{action}");
    }
    let id = client.remember("Ada keeps wasps").await;
    let mut stream = EventStream::of(client.post(JSON_AND_SSE, Some(&session), deletion(9, &id)).await);
    stream.request("elicitation/create").await;
    let cancel = json!({ "jsonrpc": "2.0", "method": "notifications/cancelled", "params": { "requestId": 9 } });
    assert_eq!(client.post(JSON_AND_SSE, Some(&session), json!([cancel])).await.status(), StatusCode::ACCEPTED);
    assert_eq!(stream.end().await, 0);
}
