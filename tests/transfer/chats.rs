//! Conversations with ChatGPT and Claude.

use serde_json::{Value, json};
use tools::transfer::ItemKind;

use super::support::{assert_counts, import_fixture};
use crate::support::server::Server;

/// Who says what in a conversation.
fn said(conversation: &Value) -> Vec<Value> {
    let segments = conversation["transcript_segments"].as_array().unwrap();
    segments.iter().map(|segment| json!([segment["speaker_name"], segment["speaker"], segment["text"]])).collect()
}

#[tokio::test]
async fn chats_with_chatgpt_are_read_along_the_path_last_shown() {
    let user = Server::shared().await.user().await;
    let report = import_fixture(&user, "chatgpt.json").await;
    assert_counts(&report, ItemKind::Conversation, 1, 0, 2);
    assert!(report.reasons[0].ends_with("row 2: it has no messages"), "{report}");
    let chat = user.app().get("/v1/conversations/g-leeks").await.ok();
    assert_eq!(
        said(&chat),
        [
            json!(["User", "SPEAKER_00", "How do I grow leeks?"]),
            json!(["ChatGPT", "SPEAKER_01", "Sow them in spring."]),
        ]
    );
    assert_eq!(
        json!([chat["structured"]["title"], chat["started_at"], chat["external_data"]]),
        json!([
            "Growing leeks",
            "2025-03-01T09:00:00.500Z",
            { "imported_from": "chatgpt" }
        ])
    );
    assert_counts(&import_fixture(&user, "chatgpt.json").await, ItemKind::Conversation, 0, 1, 2);
    assert_eq!(user.app().get("/v1/users/people").await.ok()[0]["name"], "ChatGPT");
}

#[tokio::test]
async fn chats_with_claude_are_read() {
    let user = Server::shared().await.user().await;
    let report = import_fixture(&user, "claude.json").await;
    assert_counts(&report, ItemKind::Conversation, 2, 0, 1);
    let soup = user.app().get("/v1/conversations/k-soup").await.ok();
    assert_eq!(
        said(&soup),
        [json!(["User", "SPEAKER_00", "What goes with leeks?"]), json!(["Claude", "SPEAKER_01", "Potatoes."]),]
    );
    let stored = user.app().get("/v1/conversations/k-told").await.ok();
    assert_eq!(
        json!([stored["status"], stored["structured"]["overview"]]),
        json!(["completed", "They spoke of potatoes."])
    );
    assert_counts(&import_fixture(&user, "claude.json").await, ItemKind::Conversation, 0, 2, 1);
}
