//! A memory, a conversation, something to do and a goal, to be searched and fetched together.

use serde_json::{Value, json};

use crate::support::{
    server::TestUser,
    tables::{
        Expected::{self, NotFound, NothingForeign},
        Noun,
    },
};

pub(crate) const NOUN: Noun = Noun {
    seed: |user| Box::pin(seed(user)),
    calls,
    attempts,
    owned_paths: |_| vec!["/v3/memories".into(), "/v1/action-items".into()],
    secrets: &["Wachau", "apricots"],
    volatile: &["id", "url", "conversation_id", "created_at", "updated_at", "generated_at"],
};

async fn seed(user: &TestUser) -> Value {
    let app = user.app();
    let memory = app.post("/v3/memories", json!({ "content": "Ida grows apricots in the Wachau" })).await.ok();
    let segments = json!([
        { "text": "When are the apricots ripe?", "start": 0, "end": 4, "is_user": true },
        { "text": "In the middle of July, if it stays warm.", "start": 65, "end": 69, "speaker": "SPEAKER_01" },
    ]);
    let body = json!({ "transcript_segments": segments, "started_at": "2026-03-10T12:00:00Z", "source": "omi" });
    let talk = app.post("/v1/conversations/from-segments", body).await.ok();
    let whole = app.get(&format!("/v1/conversations/{}", talk["id"].as_str().unwrap())).await.ok();
    let item = json!({ "description": "Order jars for the apricots", "due_at": "2026-07-01T09:00:00Z" });
    let item = app.post("/v1/action-items", item).await.ok();
    let goal = user.developer().post("/v1/dev/user/goals", json!({ "title": "Dry a crate of apricots" })).await.ok();
    json!({
        "apricots": memory["id"],
        "ripe": talk["id"],
        "july": whole["transcript_segments"][1]["id"],
        "jars": item["id"],
        "crate": goal["id"],
    })
}

fn calls(seed: &Value) -> Vec<(&'static str, Value)> {
    let id = |kind: &str, name: &str| format!("{kind}:{}", seed[name].as_str().unwrap());
    let passage = format!("{}#{}", id("conversation", "ripe"), seed["july"].as_str().unwrap());
    let onwards = format!("{}#from=1", id("conversation", "ripe"));
    let lost = format!("{}#nothing", id("conversation", "ripe"));
    vec![
        ("search", json!({ "query": "When are the apricots ripe?", "limit": 10 })),
        ("search", json!({ "query": "jars", "limit": 1 })),
        ("fetch", json!({ "id": id("memory", "apricots") })),
        ("fetch", json!({ "id": id("conversation", "ripe") })),
        ("fetch", json!({ "id": passage })),
        ("fetch", json!({ "id": onwards })),
        ("fetch", json!({ "id": lost })),
        ("fetch", json!({ "id": id("action_item", "jars") })),
        ("fetch", json!({ "id": id("goal", "crate") })),
        ("fetch", json!({ "id": "goal:unknown" })),
        ("fetch", json!({ "id": "file:unknown" })),
        ("fetch", json!({ "id": "dream:1" })),
        ("get_user_profile", json!({})),
    ]
}

fn attempts(seed: &Value) -> Vec<(&'static str, Value, Expected)> {
    let fetch = |kind: &str, name: &str, gone: &'static str| {
        let id = format!("{kind}:{}", seed[name].as_str().unwrap());
        ("fetch", json!({ "id": id }), NotFound(gone))
    };
    vec![
        ("search", json!({ "query": "What grows there?" }), NothingForeign),
        fetch("memory", "apricots", "Memory not found"),
        fetch("conversation", "ripe", "Conversation not found"),
        fetch("action_item", "jars", "Action item not found"),
        fetch("goal", "crate", "Goal not found"),
        ("get_user_profile", json!({}), NothingForeign),
    ]
}
