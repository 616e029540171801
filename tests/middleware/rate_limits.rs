//! Rate limits: the contract's 429, the subject of each bucket, and persistence across restarts.

use reqwest::Method;
use schemas::key::KeyFamily;
use serde_json::{Value, json};
use server::Config;
use tempfile::TempDir;
use tokio::sync::OnceCell;

use crate::support::{
    server::{Answer, Caller, Server, TestUser, fresh_folder},
    surreal::SurrealDb,
};

const MEMORIES: &str = "/v1/dev/user/memories";
const CONVERSATIONS: &str = "/v1/dev/user/conversations";

/// Enables limits with these overrides.
fn limited(overrides: &'static [&str]) -> impl Fn(&mut Config) {
    move |config| {
        config.limits.enabled = true;
        config.limits.overrides = overrides.iter().map(ToString::to_string).collect();
    }
}

/// The server of most of these tests. Counts are per key or per user, so that tests do not disturb each other.
async fn shared() -> &'static Server {
    static SHARED: OnceCell<Server> = OnceCell::const_new();
    let overrides = &[
        "dev:memories=2",
        "dev:memories_read=1",
        "dev:conversation_transcript_read=1",
        "dev:conversation_reads_total=4",
        "mcp:sse=5",
        "memories:create=1",
        "chat:send=1",
        "keys:create=3",
        "voice:stream=0",
    ];
    SHARED.get_or_init(|| async { Server::boot(&fresh_folder("limits"), limited(overrides)).await }).await
}

/// Asserts that this is the contract's 429; gives the seconds to wait.
#[track_caller]
fn assert_limited(answer: &Answer, most: &str) -> u64 {
    let seconds: u64 = answer.header("retry-after").parse().unwrap();
    assert!((1..=3600).contains(&seconds), "{seconds}");
    answer.refused(429, &format!("Rate limit exceeded. Try again in {seconds}s."));
    assert_eq!((answer.header("x-ratelimit-limit"), answer.header("x-ratelimit-remaining")), (most, "0"));
    seconds
}

async fn write(caller: &Caller) -> Answer {
    caller.post(MEMORIES, json!({ "content": "The kettle is blue" })).await
}

/// A call of a tool over MCP.
async fn call(user: &TestUser, key: &str, name: &str, arguments: Value) -> Answer {
    mcp(user, key, json!(message("tools/call", json!({ "name": name, "arguments": arguments })))).await
}

async fn mcp(user: &TestUser, key: &str, body: Value) -> Answer {
    Answer::to(user.with(key).request(Method::POST, "/v1/mcp").header("accept", "application/json").json(&body)).await
}

fn message(method: &str, params: Value) -> Value {
    json!({ "jsonrpc": "2.0", "id": 1, "method": method, "params": params })
}

#[tokio::test]
async fn each_key_has_each_bucket_for_itself() {
    let server = shared().await;
    let user = server.user().await;
    for _ in 0..2 {
        write(&user.developer()).await.ok();
    }
    assert_limited(&write(&user.developer()).await, "2");
    let change = user.developer().patch(&format!("{MEMORIES}/x"), json!({ "content": "y" })).await;
    assert_limited(&change, "2");
    user.developer().get(MEMORIES).await.ok();
    let keys = server.resources.keys();
    let other = keys.create(
        &user.id,
        KeyFamily::Developer,
        "other",
        Some(schemas::scope::Scope::available(KeyFamily::Developer)),
    );
    write(&user.with(&other.await.unwrap().key)).await.ok();
}

#[tokio::test]
async fn a_key_shares_its_buckets_with_the_keys_that_it_creates() {
    let server = shared().await;
    let user = server.user().await;
    let scopes = json!(["memories:read", "memories:write"]);
    let create = async |name: &str| {
        let body = json!({ "name": name, "scopes": &scopes });
        let key = user.developer().post("/v1/dev/user/api-keys", body).await.ok();
        user.with(key["key"].as_str().unwrap())
    };
    let (first, second) = (create("first").await, create("second").await);
    write(&first).await.ok();
    write(&user.developer()).await.ok();
    for key in [first, second, user.developer()] {
        assert_limited(&write(&key).await, "2");
    }
}

#[tokio::test]
async fn creating_keys_is_limited_for_each_user() {
    let server = shared().await;
    let user = server.user().await;
    let paths = ["/v1/dev/keys", "/v1/mcp/keys", "/v1/dev/keys"];
    for path in paths {
        user.app().post(path, json!({ "name": "x" })).await.ok();
    }
    assert_limited(&user.app().post("/v1/mcp/keys", json!({ "name": "x" })).await, "3");
    assert_limited(&user.developer().post("/v1/dev/user/api-keys", json!({ "name": "x" })).await, "3");
}

#[tokio::test]
async fn asking_the_model_about_a_conversation_is_limited_like_chat() {
    let server = shared().await;
    let user = server.user().await;
    let path = "/v1/conversations/unknown/test-prompt";
    let prompt = json!({ "prompt": "List the birds" });
    user.app().post(path, prompt.clone()).await.refused(404, "Conversation not found");
    assert_limited(&user.app().post(path, prompt).await, "1");
    let day = json!({ "date": "2026-05-08" });
    assert_limited(&user.developer().post("/v1/dev/user/daily-summaries", day.clone()).await, "1");
    assert_limited(&user.app().post("/v1/users/daily-summary-settings/test", day).await, "1");
    assert_limited(&user.mcp().post("/v1/mcp/ask", json!({ "question": "Who?" })).await, "1");
}

#[tokio::test]
async fn unauthorized_calls_are_not_counted_and_invalid_ones_are() {
    let server = shared().await;
    let user = server.user().await;
    for _ in 0..3 {
        assert_eq!(write(&user.with(&format!("omi_dev_{:032}", 0))).await.status, 401);
    }
    let reader = server.resources.keys().create(&user.id, KeyFamily::Developer, "reader", None).await.unwrap();
    for _ in 0..3 {
        assert_eq!(write(&user.with(&reader.key)).await.status, 403);
    }
    for _ in 0..2 {
        assert_eq!(user.developer().post(MEMORIES, json!({ "content": 3 })).await.status, 422);
    }
    assert_limited(&user.developer().post(MEMORIES, json!({ "content": 3 })).await, "2");
}

#[tokio::test]
async fn transcripts_and_reads_of_conversations_have_buckets_of_their_own() {
    let server = shared().await;
    let user = server.user().await;
    let developer = user.developer();
    developer.get(&format!("{CONVERSATIONS}?include_transcript=true")).await.ok();
    assert_limited(&developer.get(&format!("{CONVERSATIONS}?include_transcript=Yes")).await, "1");
    assert_limited(&developer.get(&format!("{CONVERSATIONS}?transcript=1")).await, "1");
    assert_limited(&developer.get(&format!("{CONVERSATIONS}/x?include_transcript=1")).await, "1");
    developer.get(&format!("{CONVERSATIONS}?include_transcript=false")).await.ok();
    developer.get(CONVERSATIONS).await.ok();
    assert_eq!(developer.get(&format!("{CONVERSATIONS}/x")).await.status, 404);
    assert_limited(&developer.get(&format!("{CONVERSATIONS}/x")).await, "4");
    assert_limited(&developer.get(CONVERSATIONS).await, "4");
}

#[tokio::test]
async fn messages_of_mcp_count_for_the_user_and_models_can_read_that_there_were_too_many() {
    let server = shared().await;
    let user = server.user().await;
    let other = server.resources.keys().create(&user.id, KeyFamily::Mcp, "other", None).await.unwrap().key;
    call(&user, &user.mcp_key, "create_memory", json!({ "content": "The kettle is blue" })).await.ok();
    let refused = call(&user, &user.mcp_key, "create_memory", json!({ "content": "It is red" })).await.ok();
    assert_eq!(refused["result"]["isError"], true, "{refused}");
    assert_eq!(refused["result"]["structuredContent"]["error"]["code"], "rate_limited");
    call(&user, &other, "create_memory", json!({ "content": "It is green" })).await.ok();
    let list = message("tools/list", json!({}));
    mcp(&user, &other, json!([list, list])).await.ok();
    assert_limited(&mcp(&user, &user.mcp_key, list.clone()).await, "5");
    assert_limited(&mcp(&user, &user.mcp_key, json!([list])).await, "5");
    let refused = call(&user, &user.mcp_key, "get_memories", json!({})).await.ok();
    assert_eq!(refused["result"]["structuredContent"]["error"]["code"], "rate_limited", "{refused}");
    let sentence = refused["result"]["content"][0]["text"].as_str().unwrap();
    assert!(sentence.starts_with("Rate limit exceeded. Try again in "), "{sentence}");
}

#[tokio::test]
async fn calls_of_the_app_count_for_the_user() {
    let server = shared().await;
    let user = server.user().await;
    for _ in 0..2 {
        user.app().delete("/v3/memories").await.ok();
    }
    assert_limited(&user.app().delete("/v3/memories").await, "2");
    let (app, question) = (user.app(), json!({ "text": "Which colour has the kettle?" }));
    assert_eq!(app.post("/v2/messages", question.clone()).await.status, 200);
    assert_limited(&app.post("/v2/messages", question).await, "1");
}

#[tokio::test]
async fn the_owner_is_limited_only_from_elsewhere() {
    let server = shared().await;
    let owner = server.owner();
    for _ in 0..3 {
        owner.developer().get(MEMORIES).await.ok();
    }
    let forwarded = || owner.developer().request(Method::GET, MEMORIES).header("x-forwarded-for", "203.0.113.9");
    Answer::to(forwarded()).await.ok();
    assert_limited(&Answer::to(forwarded()).await, "1");
    let user = server.user().await;
    user.developer().get(MEMORIES).await.ok();
    assert_limited(&user.developer().get(MEMORIES).await, "1");
}

#[tokio::test]
async fn counts_survive_a_restart() {
    let folder = TempDir::new().unwrap();
    let server = Server::boot(folder.path(), limited(&["dev:memories_read=2"])).await;
    let user = server.user().await;
    user.developer().get(MEMORIES).await.ok();
    server.stop().await;
    let server = Server::boot(folder.path(), limited(&["dev:memories_read=2"])).await;
    let user = TestUser { url: server.url.clone(), ..user };
    user.developer().get(MEMORIES).await.ok();
    assert_limited(&user.developer().get(MEMORIES).await, "2");
    server.stop().await;
}

#[tokio::test]
async fn servers_on_one_database_share_counts() {
    let (database, folders) = (SurrealDb::start().await, [TempDir::new().unwrap(), TempDir::new().unwrap()]);
    let boot = |folder: &TempDir| {
        let url = database.url.clone();
        let path = folder.path().to_owned();
        async move {
            Server::boot(&path, |config| {
                limited(&["dev:memories_read=3", "dev:goals_read=10000"])(config);
                config.database.url = Some(url);
                config.database.user = Some("root".into());
                config.database.password = Some("root".to_owned().into());
            })
            .await
        }
    };
    let (one, other) = (boot(&folders[0]).await, boot(&folders[1]).await);
    let user = one.user().await;
    for _ in 0..3 {
        user.developer().get(MEMORIES).await.ok();
    }
    // The other server learns of these when it next writes its own counts.
    let elsewhere = TestUser { url: other.url.clone(), ..user.clone() };
    elsewhere.developer().get(MEMORIES).await.ok();
    let began = std::time::Instant::now();
    while elsewhere.developer().get(MEMORIES).await.status == 200 {
        assert!(began.elapsed() < std::time::Duration::from_secs(60), "the counts stay apart");
        tokio::time::sleep(std::time::Duration::from_millis(3000)).await;
    }
    assert_limited(&elsewhere.developer().get(MEMORIES).await, "3");
    one.stop().await;
    other.stop().await;
}
