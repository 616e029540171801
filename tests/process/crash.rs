//! Kill -9 in the middle of many writes.

use std::{
    collections::BTreeMap,
    sync::{
        Arc, Mutex,
        atomic::{AtomicUsize, Ordering},
    },
};

use reqwest::Method;
use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::{sync::Notify, task::JoinSet};

use crate::support::{
    program::{Program, search},
    server::Caller,
};

const CONNECTIONS: usize = 16;
const WRITES: usize = 1000;
/// The server is killed as soon as it has acknowledged so many, while the next ones are at work.
const ACKNOWLEDGED: usize = 400;

/// What was acknowledged: ids by the one word that no other memory has.
type Acknowledged = Arc<Mutex<BTreeMap<String, String>>>;

/// Writes its share until the server is gone; each connection's own client keeps one connection.
async fn write(developer: Caller, next: Arc<AtomicUsize>, acknowledged: Acknowledged, enough: Arc<Notify>) {
    loop {
        let number = next.fetch_add(1, Ordering::Relaxed);
        if number >= WRITES {
            return;
        }
        let word = format!("word{number:04}x");
        let body = json!({ "content": format!("Ada wrote {word} in her notebook.") });
        let request = developer.request(Method::POST, "/v1/dev/user/memories").json(&body);
        let Ok(response) = request.send().await else { return };
        let Ok(memory) = response.error_for_status().unwrap().json::<Value>().await else { return };
        let mut acknowledged = acknowledged.lock().unwrap();
        acknowledged.insert(word, memory["id"].as_str().unwrap().to_owned());
        if acknowledged.len() == ACKNOWLEDGED {
            enough.notify_one();
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn acknowledged_writes_survive_a_kill() {
    let folder = TempDir::new().unwrap();
    let mut program = Program::serve(folder.path()).await;
    let owner = program.owner();
    let (next, acknowledged, enough) = (Arc::default(), Acknowledged::default(), Arc::new(Notify::new()));
    let mut writers = JoinSet::new();
    for _ in 0..CONNECTIONS {
        let developer = program.user_again(&owner).developer();
        writers.spawn(write(developer, Arc::clone(&next), Arc::clone(&acknowledged), Arc::clone(&enough)));
    }
    enough.notified().await;
    program.child.start_kill().unwrap();
    writers.join_all().await;
    assert!(!program.wait().await.status.success());
    let acknowledged = Arc::into_inner(acknowledged).unwrap().into_inner().unwrap();
    assert!((ACKNOWLEDGED..WRITES).contains(&acknowledged.len()), "{} were acknowledged", acknowledged.len());

    let program = Program::serve(folder.path()).await;
    let developer = program.user_again(&owner).developer();
    println!(
        "{} acknowledged before the kill; ready again after {:?} with {} to index",
        acknowledged.len(),
        program.took,
        program.health().await["index"]["pending"]
    );
    for (word, id) in &acknowledged {
        assert_eq!(&search(&developer, word).await[0], id, "{word} is not found at once");
        let memory = developer.get(&format!("/v1/dev/user/memories/{id}")).await.ok();
        assert_eq!(memory["content"], format!("Ada wrote {word} in her notebook."));
    }
    program.wait_until_indexed().await;
    for (word, id) in acknowledged.iter().step_by(20) {
        assert_eq!(&search(&developer, word).await[0], id, "{word} is not found later");
    }
    let listed = developer.get("/v1/dev/user/memories?limit=1000").await.ok();
    let listed = listed.as_array().unwrap().len();
    let most = acknowledged.len() + CONNECTIONS;
    assert!((acknowledged.len()..=most).contains(&listed), "{listed} memories, {} acknowledged", acknowledged.len());
    program.stop().await;
}
