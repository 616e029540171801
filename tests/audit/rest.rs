//! The audit trail: what keys did, for the user, and for each key what it did itself.

use std::time::Instant;

use serde_json::{Value, json};
use tempfile::TempDir;
use tools::Audience;

use crate::support::{
    calls::{context, directly, over_mcp},
    server::{Server, TestUser},
};

async fn trail(user: &TestUser, query: &str) -> Vec<Value> {
    let trail_page = user.app().get(&format!("/v1/users/audit{query}")).await.ok();
    trail_page["entries"].as_array().unwrap().clone()
}

fn tools(entries: &[Value]) -> Vec<&str> {
    entries.iter().map(|entry| entry["tool"].as_str().unwrap()).collect()
}

/// An assistant remembers and searches, a script lists and misses, the user looks.
async fn user_with_calls(server: &Server) -> (TestUser, Value) {
    let user = server.user().await;
    let made = json!({ "name": "create_memory", "arguments": { "content": "Ana keeps bees in Graz" } });
    let made = over_mcp(&user, "tools/call", made).await.unwrap()["structuredContent"]["memory"]["id"].take();
    let search = json!({ "name": "search_memories", "arguments": { "query": "bees" } });
    over_mcp(&user, "tools/call", search).await.unwrap();
    user.developer().get("/v1/dev/user/memories").await.ok();
    user.developer().get("/v1/dev/user/memories/unknown").await.refused(404, "Memory not found");
    user.app().get("/v3/memories").await.ok();
    (user, made)
}

#[tokio::test]
async fn the_user_sees_what_every_key_did() {
    let server = Server::shared().await;
    let (user, made) = user_with_calls(server).await;
    let entries = trail(&user, "").await;
    assert_eq!(tools(&entries), ["get_memory", "get_memories", "search_memories", "create_memory"], "newest first");
    let [missed, listed, searched, created] = &entries[..] else { unreachable!() };
    assert_eq!((&missed["outcome"], &missed["ids"]), (&json!("not_found"), &json!([])));
    assert_eq!((&listed["face"], &listed["key_id"]), (&json!("developer"), &json!(user.developer_key_id)));
    assert_eq!((&searched["access"], &searched["ids"]), (&json!("read"), &json!([made])));
    assert_eq!(searched["face"], "mcp");
    assert_eq!((&created["access"], &created["key_name"]), (&json!("write"), &json!("test")));
    assert_eq!((&created["outcome"], &created["id_count"]), (&json!("ok"), &json!(1)));
    assert!(!json!(entries).to_string().contains("bees"), "what was said is not kept");
}

#[tokio::test]
async fn a_key_sees_only_what_it_did_itself() {
    let server = Server::shared().await;
    let (user, _) = user_with_calls(server).await;
    let trail_page = user.developer().get("/v1/dev/user/audit").await.ok();
    assert_eq!(tools(trail_page["entries"].as_array().unwrap()), ["get_memory", "get_memories"]);
    let theirs = format!("/v1/dev/user/audit?key_id={}", user.mcp_key_id);
    assert_eq!(user.developer().get(&theirs).await.ok()["entries"], json!([]));
    let trail_page = user.mcp().get("/v1/mcp/audit?access=write").await.ok();
    assert_eq!(tools(trail_page["entries"].as_array().unwrap()), ["create_memory"]);
    assert_eq!(trail(&server.user().await, "").await, Vec::<Value>::new(), "another user sees nothing");
}

#[tokio::test]
async fn the_trail_is_filtered_and_paged() {
    let server = Server::shared().await;
    let (user, _) = user_with_calls(server).await;
    let by = async |query: String| trail(&user, &query).await;
    assert_eq!(by(format!("?key_id={}", user.mcp_key_id)).await.len(), 2);
    assert_eq!(tools(&by("?tool=get_memories".into()).await), ["get_memories"]);
    assert_eq!(by(format!("?key_id={}&tool=get_memories", user.mcp_key_id)).await.len(), 0);
    assert_eq!(tools(&by("?access=write".into()).await), ["create_memory"]);
    assert_eq!(by("?start_date=2999-01-01".into()).await.len(), 0);
    assert_eq!(by("?end_date=2001-01-01".into()).await.len(), 0);
    assert_eq!(by("?start_date=2001-01-01&end_date=2999-01-01".into()).await.len(), 4);
    let (mut seen, mut cursor) = (Vec::new(), String::new());
    loop {
        let page = user.app().get(&format!("/v1/users/audit?limit=3{cursor}")).await.ok();
        seen.extend(page["entries"].as_array().unwrap().clone());
        match page["next_cursor"].as_str() {
            Some(next) => cursor = format!("&cursor={next}"),
            None => break,
        }
    }
    assert_eq!(seen, trail(&user, "").await);
    user.app().get("/v1/users/audit?tool=search&cursor=x").await.refused(400, "Invalid cursor");
}

#[tokio::test]
async fn the_trail_outlives_the_server_and_can_be_switched_off() {
    let folder = TempDir::new().unwrap();
    let server = Server::boot(folder.path(), |_| {}).await;
    let user = server.user().await;
    user.developer().get("/v1/dev/user/memories").await.ok();
    server.stop().await;
    let server = Server::boot(folder.path(), |_| {}).await;
    let user = TestUser { url: server.url.clone(), ..user };
    assert_eq!(tools(&trail(&user, "").await), ["get_memories"]);
    server.stop().await;
    let server = Server::boot(folder.path(), |config| config.audit.days = 0).await;
    let user = TestUser { url: server.url.clone(), ..user };
    user.developer().get("/v1/dev/user/memories").await.ok();
    assert_eq!(trail(&user, "").await.len(), 1, "nothing new");
    server.stop().await;
}

/// Run by hand: measures the cost of the audit trail per call.
#[tokio::test]
#[ignore = "measures"]
async fn cost_of_the_audit_trail() {
    let (kept, none) = (TempDir::new().unwrap(), TempDir::new().unwrap());
    for round in 0..3 {
        for (folder, days) in [(&kept, 90), (&none, 0)] {
            let server: &'static Server = Box::leak(Box::new(
                Server::boot(&folder.path().join(round.to_string()), |config| config.audit.days = days).await,
            ));
            let user = server.user().await;
            let id = user.app().post("/v3/memories", json!({ "content": "Ana keeps bees" })).await.ok()["id"].clone();
            let context = context(server, &user, Audience::Mcp).await;
            let tool = ::tools::find("get_memory").unwrap();
            let begun = Instant::now();
            for _ in 0..3000 {
                directly(context.clone(), tool, &json!({ "memory_id": id })).await.unwrap();
            }
            println!("{days} days: {:.1} µs a call", begun.elapsed().as_secs_f64() * 1e6 / 3000.0);
        }
    }
}
