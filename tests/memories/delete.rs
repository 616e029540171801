//! Deleting: one, several or none, all.

use reqwest::Method;
use serde_json::json;

use super::support::remember;
use crate::support::{
    json::{assert_invalid, column},
    server::{Answer, Caller, Server},
};

async fn delete_batch(caller: &Caller, path: &str, body: serde_json::Value) -> Answer {
    Answer::to(caller.request(Method::DELETE, path).json(&body)).await
}

#[tokio::test]
async fn a_deleted_memory_is_gone() {
    let user = Server::shared().await.user().await;
    let ids = remember(&user.developer(), ["Ana rows", "Ben sails", "Cleo swims"]).await;
    let cases = [
        (user.app(), "/v3/memories", json!({ "status": "ok" })),
        (user.developer(), "/v1/dev/user/memories", json!({ "success": true })),
        (user.mcp(), "/v1/mcp/memories", json!({ "status": "ok" })),
    ];
    for ((caller, path, done), id) in cases.into_iter().zip(&ids) {
        let path = format!("{path}/{id}");
        assert_eq!(caller.delete(&path).await.ok(), done);
        caller.delete(&path).await.refused(404, "Memory not found");
        user.app().get(&format!("/v3/memories/{id}")).await.refused(404, "Memory not found");
    }
    assert_eq!(user.app().get("/v3/memories").await.ok(), json!([]));
    assert_eq!(user.app().get("/v3/memories/search?query=rows%20sails%20swims").await.ok(), json!([]));
}

#[tokio::test]
async fn a_batch_is_deleted_whole_or_not_at_all() {
    let user = Server::shared().await.user().await;
    let cases = [
        (user.app(), "/v3/memories/batch", json!({ "status": "ok" })),
        (user.developer(), "/v1/dev/user/memories/batch", json!({ "success": true })),
    ];
    for (caller, path, done) in cases {
        let [one, two, three] = remember(&user.developer(), ["Ana rows", "Ben sails", "Cleo swims"]).await;
        let unknown = delete_batch(&caller, path, json!({ "memory_ids": [one, "unknown", two] })).await;
        unknown.refused(404, "Memory not found");
        assert_eq!(user.app().get("/v3/memories").await.ok().as_array().unwrap().len(), 3);
        assert_eq!(delete_batch(&caller, path, json!({ "memory_ids": [one, two, one] })).await.ok(), done);
        assert_eq!(column(&user.app().get("/v3/memories").await.ok(), "id"), [three]);
        let ids = json!(["body", "memory_ids"]);
        let none = delete_batch(&caller, path, json!({ "memory_ids": [] })).await;
        assert_invalid(&none, &[("too_short", ids.clone())]);
        let many = delete_batch(&caller, path, json!({ "memory_ids": vec!["x"; 101] })).await;
        assert_invalid(&many, &[("too_long", ids.clone())]);
        let odd = delete_batch(&caller, path, json!({ "memory_ids": ["x", 5] })).await;
        assert_invalid(&odd, &[("string_type", json!(["body", "memory_ids", 1]))]);
        assert_invalid(&delete_batch(&caller, path, json!({})).await, &[("missing", ids)]);
        assert_invalid(&caller.delete(path).await, &[("missing", json!(["body"]))]);
    }
}

#[tokio::test]
async fn all_memories_of_the_user_alone_are_deleted() {
    let server = Server::shared().await;
    let (user, other) = (server.user().await, server.user().await);
    let cases = [
        (user.app(), "/v3/memories", json!({ "status": "ok" })),
        (user.developer(), "/v1/dev/user/memories", json!({ "success": true })),
    ];
    remember(&other.developer(), ["Ana rows"]).await;
    for (caller, path, done) in cases {
        let [id, _] = remember(&user.developer(), ["Ana rows", "Ben sails"]).await;
        let edited = json!({ "value": "Ana floats" });
        user.app().patch(&format!("/v3/memories/{id}"), edited).await.ok();
        assert_eq!(caller.delete(path).await.ok(), done);
        assert_eq!(caller.delete(path).await.ok(), done, "there may be none");
        assert_eq!(user.app().get("/v3/memories").await.ok(), json!([]));
        assert_eq!(user.app().get("/v3/memories/search?query=Ana%20Ben").await.ok(), json!([]));
    }
    assert_eq!(other.app().get("/v3/memories").await.ok().as_array().unwrap().len(), 1);
    assert_eq!(other.app().get("/v3/memories/search?query=rows").await.ok().as_array().unwrap().len(), 1);
}
