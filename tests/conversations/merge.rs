//! Merging conversations.

use serde_json::{Value, json};

use super::support::{create_conversation, get_conversation, new_user};
use crate::support::server::Caller;

async fn finished(app: &Caller, id: &str) -> Value {
    for _ in 0..600 {
        let state = app.get(&format!("/v1/conversations/{id}/finalization")).await.ok();
        if state["terminal"] == true {
            return get_conversation(app, id).await;
        }
        tokio::time::sleep(std::time::Duration::from_millis(50)).await;
    }
    panic!("the merge does not come to an end");
}

#[tokio::test]
async fn a_merge_has_a_new_id_all_that_was_said_and_what_the_user_wrote() {
    let app = new_user().await.app();
    let later = create_conversation(&app, "2026-05-01T09:10:00Z", &["And the roses are red."]).await;
    let earlier =
        create_conversation(&app, "2026-05-01T09:00:00Z", &["We talked about the garden.", "It is green."]).await;
    app.post("/v1/action-items", json!({ "description": "Cut the hedge", "conversation_id": later })).await.ok();
    let started = app.post("/v1/conversations/merge", json!({ "conversation_ids": [later, earlier] })).await.ok();
    assert_eq!((&started["status"], &started["message"]), (&json!("merging"), &json!("Merge started")));
    assert_eq!(started["conversation_ids"], json!([later, earlier]));
    let merged = finished(&app, started["conversation_id"].as_str().unwrap()).await;
    let texts: Vec<&str> =
        merged["transcript_segments"].as_array().unwrap().iter().map(|row| row["text"].as_str().unwrap()).collect();
    assert_eq!(texts, ["We talked about the garden.", "It is green.", "And the roses are red."]);
    assert_eq!(merged["transcript_segments"][2]["start"], 600.0);
    assert_eq!(merged["started_at"], "2026-05-01T09:00:00Z");
    let items = merged["structured"]["action_items"].as_array().unwrap();
    assert!(items.iter().any(|item| item["description"] == "Cut the hedge"), "{items:?}");
    for source in [&later, &earlier] {
        app.get(&format!("/v1/conversations/{source}")).await.refused(404, "Conversation not found");
    }
}

#[tokio::test]
async fn a_merge_without_processing_joins_the_summaries() {
    let app = new_user().await.app();
    let first = create_conversation(&app, "2026-05-01T09:00:00Z", &["We talked about the garden."]).await;
    let second = create_conversation(&app, "2026-05-02T09:00:00Z", &["We talked about the harbour."]).await;
    for (id, title) in [(&first, "Garden"), (&second, "Harbour")] {
        app.patch(&format!("/v1/conversations/{id}/title?title={title}"), json!({})).await.ok();
    }
    let body = json!({ "conversation_ids": [first, second], "reprocess": false });
    let started = app.post("/v1/conversations/merge", body).await.ok();
    assert_eq!(started["warning"], "The conversations are more than an hour apart");
    let merged = get_conversation(&app, started["conversation_id"].as_str().unwrap()).await;
    assert_eq!((&merged["structured"]["title"], &merged["status"]), (&json!("Garden · Harbour"), &json!("completed")));
}

#[tokio::test]
async fn a_merge_of_one_or_of_what_is_not_there_is_refused() {
    let app = new_user().await.app();
    let id = create_conversation(&app, "2026-05-01T09:00:00Z", &["We talked about the garden."]).await;
    let merge = async |ids: Value| app.post("/v1/conversations/merge", json!({ "conversation_ids": ids })).await;
    merge(json!([id, id])).await.refused(400, "At least 2 conversations are required to merge");
    merge(json!([id, "unknown"])).await.refused(404, "Conversation not found");
    assert_eq!(merge(json!([id])).await.status, 422);
    get_conversation(&app, &id).await;
}
