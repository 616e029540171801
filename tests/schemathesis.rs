//! Requests that follow from the document, and requests that break it, made by schemathesis as two users: nothing may
//! fail, nothing wrong may be taken, and neither sees what is the other's.

use std::{fs, path::Path, time::Duration};

use serde_json::{Value, json};
use tokio::{process::Command, time::timeout};

use crate::{
    clients::installed,
    harness::{Server, TestUser},
};

/// How long one run may take: it takes a tenth of it.
const LONGEST: Duration = Duration::from_secs(300);

/// Calls every operation with one of these tags, by turns with the credentials of Ann and of Bob.
async fn run(server: &Server, folder: &Path, tags: &[&str], credential: fn(&TestUser) -> &str) {
    let (ann, bob) = (server.user().await, server.user().await);
    let header =
        |user: &TestUser| json!([{ "name": "Authorization", "value": format!("Bearer {}", credential(user)) }]);
    let users = json!({ "auth": [
        { "name": "ann", "fixedHeaders": header(&ann) },
        { "name": "bob", "fixedHeaders": header(&bob) },
    ] });
    fs::write(folder.join("users.json"), users.to_string()).unwrap();
    let sign_in = "\n[auth.wfc]\npath = \"users.json\"\npeers = [\"ann\", \"bob\"]\n";
    let config = include_str!("clients/schemathesis.toml").to_owned() + sign_in;
    fs::write(folder.join("schemathesis.toml"), config).unwrap();
    let mut command = Command::new(installed("schemathesis").await.join("bin/schemathesis"));
    command.current_dir(folder).kill_on_drop(true);
    command.args(["run", &format!("{}/openapi.json", server.url), "--report", "json", "--report-json-path", "report"]);
    let output = timeout(LONGEST, command.args(tags.iter().flat_map(|tag| ["--include-tag", tag])).output()).await;
    let output = output.unwrap().unwrap();
    let said = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success(), "{said}{}", String::from_utf8_lossy(&output.stderr));
    let report: Value = serde_json::from_slice(&fs::read(folder.join("report")).unwrap()).unwrap();
    println!("{tags:?}: {}", report["summary"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn no_request_finds_a_fault() {
    let (folder, data) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let server = Server::boot(data.path(), |_| {}).await;
    run(&server, folder.path(), &["Developer"], |user| &user.developer_key).await;
    run(&server, folder.path(), &["MCP"], |user| &user.mcp_key).await;
    run(&server, folder.path(), &["App", "Keys", "Public"], |user| &user.token).await;
    server.stop().await;
}
