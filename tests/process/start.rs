//! Starting and stopping.

use std::time::{Duration, Instant};

use reqwest::Method;
use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
};

use crate::support::program::{Program, recollect, search};

#[tokio::test]
async fn secrets_are_printed_at_the_first_start_alone() {
    let folder = TempDir::new().unwrap();
    let data = folder.path().join("deep/data");
    let first = Program::serve(&data).await;
    let keys: Vec<&str> = first.ready.as_object().unwrap().keys().map(String::as_str).collect();
    assert_eq!(keys, ["url", "owner_token", "developer_key", "mcp_key"]);
    let owner = first.owner();
    assert!(owner.developer_key.starts_with("omi_dev_") && owner.mcp_key.starts_with("omi_mcp_"));
    let health = first.health().await;
    assert_eq!((&health["status"], &health["index"]["pending"]), (&json!("ok"), &json!(0)), "{health}");
    let created = owner.developer().post("/v1/dev/user/memories", json!({"content": "Ada keeps bees."})).await.ok();
    let took = first.took;
    let ended = first.stop().await;
    assert_eq!(ended.output, "", "nothing comes after the first line");

    let later = Program::serve(&data).await;
    println!("ready after {took:?} at the first start, {:?} at the second", later.took);
    for secret in ["owner_token", "developer_key", "mcp_key"] {
        assert_eq!(later.ready[secret], Value::Null);
    }
    let owner = later.user_again(&owner);
    let id = created["id"].as_str().unwrap();
    owner.app().get(&format!("/v3/memories/{id}")).await.ok();
    owner.mcp().get("/v1/mcp/memories").await.ok();
    assert_eq!(search(&owner.developer(), "bees").await, [id]);
    later.stop().await;
}

#[tokio::test]
async fn the_start_prints_how_to_connect() {
    let folder = TempDir::new().unwrap();
    let mut child = recollect(folder.path(), &["--port", "0"]).await.spawn().unwrap();
    let (mut output, mut text) = (child.stdout.take().unwrap(), String::new());
    while !text.contains("Ctrl-C") {
        let mut piece = [0; 4096];
        let length = output.read(&mut piece).await.unwrap();
        assert!(length > 0, "the server ended: {text}");
        text += std::str::from_utf8(&piece[..length]).unwrap();
    }
    let parts = ["http://127.0.0.1:", "/docs", "/v1/mcp", "claude mcp add", "mcpServers", "curl ", "Cursor", "VS Code"];
    for part in parts.into_iter().chain(["omi_dev_", "omi_mcp_", "Owner token"]) {
        assert!(text.contains(part), "{part} is missing: {text}");
    }
    child.kill().await.unwrap();
}

#[tokio::test]
async fn a_request_at_work_finishes_before_the_end() {
    let folder = TempDir::new().unwrap();
    let program = Program::serve(folder.path()).await;
    let owner = program.owner();
    let address = program.url.strip_prefix("http://").unwrap().to_owned();
    let body = json!({"content": "Written while the server was told to stop."}).to_string();
    let head = format!(
        "POST /v1/dev/user/memories HTTP/1.1\r\nHost: {address}\r\nAuthorization: Bearer {}\r\n\
         Content-Type: application/json\r\nContent-Length: {}\r\n\r\n",
        owner.developer_key,
        body.len()
    );
    let (begin, rest) = body.split_at(10);
    let mut request = TcpStream::connect(&address).await.unwrap();
    request.write_all((head + begin).as_bytes()).await.unwrap();
    // The server has the request once it has answered one that came later.
    program.health().await;
    program.signal("-TERM").await;
    let refused = async { while TcpStream::connect(&address).await.is_ok() {} };
    tokio::time::timeout(Duration::from_secs(5), refused).await.expect("nobody else is let in");
    request.write_all(rest.as_bytes()).await.unwrap();
    let mut answer = String::new();
    request.read_to_string(&mut answer).await.unwrap();
    assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
    assert_eq!(program.wait().await.status.code(), Some(0));

    let program = Program::serve(folder.path()).await;
    assert_eq!(search(&program.user_again(&owner).developer(), "written").await.len(), 1);
    program.stop().await;
}

#[tokio::test]
async fn open_streams_do_not_hold_up_the_end() {
    for signal in ["-INT", "-TERM"] {
        let folder = TempDir::new().unwrap();
        let program = Program::serve(folder.path()).await;
        let mcp = program.owner().mcp();
        let mut stream =
            mcp.request(Method::GET, "/v1/mcp").header("accept", "text/event-stream").send().await.unwrap();
        assert_eq!(stream.chunk().await.unwrap().unwrap(), "event: ping\ndata: {}\n\n");
        let signalled = Instant::now();
        program.signal(signal).await;
        while let Ok(Some(_)) = stream.chunk().await {}
        assert_eq!(program.wait().await.status.code(), Some(0));
        assert!(signalled.elapsed() < Duration::from_secs(5), "{signal}: ended after {:?}", signalled.elapsed());
    }
}

#[tokio::test]
async fn secrets_stay_out_of_the_log() {
    let folder = TempDir::new().unwrap();
    let (model_key, vectors_key) = ("sk-nobody-may-see-this", "qk-nor-this");
    let mut command = recollect(folder.path(), &["serve", "--json", "--port", "0"]).await;
    command.env("RECOLLECT_MODEL_URL", "http://127.0.0.1:9/v1").env("RECOLLECT_MODEL_NAME", "none");
    command.env("RECOLLECT_MODEL_KEY", model_key).env("RECOLLECT_VECTORS_KEY", vectors_key);
    command.env("RECOLLECT_LOG", "debug").env("RUST_LOG", "trace");
    let program = Program::start(command).await;
    let owner = program.owner();
    owner.developer().post("/v1/dev/user/memories", json!({"content": "Ada keeps bees."})).await.ok();
    owner.mcp().get("/v1/mcp/memories").await.ok();
    let created = owner.app().post("/v1/dev/keys", json!({"name": "another"})).await.ok();
    let another = created["key"].as_str().unwrap().to_owned();
    let asked = owner.app().post("/v2/messages", json!({"text": "What does Ada keep?"})).await.ok();
    assert!(asked.as_str().unwrap().contains("done: "), "{asked}");
    owner.with("omi_dev_00000000000000000000000000000000").get("/v1/dev/key").await.refused(401, "Invalid API Key");
    let bridge = std::fs::read_to_string(folder.path().join("server.json")).unwrap();
    let bridge: Value = serde_json::from_str(&bridge).unwrap();
    let ended = program.stop().await;
    assert!(ended.log.contains("DEBUG"), "the log says much: {}", ended.log);
    let secrets = [model_key, vectors_key, &another, &owner.token, &owner.developer_key, &owner.mcp_key];
    for secret in secrets.into_iter().chain(bridge["key"].as_str()) {
        let bare = secret.rsplit('_').next().unwrap();
        let line = ended.log.lines().find(|line| line.contains(bare));
        assert_eq!(line, None, "a secret is in the log");
    }
}
