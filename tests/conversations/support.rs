//! Conversations for the tests of their routes.

use resources::conversations::NewConversation;
use schemas::conversation::{ConversationSource, ConversationStatus};
use serde_json::{Value, json};

use crate::support::server::{Caller, Server, TestUser, on_runtime};

pub(crate) async fn new_user() -> TestUser {
    Server::shared().await.user().await
}

/// Writes a conversation in which two speakers take turns; gives its id.
pub(crate) async fn create_conversation(app: &Caller, started_at: &str, texts: &[&str]) -> String {
    let segment = |(place, text): (usize, &&str)| {
        let speaker = format!("SPEAKER_0{}", place % 2);
        json!({ "text": text, "speaker": speaker, "is_user": place % 2 == 0, "start": 10 * place, "end": 10 * place + 9 })
    };
    let segments: Vec<Value> = texts.iter().enumerate().map(segment).collect();
    let body = json!({ "transcript_segments": segments, "started_at": started_at });
    app.post("/v1/conversations/from-segments", body).await.ok()["id"].as_str().unwrap().to_owned()
}

/// The conversation as the app sees it.
pub(crate) async fn get_conversation(app: &Caller, id: &str) -> Value {
    app.get(&format!("/v1/conversations/{id}")).await.ok()
}

/// Stores a completed conversation without a transcript.
pub(crate) async fn store_empty(user: &TestUser, id: &str) {
    let (resources, user) = (Server::shared().await.resources.clone(), user.id.clone());
    let new = NewConversation {
        id: id.to_owned(),
        started_at: None,
        utc_offset: None,
        finished_at: None,
        source: ConversationSource::Omi,
        language: None,
        geolocation: None,
        external_data: None,
        client_device_id: None,
        client_platform: None,
        status: ConversationStatus::Completed,
        segments: Vec::new(),
    };
    on_runtime(async move { resources.conversations(&user).create(new).await.unwrap() }).await;
}
