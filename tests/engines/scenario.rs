//! A scenario for storage and search that every placement of the engines passes.

use reqwest::Method;
use serde_json::{Value, json};

use super::remote::{MEMORIES, SEARCH};
use crate::support::server::{Caller, Server, TestUser, wait_until_indexed};

/// Everything that a user does with memories.
pub(super) async fn assert_memories_work(server: &Server, user: &TestUser) {
    let developer = user.developer();
    writes_once(&developer).await;
    lists_page_by_page(&developer).await;
    searches(server, &developer).await;
    edits(&developer).await;
    deletes(&developer).await;
    keys(user).await;
    let other = server.user().await;
    assert_eq!(other.developer().get(MEMORIES).await.ok(), json!([]));
    assert_eq!(other.developer().get(&format!("{SEARCH}bees")).await.ok()["items"], json!([]));
}

fn strings<'a>(rows: &'a Value, field: &str) -> Vec<&'a str> {
    rows.as_array().unwrap().iter().map(|row| row[field].as_str().unwrap()).collect()
}

async fn writes_once(developer: &Caller) {
    let bees = json!({"content": "Ada keeps bees.", "tags": ["hive"], "category": "interesting"});
    let first = developer.post(MEMORIES, bees.clone()).await.ok();
    let again = developer.post(MEMORIES, bees).await.ok();
    assert_eq!((&first["id"], &first["created_at"]), (&again["id"], &again["created_at"]));
    let mut contents: Vec<Value> = (0..24).map(|n| json!({ "content": format!("Hive {n} stands there.") })).collect();
    contents.push(contents[0].clone());
    let batch = developer.post(&format!("{MEMORIES}/batch"), json!({ "memories": contents })).await.ok();
    assert_eq!(batch["created_count"], 25);
    assert_eq!(batch["memories"][0]["id"], batch["memories"][24]["id"]);
}

async fn lists_page_by_page(developer: &Caller) {
    let all = developer.get(MEMORIES).await.ok();
    assert_eq!(all.as_array().unwrap().len(), 25);
    let (mut paged, mut cursor) = (Vec::new(), String::new());
    loop {
        let answer = developer.get(&format!("{MEMORIES}?limit=7{cursor}")).await;
        cursor = format!("&cursor={}", answer.header("x-next-cursor"));
        paged.extend(answer.ok().as_array().unwrap().clone());
        if cursor == "&cursor=" {
            break;
        }
        assert_eq!(paged.len() % 7, 0, "pages are full");
    }
    assert_eq!(json!(paged), all);
    let offset = developer.get(&format!("{MEMORIES}?limit=5&offset=20")).await.ok();
    assert_eq!(offset.as_array().unwrap()[..], all.as_array().unwrap()[20..]);
    let some = developer.get(&format!("{MEMORIES}?categories=interesting")).await.ok();
    assert!(strings(&some, "content").contains(&"Ada keeps bees."), "{some}");
}

async fn searches(server: &Server, developer: &Caller) {
    let clocks = json!({"content": "Bob repairs clocks.", "category": "work"});
    let clocks = developer.post(MEMORIES, clocks).await.ok();
    let by_words = developer.get(&format!("{SEARCH}clocks&limit=3")).await.ok();
    assert_eq!(by_words["items"][0]["id"], clocks["id"], "by its words at once");
    wait_until_indexed(server).await;
    let by_meaning = developer.get(&format!("{SEARCH}timepieces&limit=3")).await.ok();
    assert_eq!(by_meaning["items"][0]["id"], clocks["id"], "by its meaning soon");
    let filtered = developer.get(&format!("{SEARCH}clocks&categories=habits")).await.ok();
    assert_eq!(filtered["items"], json!([]));
    let similar = developer.post(MEMORIES, json!({"content": "Bob repairs the clocks."})).await.ok();
    assert_eq!(similar["similar"][0]["id"], clocks["id"], "{similar}");
}

async fn edits(developer: &Caller) {
    let written = developer.post(MEMORIES, json!({"content": "Cleo grows walnuts."})).await.ok();
    let one = format!("{MEMORIES}/{}", written["id"].as_str().unwrap());
    for content in ["Cleo grows pecans.", "Cleo grows almonds."] {
        assert_eq!(developer.patch(&one, json!({ "content": content })).await.ok()["content"], content);
    }
    let history = developer.get(&format!("{one}/history")).await.ok();
    assert_eq!(strings(&history, "content"), ["Cleo grows pecans.", "Cleo grows walnuts."]);
    let found = developer.get(&format!("{SEARCH}almonds&limit=1")).await.ok();
    assert_eq!(found["items"][0]["id"], written["id"]);
    let anew = developer.post(MEMORIES, json!({"content": "Cleo grows walnuts."})).await.ok();
    assert_ne!(anew["id"], written["id"], "the edited memory keeps its id");
    developer.post(&format!("{one}/review"), json!({"value": false})).await.ok();
    let found = developer.get(&format!("{SEARCH}almonds")).await.ok();
    assert!(!strings(&found["items"], "id").contains(&written["id"].as_str().unwrap()), "rejected memories are hidden");
}

async fn deletes(developer: &Caller) {
    let written = developer.post(MEMORIES, json!({"content": "Dora sails boats."})).await.ok();
    let one = format!("{MEMORIES}/{}", written["id"].as_str().unwrap());
    let batch = developer.request(Method::DELETE, &format!("{MEMORIES}/batch"));
    let both = batch.json(&json!({"memory_ids": [written["id"], "not there"]})).send().await.unwrap();
    assert_eq!(both.status(), 404);
    developer.get(&one).await.ok();
    assert_eq!(developer.delete(&one).await.ok(), json!({"success": true}));
    developer.get(&one).await.refused(404, "Memory not found");
    developer.delete(&one).await.refused(404, "Memory not found");
    developer.delete(MEMORIES).await.ok();
    assert_eq!(developer.get(MEMORIES).await.ok(), json!([]));
    assert_eq!(developer.get(&format!("{SEARCH}bees")).await.ok()["items"], json!([]));
}

async fn keys(user: &TestUser) {
    let made = user.app().post("/v1/dev/keys", json!({"name": "phone"})).await.ok();
    let key = user.with(made["key"].as_str().unwrap());
    assert_eq!(key.get("/v1/dev/key").await.ok()["id"], made["id"]);
    let refused = key.post(MEMORIES, json!({"content": "Ada"})).await;
    refused.refused(403, "Insufficient permissions. Required scope: memories:write");
    let listed = user.app().get("/v1/dev/keys").await.ok();
    assert!(strings(&listed, "id").contains(&made["id"].as_str().unwrap()));
    let id = made["id"].as_str().unwrap();
    assert_eq!(user.app().delete(&format!("/v1/dev/keys/{id}")).await.status, 204);
    key.get("/v1/dev/key").await.refused(401, "Invalid API Key");
}
