//! The MCP project's own conformance suite, its scenarios for authorization servers.

use std::{fs, net::TcpListener, process::Stdio};

use serde_json::Value;
use tempfile::TempDir;
use tokio::io::{AsyncBufReadExt, BufReader};

use super::{added, flow::consent};
use crate::{
    clients::{installed, program},
    harness::Server,
};

/// How many checks the suite makes; none may fail. It plays a client without a secret: to one with a secret it would give
/// none of it, since there are clients without.
async fn checks(revision: &str) -> usize {
    let server = Server::shared().await;
    let user = server.user().await;
    let client = added(server, "http://127.0.0.1/callback", false).await.client;
    let (folder, port) = (TempDir::new().unwrap(), free_port());
    let mut command = program("node22", "node").await;
    command.arg(installed("conformance").await.join("bin/conformance")).arg("authorization");
    command.args(["--url", &server.url, "--client-id", &client.id, "-p", &port.to_string()]);
    command
        .args(["--resource", &format!("{}/v1/mcp", server.url), "--spec-version", revision, "-o"])
        .arg(folder.path());
    let mut child = command.stdout(Stdio::piped()).spawn().unwrap();
    let mut output = BufReader::new(child.stdout.take().unwrap()).lines();
    let mut said = String::new();
    while let Some(line) = output.next_line().await.unwrap() {
        if line.trim().starts_with(&format!("{}/authorize?", server.url)) {
            let back = consent(line.trim(), &user.token, &[]).await;
            reqwest::get(back).await.unwrap();
        }
        said = said + &line + "\n";
    }
    assert!(child.wait().await.unwrap().success(), "{said}");
    let mut made = 0;
    for entry in fs::read_dir(folder.path()).unwrap() {
        let checks = fs::read(entry.unwrap().path().join("checks.json")).unwrap();
        let checks: Vec<Value> = serde_json::from_slice(&checks).unwrap();
        for check in &checks {
            assert!(matches!(check["status"].as_str(), Some("SUCCESS" | "INFO")), "{check:#}");
        }
        made += checks.iter().filter(|check| check["status"] == "SUCCESS").count();
    }
    made
}

fn free_port() -> u16 {
    TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port()
}

#[tokio::test]
async fn every_scenario_for_authorization_servers_passes() {
    for revision in ["2025-11-25", "2026-07-28"] {
        assert!(checks(revision).await > 1);
    }
}
