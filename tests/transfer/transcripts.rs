//! Transcripts: SRT, VTT and plain text.

use serde_json::{Value, json};
use tools::transfer::ItemKind;

use super::support::{assert_counts, import_fixture};
use crate::support::server::Server;

/// Imports a transcript twice; gives who says what, from when to when.
async fn spoken(name: &str, broken: u64) -> Vec<Value> {
    let user = Server::shared().await.user().await;
    let report = import_fixture(&user, name).await;
    assert_counts(&report, ItemKind::Conversation, 1, 0, 0);
    assert_counts(&report, ItemKind::File, 0, 0, broken);
    assert_counts(&import_fixture(&user, name).await, ItemKind::Conversation, 0, 1, 0);
    let conversations = user.app().get("/v1/conversations?include_discarded=true&statuses=").await.ok();
    assert_eq!(conversations.as_array().unwrap().len(), 1);
    let segments = conversations[0]["transcript_segments"].as_array().unwrap();
    let row = |segment: &Value| json!([segment["speaker_name"], segment["start"], segment["end"], segment["text"]]);
    segments.iter().map(row).collect()
}

#[tokio::test]
async fn srt_is_read_and_broken_cues_are_skipped() {
    assert_eq!(
        spoken("talk.srt", 1).await,
        [
            json!(["Ana", 1.0, 3.5, "The leeks are ready."]),
            json!(["Bo", 4.0, 5.0, "Then we cook tonight."]),
            json!(["User", 60.0, 62.0, "I bring bread."]),
        ]
    );
}

#[tokio::test]
async fn vtt_is_read_with_its_voices() {
    assert_eq!(
        spoken("talk.vtt", 0).await,
        [json!(["Ana", 1.0, 3.5, "The leeks are ready & clean."]), json!(["Bo", 4.0, 5.0, "Then we cook."]),]
    );
}

#[tokio::test]
async fn plain_text_is_read_line_by_line() {
    assert_eq!(
        spoken("talk.txt", 0).await,
        [
            json!(["Ana", 0.0, 1.6, "The leeks are ready."]),
            json!(["Bo", 10.0, 11.6, "Then we cook\ntonight."]),
            json!(["User", 20.0, 21.2, "I bring bread."]),
        ]
    );
}
