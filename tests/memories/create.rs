//! Creating memories: shapes, limits, ids, and duplicates.

use futures::future::join_all;
use resources::memories::Selection;
use serde_json::{Value, json};

use super::support::{APP, DEVELOPER};
use crate::support::{
    json::{assert_invalid, column, field_names, names_with},
    server::{Caller, Server, on_runtime},
};

/// `printf 'Ana keeps bees' | sha256sum` begins with f669413ff84d019435ba784916bc6a65; Python's
/// `uuid.UUID(bytes=…, version=4)` makes this id of it.
const BEES: (&str, &str) = ("Ana keeps bees", "f669413f-f84d-4194-b5ba-784916bc6a65");

#[tokio::test]
async fn an_app_memory_is_written_by_hand() {
    let user = Server::shared().await.user().await;
    let body = json!({ "content": "  Ana keeps bees \n", "tags": ["friends"], "unknown": 1 });
    let memory = user.app().post("/v3/memories", body).await.ok();
    assert_eq!(field_names(&memory), names_with(APP, &["similar"]));
    let expected = [
        ("content", json!(BEES.0)),
        ("id", json!(BEES.1)),
        ("uid", json!(user.id)),
        ("category", json!("manual")),
        ("visibility", json!("private")),
        ("tags", json!(["friends"])),
        ("manually_added", json!(true)),
        ("reviewed", json!(true)),
        ("user_review", json!(true)),
        ("edited", json!(false)),
        ("is_locked", json!(false)),
        ("conversation_id", Value::Null),
        ("provenance", json!({ "face": "app", "key_id": null, "key_name": null, "conversation_id": null })),
    ];
    for (field, value) in expected {
        assert_eq!(memory[field], value, "{field}");
    }
    let seconds = chrono::DateTime::parse_from_rfc3339(memory["created_at"].as_str().unwrap()).unwrap().timestamp();
    assert_eq!(memory["scoring"], format!("01_998_{seconds:010}"), "manual memories are boosted");
    assert!(memory["created_at"].as_str().unwrap().ends_with('Z'));
}

#[tokio::test]
async fn app_clients_are_forgiven_unknown_enums() {
    let app = Server::shared().await.user().await.app();
    for (category, stored) in [("work", "work"), ("nonsense", "manual")] {
        let content = format!("Ana has category {category}");
        let body = json!({ "content": content, "category": category, "visibility": "friends" });
        let memory = app.post("/v3/memories", body).await.ok();
        assert_eq!((&memory["category"], &memory["visibility"]), (&json!(stored), &json!("private")));
    }
}

#[tokio::test]
async fn a_developer_memory_has_the_contract_s_fields() {
    let user = Server::shared().await.user().await;
    let body = json!({ "content": "Ben plays the oboe", "category": "hobbies", "visibility": "public" });
    let memory = user.developer().post("/v1/dev/user/memories", body).await.ok();
    assert_eq!(field_names(&memory), names_with(DEVELOPER, &["similar"]));
    assert_eq!((&memory["category"], &memory["visibility"]), (&json!("hobbies"), &json!("public")));
    let by = json!({
        "face": "developer", "key_id": user.developer_key_id, "key_name": "test", "conversation_id": null,
    });
    assert_eq!(memory["provenance"], by);
    let unboosted = user.developer().post("/v1/dev/user/memories", json!({ "content": "Ben is tall" })).await.ok();
    assert_eq!(unboosted["category"], "system");
    assert!(unboosted["scoring"].as_str().unwrap().starts_with("01_999_"));
    let advice = json!({ "content": "Experts advise eight hours of sleep" });
    assert_eq!(user.developer().post("/v1/dev/user/memories", advice).await.ok()["category"], "interesting");
}

#[tokio::test]
async fn an_mcp_memory_is_answered_briefly() {
    let user = Server::shared().await.user().await;
    let body =
        json!({ "content": "Cleo reads Rilke", "category": "nonsense", "visibility": "nonsense", "tags": ["a"] });
    let memory = user.mcp().post("/v1/mcp/memories", body).await.ok();
    assert_eq!(field_names(&memory), ["category", "content", "id", "similar", "tags", "visibility"]);
    assert_eq!((&memory["category"], &memory["visibility"]), (&json!("system"), &json!("private")));
    let path = format!("/v1/dev/user/memories/{}", memory["id"].as_str().unwrap());
    let by = user.developer().get(&path).await.ok()["provenance"].clone();
    assert_eq!((&by["face"], &by["key_id"]), (&json!("mcp"), &json!(user.mcp_key_id)));
}

#[tokio::test]
async fn texts_have_limits() {
    let user = Server::shared().await.user().await;
    let (app, developer, mcp) = (user.app(), user.developer(), user.mcp());
    let text = |length: usize| json!({ "content": "ä".repeat(length) });
    developer.post("/v1/dev/user/memories", text(500)).await.ok();
    let content = json!(["body", "content"]);
    let refused = developer.post("/v1/dev/user/memories", text(501)).await;
    assert_invalid(&refused, &[("string_too_long", content.clone())]);
    assert_eq!(refused.body["detail"][0]["msg"], "String should have at most 500 characters");
    assert_eq!(refused.body["detail"][0]["ctx"], json!({ "max_length": 500 }));
    for (caller, path) in [(&app, "/v3/memories"), (&developer, "/v1/dev/user/memories"), (&mcp, "/v1/mcp/memories")] {
        assert_invalid(&caller.post(path, text(0)).await, &[("string_too_short", content.clone())]);
        assert_invalid(&caller.post(path, json!({})).await, &[("missing", content.clone())]);
        assert_invalid(&caller.post(path, json!({ "content": 5 })).await, &[("string_type", content.clone())]);
        caller.post(path, json!({ "content": " \n\t" })).await.refused(422, "content cannot be empty");
        if path != "/v1/dev/user/memories" {
            caller.post(path, text(501)).await.ok();
            caller.post(path, text(100_000)).await.ok();
            assert_invalid(&caller.post(path, text(100_001)).await, &[("string_too_long", content.clone())]);
        }
    }
    let wrong = json!({ "content": "x", "category": "nonsense", "tags": "x" });
    let refused = developer.post("/v1/dev/user/memories", wrong).await;
    assert_invalid(&refused, &[("enum", json!(["body", "category"])), ("list_type", json!(["body", "tags"]))]);
    let message = refused.body["detail"][0]["msg"].as_str().unwrap();
    assert!(message.starts_with("Input should be 'interesting', 'system', 'manual'"), "{message}");
    assert!(message.ends_with("'other' or 'auto'"), "{message}");
}

#[tokio::test]
async fn a_batch_is_written_in_its_order() {
    let user = Server::shared().await.user().await;
    let items = |count: usize| -> Vec<Value> {
        (0..count).map(|place| json!({ "content": format!("Fact number {place}") })).collect()
    };
    let cases = [
        (user.developer(), "/v1/dev/user/memories/batch", 25, DEVELOPER),
        (user.app(), "/v3/memories/batch", 100, APP),
    ];
    for (caller, path, most, names) in cases {
        let reply = caller.post(path, json!({ "memories": items(most) })).await.ok();
        assert_eq!(field_names(&reply), ["created_count", "memories"]);
        assert_eq!(reply["created_count"], most);
        assert_eq!(field_names(&reply["memories"][0]), names_with(names, &["similar"]));
        let expected: Vec<String> = (0..most).map(|place| format!("Fact number {place}")).collect();
        assert_eq!(column(&reply["memories"], "content"), expected);
        let empty = caller.post(path, json!({ "memories": [] })).await.ok();
        assert_eq!(empty, json!({ "memories": [], "created_count": 0 }));
        let refused = caller.post(path, json!({ "memories": items(most + 1) })).await;
        assert_invalid(&refused, &[("too_long", json!(["body", "memories"]))]);
        let ctx = json!({ "field_type": "List", "max_length": most, "actual_length": most + 1 });
        assert_eq!(refused.body["detail"][0]["ctx"], ctx);
    }
    let listed = user.developer().get("/v1/dev/user/memories?limit=100&sort=created_desc").await.ok();
    let newest_first: Vec<String> = (0..100).rev().map(|place| format!("Fact number {place}")).collect();
    let listed = column(&listed, "content");
    assert_eq!(listed[..75], newest_first[..75]);
    assert_eq!(listed[75..], newest_first[75..], "what both batches hold keeps the time it was first written");
}

#[tokio::test]
async fn a_batch_with_a_blank_item_writes_nothing() {
    let user = Server::shared().await.user().await;
    for (caller, path) in [(user.developer(), "/v1/dev/user/memories/batch"), (user.app(), "/v3/memories/batch")] {
        let blank = json!({ "memories": [{ "content": "Dora swims" }, { "content": "  " }] });
        caller.post(path, blank).await.refused(422, "All memories must have non-empty content");
        let wrong = json!({ "memories": [{ "content": "Dora swims" }, { "content": "" }, {}] });
        let expected = [
            ("string_too_short", json!(["body", "memories", 1, "content"])),
            ("missing", json!(["body", "memories", 2, "content"])),
        ];
        assert_invalid(&caller.post(path, wrong).await, &expected);
        assert_invalid(&caller.post(path, json!({})).await, &[("missing", json!(["body", "memories"]))]);
    }
    let long = json!({ "memories": [{ "content": "x".repeat(501) }] });
    let refused = user.developer().post("/v1/dev/user/memories/batch", long).await;
    assert_invalid(&refused, &[("string_too_long", json!(["body", "memories", 0, "content"]))]);
    assert_eq!(user.app().get("/v3/memories").await.ok(), json!([]));
}

#[tokio::test]
async fn one_client_s_batch_of_plain_texts_is_understood() {
    let developer = Server::shared().await.user().await.developer();
    let reply = developer.post("/v1/dev/user/memories/batch", json!({ "contents": ["One", "Two"] })).await.ok();
    assert_eq!(column(&reply["memories"], "content"), ["One", "Two"]);
}

#[tokio::test]
async fn the_same_text_twice_is_one_memory() {
    let user = Server::shared().await.user().await;
    let (app, developer, mcp) = (user.app(), user.developer(), user.mcp());
    let first = developer.post("/v1/dev/user/memories", json!({ "content": BEES.0, "tags": ["a"] })).await.ok();
    let again = app.post("/v3/memories", json!({ "content": format!(" {} ", BEES.0), "tags": ["b"] })).await.ok();
    let third = mcp.post("/v1/mcp/memories", json!({ "content": BEES.0 })).await.ok();
    for memory in [&first, &again, &third] {
        assert_eq!(memory["id"], BEES.1);
        assert_eq!(memory["similar"], json!([]), "a memory is no duplicate of itself");
    }
    assert_eq!(again["created_at"], first["created_at"]);
    assert_eq!(again["tags"], json!(["a", "b"]));
    let batch = json!({ "memories": [{ "content": "New" }, { "content": BEES.0 }, { "content": "New" }] });
    let reply = developer.post("/v1/dev/user/memories/batch", batch).await.ok();
    assert_eq!(reply["created_count"], 3, "duplicates count");
    assert_eq!(column(&reply["memories"], "content"), ["New", BEES.0, "New"]);
    assert_eq!(reply["memories"][0]["id"], reply["memories"][2]["id"]);
    assert_eq!(developer.get("/v1/dev/user/memories").await.ok().as_array().unwrap().len(), 2);
}

#[tokio::test]
async fn the_same_text_from_many_at_once_is_one_memory() {
    let user = Server::shared().await.user().await;
    let developer = user.developer();
    let calls = (0..16).map(|_| developer.post("/v1/dev/user/memories", json!({ "content": BEES.0 })));
    for answer in join_all(calls).await {
        assert_eq!(answer.ok()["id"], BEES.1);
    }
    assert_eq!(column(&user.app().get("/v3/memories").await.ok(), "id"), [BEES.1]);
}

#[tokio::test]
async fn another_user_s_same_text_has_the_same_id_and_is_another_memory() {
    let server = Server::shared().await;
    let (ann, bob) = (server.user().await, server.user().await);
    for user in [&ann, &bob] {
        user.app().post("/v3/memories", json!({ "content": BEES.0 })).await.ok();
    }
    ann.app().delete(&format!("/v3/memories/{}", BEES.1)).await.ok();
    assert_eq!(ann.app().get("/v3/memories").await.ok(), json!([]));
    assert_eq!(bob.app().get(&format!("/v3/memories/{}", BEES.1)).await.ok()["uid"], bob.id);
}

#[tokio::test]
async fn a_text_added_again_after_its_memory_was_edited_is_a_second_memory() {
    let developer = Server::shared().await.user().await.developer();
    let create = || developer.post("/v1/dev/user/memories", json!({ "content": BEES.0 }));
    create().await.ok();
    let path = format!("/v1/dev/user/memories/{}", BEES.1);
    developer.patch(&path, json!({ "content": "Ana sold her bees" })).await.ok();
    let second = create().await.ok();
    assert_eq!(second["content"], BEES.0);
    assert_ne!(second["id"], BEES.1);
    assert_eq!(create().await.ok()["id"], second["id"], "and stays one");
    let batch = json!({ "memories": [{ "content": BEES.0 }, { "content": "New" }] });
    let reply = developer.post("/v1/dev/user/memories/batch", batch).await.ok();
    assert_eq!(reply["memories"][0]["id"], second["id"]);
    let listed = developer.get("/v1/dev/user/memories").await.ok();
    let mut contents = column(&listed, "content");
    contents.sort_unstable();
    assert_eq!(contents, [BEES.0, "Ana sold her bees", "New"]);
}

#[tokio::test]
async fn a_second_memory_of_a_text_is_met_again_after_a_move() {
    let server = Server::shared().await;
    let (old, new) = (server.user().await, server.user().await);
    let create =
        |caller: Caller| async move { caller.post("/v1/dev/user/memories", json!({ "content": BEES.0 })).await.ok() };
    create(old.developer()).await;
    let path = format!("/v1/dev/user/memories/{}", BEES.1);
    old.developer().patch(&path, json!({ "content": "Ana sold her bees" })).await.ok();
    let second = create(old.developer()).await;
    let (from, to) = (old.id.clone(), new.id.clone());
    on_runtime(async move {
        let moved =
            server.resources.memories(&from).list(&Selection { limit: 10, ..Default::default() }).await.unwrap();
        server.resources.memories(&to).import(moved.into_iter().map(Into::into).collect()).await.unwrap();
    })
    .await;
    assert_eq!(create(new.developer()).await["id"], second["id"]);
}

#[tokio::test]
async fn near_duplicates_are_named_and_kept() {
    let developer = Server::shared().await.user().await.developer();
    let create =
        async |content: &str| developer.post("/v1/dev/user/memories", json!({ "content": content })).await.ok();
    let others: Vec<_> = (0..40).map(|place| json!({ "content": format!("Grain {place} of sand") })).collect();
    for others in others.chunks(25) {
        developer.post("/v1/dev/user/memories/batch", json!({ "memories": others })).await.ok();
    }
    let first = create("Emil moved from Lisbon to Oslo in May").await;
    assert_eq!(first["similar"], json!([]));
    let other = create("Photosynthesis turns light into sugar").await;
    assert_eq!(other["similar"], json!([]));
    let near = create("Emil moved from Lisbon to Oslo in early May").await;
    assert_eq!(near["similar"][0]["id"], first["id"]);
    assert_eq!(near["similar"].as_array().unwrap().len(), 1);
    assert!((0.5..=1.0).contains(&near["similar"][0]["score"].as_f64().unwrap()), "{}", near["similar"]);
    assert_eq!(developer.get("/v1/dev/user/memories?limit=100").await.ok().as_array().unwrap().len(), 43);
}
