//! Export and import of everything that a user has.

use resources::conversations::{ConversationChange, ProcessingResult};
use schemas::{
    chat::{Message, Sender},
    conversation::{ConversationCategory, ConversationPhoto, Event, Processor},
};
use serde_json::{Value, json};
use tools::transfer::{Input, ItemKind};

use super::support::{assert_counts, export, import};
use crate::support::{
    server::{Answer, Server, TestUser, on_runtime},
    tables::NOUNS,
};

/// The keys of an export: those of Omi's in its order, then ours.
const KEYS: [&str; 10] = [
    "profile",
    "conversations",
    "memories",
    "people",
    "action_items",
    "chat_messages",
    "goals",
    "folders",
    "daily_summaries",
    "preferences",
];

/// A user with rows of every kind.
async fn new_user() -> TestUser {
    let user = Server::shared().await.user().await;
    for noun in NOUNS {
        (noun.seed)(&user).await;
    }
    let app = user.app();
    let rejected = app.post("/v3/memories", json!({ "content": "Ann dislikes honey" })).await.ok();
    let review = format!("/v3/memories/{}/review", rejected["id"].as_str().unwrap());
    app.post(&review, json!({ "value": false })).await.ok();
    app.patch("/v1/users/preferences", json!({ "time_zone": "Europe/Oslo", "language": "no" })).await.ok();
    app.post("/v1/folders/reorder", json!({ "folder_ids": ["travel", "work"] })).await.ok();
    let (resources, id) = (Server::shared().await.resources.clone(), user.id.clone());
    on_runtime(async move {
        let conversations = resources.conversations(&id);
        for (place, conversation) in conversations.ids().await.unwrap().into_iter().enumerate() {
            conversations.complete_with(&conversation, processing_result(place)).await.unwrap();
            let photo = ConversationPhoto {
                id: Some(format!("photo-{place}")),
                base64: "aGk=".into(),
                description: Some("A kingfisher".into()),
                created_at: resources::now(),
                discarded: false,
            };
            conversations.save_photos(&conversation, vec![photo]).await.unwrap();
            let change =
                ConversationChange { title: Some("Mine".into()), starred: Some(true), ..ConversationChange::default() };
            conversations.change(&conversation, change).await.unwrap();
        }
        for (name, sender) in [("one", Sender::Human), ("two", Sender::Ai)] {
            resources.messages(&id).save(&message(name, sender)).await.unwrap();
        }
    })
    .await;
    user
}

fn processing_result(place: usize) -> ProcessingResult {
    let event = Event {
        title: "Dinner".into(),
        description: String::new(),
        start: resources::now(),
        duration: 30,
        created: place.is_multiple_of(2),
    };
    ProcessingResult {
        discarded: place % 2 == 1,
        title: "A walk".into(),
        overview: "They walk.".into(),
        emoji: "🚶".into(),
        category: ConversationCategory::Travel,
        events: vec![event],
        folder_id: Some("travel".into()),
        processor: Processor::Local,
    }
}

fn message(id: &str, sender: Sender) -> Message {
    Message::new(id.into(), resources::now(), sender, "Where do we walk?".into())
}

#[tokio::test]
async fn export_and_import_round_trip_byte_for_byte() {
    let server = Server::shared().await;
    let (ann, ben, cleo) = (new_user().await, server.user().await, server.user().await);
    let everything = export(&ann).await;
    let parsed: Value = serde_json::from_slice(&everything).unwrap();
    for key in KEYS {
        let is_there = parsed[key].as_array().map_or(parsed[key].is_object(), |rows| !rows.is_empty());
        assert!(is_there, "{key}: {}", parsed[key]);
    }
    let nothing = export(&cleo).await;
    let report = import(&ben, vec![Input::bytes("export", everything.clone())]).await;
    assert_eq!(report.skipped(), 0, "{report}");
    assert_counts(&report, ItemKind::Conversation, parsed["conversations"].as_array().unwrap().len() as u64, 0, 0);
    assert_same(&export(&ben).await, &everything);
    let again = import(&ben, vec![Input::bytes("export", everything.clone())]).await;
    assert!(again.counts.values().all(|count| count.created == 0), "{again}");
    assert_same(&export(&ben).await, &everything);
    assert_eq!(export(&cleo).await, nothing, "other users have nothing new");
}

/// Asserts equality; names the row that differs, rather than all of them.
#[track_caller]
fn assert_same(found: &[u8], expected: &[u8]) {
    let (found, expected) = (String::from_utf8_lossy(found), String::from_utf8_lossy(expected));
    for (found, expected) in found.lines().zip(expected.lines()) {
        assert_eq!(found, expected);
    }
    assert_eq!(found.len(), expected.len());
}

#[tokio::test]
async fn an_import_that_was_stopped_goes_on() {
    let server = Server::shared().await;
    let (ann, ben) = (new_user().await, server.user().await);
    let everything = export(&ann).await;
    let half = everything[..everything.len() / 2].to_vec();
    let report = import(&ben, vec![Input::bytes("half", half)]).await;
    assert_counts(&report, ItemKind::File, 0, 0, 1);
    let report = import(&ben, vec![Input::bytes("whole", everything.clone())]).await;
    assert_eq!(report.skipped(), 0, "{report}");
    assert_same(&export(&ben).await, &everything);
}

#[tokio::test]
async fn the_app_exports_too() {
    let user = new_user().await;
    let answer = user.app().get("/v1/users/export").await;
    assert_eq!(answer.header("content-type"), "application/json");
    assert_eq!(answer.header("content-disposition"), "attachment; filename=\"omi-export.json\"");
    let body = answer.ok();
    assert_eq!(body.as_object().unwrap().keys().map(String::as_str).collect::<Vec<_>>(), KEYS);
    assert_eq!(body, serde_json::from_slice::<Value>(&export(&user).await).unwrap());
    for stranger in [user.developer(), user.mcp(), user.with("nobody")] {
        assert_eq!(stranger.get("/v1/users/export").await.status, 401);
    }
    let unsigned = user.http.get(format!("{}/v1/users/export", user.url));
    assert_eq!(Answer::to(unsigned).await.status, 401);
}
