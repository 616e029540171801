//! Database and vector index on servers: the same behaviour as in the process, and outages.

use std::time::{Duration, Instant};

use reqwest::Method;
use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::task::JoinSet;

use super::scenario::assert_memories_work;
use crate::support::{
    qdrant::Qdrant,
    server::{Answer, Server, TestUser, wait_until_indexed},
    surreal::SurrealDb,
};

pub(crate) const MEMORIES: &str = "/v1/dev/user/memories";
pub(crate) const SEARCH: &str = "/v1/dev/user/memories/vector/search?query=";

/// A Recollect server whose engines are both on servers of their own.
struct Remote {
    pub(crate) database: SurrealDb,
    pub(crate) vectors: Qdrant,
    pub(crate) server: Server,
    _folder: TempDir,
}

impl Remote {
    pub(crate) async fn boot() -> Self {
        let (database, vectors, folder) = (SurrealDb::start().await, Qdrant::start().await, TempDir::new().unwrap());
        let server = Server::boot(folder.path(), |config| {
            config.database.url = Some(database.url.clone());
            config.database.user = Some("root".into());
            config.database.password = Some("root".to_owned().into());
            config.vectors = vectors.settings();
        });
        Self { server: server.await, database, vectors, _folder: folder }
    }

    pub(crate) async fn health(&self) -> Value {
        reqwest::get(format!("{}/healthz", self.server.url)).await.unwrap().json().await.unwrap()
    }
}

/// Polls until the answer is no 503; gives it, and how long that took.
async fn poll_until_available(user: &TestUser, path: &str) -> (Value, Duration) {
    let began = Instant::now();
    loop {
        let answer = user.developer().get(path).await;
        if answer.status == 200 {
            return (answer.body, began.elapsed());
        }
        assert_eq!(answer.status, 503, "{}", answer.body);
        assert!(began.elapsed() < Duration::from_secs(20), "does not recover: {}", answer.body);
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}

/// Asserts a 503 that names the part that is down, with Retry-After.
#[track_caller]
fn assert_unavailable(answer: &Answer, part: &str) {
    assert_eq!(answer.status, 503, "{}", answer.body);
    let reason = answer.body["detail"].as_str().unwrap();
    assert!(reason.contains(part) && reason.contains("does not answer"), "{reason}");
    assert!(answer.header("retry-after").parse::<u32>().is_ok_and(|seconds| seconds > 0));
}

#[tokio::test]
async fn embedded_engines_keep_memories() {
    let server = Server::shared().await;
    assert_memories_work(server, &server.user().await).await;
}

#[tokio::test]
async fn remote_engines_keep_memories() {
    let remote = Remote::boot().await;
    assert_memories_work(&remote.server, &remote.server.user().await).await;
    remote.server.stop().await;
}

#[tokio::test]
async fn the_database_restarts() {
    let mut remote = Remote::boot().await;
    let (user, quiet) = (remote.server.user().await, remote.server.user().await);
    let developer = user.developer();
    let kept = developer.post(MEMORIES, json!({"content": "Ada keeps bees."})).await.ok();
    wait_until_indexed(&remote.server).await;
    let before = developer.get(MEMORIES).await.ok();

    remote.database.kill().await;
    assert_unavailable(&developer.post(MEMORIES, json!({"content": "Ada keeps wasps."})).await, "the database");
    let one = format!("{MEMORIES}/{}", kept["id"].as_str().unwrap());
    assert_unavailable(&developer.patch(&one, json!({"content": "Ada keeps ants."})).await, "the database");
    assert_unavailable(&developer.delete(&one).await, "the database");
    for path in [MEMORIES, &one, &format!("{SEARCH}bees")] {
        assert_unavailable(&developer.get(path).await, "the database");
    }
    assert_unavailable(&quiet.developer().get("/v1/dev/key").await, "the database");
    assert_unavailable(&quiet.app().get("/v3/memories").await, "the database");
    let call = json!({"jsonrpc": "2.0", "id": 1, "method": "tools/call",
        "params": {"name": "create_memory", "arguments": {"content": "Ada keeps wasps."}}});
    let called = user.mcp().request(Method::POST, "/v1/mcp").header("accept", "application/json").json(&call);
    let called = Answer::to(called).await;
    assert!([200, 503].contains(&called.status) && called.body.to_string().contains("does not answer"), "{called:?}");
    let health = remote.health().await;
    assert!(health["status"] == "degraded" && health["problems"][0].as_str().unwrap().contains("database"), "{health}");

    remote.database.restart().await;
    let (listed, took) = poll_until_available(&user, MEMORIES).await;
    println!("the database was used again after {took:?}");
    assert_eq!(listed, before, "nothing that was refused came true, and nothing else was lost");
    developer.post(MEMORIES, json!({"content": "Ada keeps wasps."})).await.ok();
    assert_eq!(developer.get(&format!("{SEARCH}wasps")).await.ok()["items"][0]["content"], "Ada keeps wasps.");
    wait_until_indexed(&remote.server).await;
    assert_eq!(remote.health().await["status"], "ok");
    remote.server.stop().await;
}

/// A database that is restarted while the server is idle causes no later failure.
#[tokio::test]
async fn the_database_restarts_while_the_server_is_idle() {
    let mut remote = Remote::boot().await;
    let user = remote.server.user().await;
    user.developer().get(MEMORIES).await.ok();
    remote.database.kill().await;
    remote.database.restart().await;
    tokio::time::sleep(Duration::from_secs(2)).await;
    user.developer().post(MEMORIES, json!({"content": "Ada keeps bees."})).await.ok();
    remote.server.stop().await;
}

#[tokio::test]
async fn only_what_the_database_has_is_acknowledged() {
    let mut remote = Remote::boot().await;
    let user = remote.server.user().await;
    let mut writers = JoinSet::new();
    for connection in 0..8 {
        let developer = TestUser { http: reqwest::Client::new(), ..user.clone() }.developer();
        writers.spawn(async move {
            let mut acknowledged = Vec::new();
            for number in 0.. {
                let content = format!("Bee {connection} {number}");
                let answer = developer.post(MEMORIES, json!({ "content": content })).await;
                if answer.status != 200 {
                    assert_unavailable(&answer, "the database");
                    break;
                }
                acknowledged.push(answer.body["id"].clone());
            }
            acknowledged
        });
    }
    tokio::time::sleep(Duration::from_millis(500)).await;
    remote.database.kill().await;
    let acknowledged = writers.join_all().await.concat();
    remote.database.restart().await;
    let (listed, _) = poll_until_available(&user, &format!("{MEMORIES}?limit=1000")).await;
    let listed: Vec<&Value> = listed.as_array().unwrap().iter().map(|memory| &memory["id"]).collect();
    println!("{} writes were acknowledged, {} are there", acknowledged.len(), listed.len());
    assert!(!acknowledged.is_empty());
    assert!(acknowledged.iter().take(1000).all(|id| listed.contains(&id) || listed.len() == 1000));
    wait_until_indexed(&remote.server).await;
    remote.server.stop().await;
}

#[tokio::test]
async fn the_vector_index_restarts() {
    let mut remote = Remote::boot().await;
    let user = remote.server.user().await;
    let developer = user.developer();
    let bees = developer.post(MEMORIES, json!({"content": "Ada keeps bees."})).await.ok();
    wait_until_indexed(&remote.server).await;

    remote.vectors.stop().await;
    let wasps = developer.post(MEMORIES, json!({"content": "Ada keeps wasps."})).await.ok();
    let one = format!("{MEMORIES}/{}", bees["id"].as_str().unwrap());
    developer.patch(&one, json!({"content": "Ada keeps ants."})).await.ok();
    assert_eq!(developer.get(MEMORIES).await.ok().as_array().unwrap().len(), 2);
    assert_unavailable(&developer.get(&format!("{SEARCH}wasps")).await, "the vector index");
    let pending = remote.health().await["index"]["pending"].as_u64().unwrap();
    assert!(pending >= 2, "{pending}");

    remote.vectors.resume().await;
    let (_, took) = poll_until_available(&user, &format!("{SEARCH}wasps")).await;
    println!("the vector index was used again after {took:?}");
    wait_until_indexed(&remote.server).await;
    let found = developer.get(&format!("{SEARCH}wasps")).await.ok();
    assert_eq!(found["items"][0]["id"], wasps["id"]);
    let found = developer.get(&format!("{SEARCH}ants")).await.ok();
    assert_eq!(found["items"][0]["content"], "Ada keeps ants.");
    remote.server.stop().await;
}
