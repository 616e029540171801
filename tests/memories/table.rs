//! Two memories, one of them edited.

use serde_json::{Value, json};

use crate::support::{
    server::TestUser,
    tables::{
        Expected::{self, NotFound, NothingForeign},
        Noun,
    },
};

const GONE: Expected = NotFound("Memory not found");

pub(crate) const NOUN: Noun = Noun {
    seed: |user| Box::pin(seed(user)),
    calls,
    attempts,
    owned_paths: |seed| {
        let history = format!("/v3/memories/{}/history", seed["oboe"].as_str().unwrap());
        vec!["/v3/memories".into(), history]
    },
    secrets: &["Graz", "Krems", "bassoon"],
    volatile: &["replaced_at", "key_id"],
};

async fn seed(user: &TestUser) -> Value {
    let create = async |content: &str| {
        let body = json!({ "content": content, "tags": ["Krems"] });
        user.app().post("/v3/memories", body).await.ok()["id"].clone()
    };
    let (bees, oboe) = (create("Ana keeps bees near Graz").await, create("Ben plays the oboe").await);
    let path = format!("/v3/memories/{}", oboe.as_str().unwrap());
    user.app().patch(&path, json!({ "value": "Ben plays the bassoon" })).await.ok();
    json!({ "bees": bees, "oboe": oboe })
}

fn calls(seed: &Value) -> Vec<(&'static str, Value)> {
    let (bees, oboe) = (&seed["bees"], &seed["oboe"]);
    let new =
        json!({ "content": "Ana keeps bees near Linz", "category": "work", "visibility": "public", "tags": ["a"] });
    let known = json!({ "content": "Ana keeps bees near Graz", "category": "system" });
    let blank = json!({ "content": " " });
    vec![
        ("get_memories", json!({ "limit": 1, "offset": 0, "sort": "created_desc" })),
        ("get_memories", json!({ "limit": 9, "sort": "scoring_desc", "categories": ["manual"], "reviewed": true })),
        ("get_memories", json!({ "limit": 9, "sort": "scoring_desc", "cursor": "nonsense" })),
        ("get_memory", json!({ "memory_id": oboe })),
        ("get_memory", json!({ "memory_id": "unknown" })),
        ("get_memory_history", json!({ "memory_id": oboe })),
        ("get_memory_history", json!({ "memory_id": "unknown" })),
        ("search_memories", json!({ "query": "beekeeping", "limit": 5 })),
        ("search_memories", json!({ "query": "bassoon", "limit": 1, "created_after": "2020-01-01" })),
        ("create_memory", new.clone()),
        ("create_memory", known.clone()),
        ("create_memory", blank.clone()),
        ("create_memories", json!({ "items": [new, known] })),
        ("create_memories", json!({ "items": [blank] })),
        ("edit_memory", json!({ "memory_id": bees, "content": "Ana sold her bees" })),
        ("edit_memory", json!({ "memory_id": "unknown", "content": "x" })),
        ("edit_memory", json!({ "memory_id": bees, "content": " " })),
        ("set_memory_visibility", json!({ "memory_id": bees, "visibility": "public" })),
        ("set_memory_visibility", json!({ "memory_id": "unknown", "visibility": "public" })),
        ("review_memory", json!({ "memory_id": bees, "value": false })),
        ("review_memory", json!({ "memory_id": "unknown", "value": false })),
        ("delete_memory", json!({ "memory_id": bees })),
        ("delete_memory", json!({ "memory_id": "unknown" })),
        ("delete_memories", json!({ "memory_ids": [bees, oboe] })),
        ("delete_memories", json!({ "memory_ids": [bees, "unknown"] })),
        ("delete_all_memories", json!({})),
    ]
}

fn attempts(seed: &Value) -> Vec<(&'static str, Value, Expected)> {
    let (id, unlike) = (&seed["oboe"], "Ann rows on the Danube");
    vec![
        ("get_memories", json!({}), NothingForeign),
        ("get_memories", json!({ "limit": 100, "sort": "updated_desc" }), NothingForeign),
        ("get_memory", json!({ "memory_id": id }), GONE),
        ("get_memory_history", json!({ "memory_id": id }), GONE),
        ("search_memories", json!({ "query": "Who plays what?" }), NothingForeign),
        ("create_memory", json!({ "content": unlike }), NothingForeign),
        ("create_memories", json!({ "items": [{ "content": unlike }] }), NothingForeign),
        ("edit_memory", json!({ "memory_id": id, "content": "Mine" }), GONE),
        ("set_memory_visibility", json!({ "memory_id": id, "visibility": "public" }), GONE),
        ("review_memory", json!({ "memory_id": id, "value": false }), GONE),
        ("delete_memory", json!({ "memory_id": id }), GONE),
        ("delete_memories", json!({ "memory_ids": [id] }), GONE),
        ("delete_all_memories", json!({}), NothingForeign),
    ]
}
