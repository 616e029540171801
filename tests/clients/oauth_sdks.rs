//! The OAuth clients of the SDKs: they connect by the endpoint's URL alone, ask for more scopes when a tool needs them,
//! and refresh their tokens.

use std::process::Stdio;

use tempfile::TempDir;
use tokio::{
    io::{AsyncBufReadExt, AsyncWriteExt, BufReader},
    process::Command,
};

use super::support::{installed, program};
use crate::{
    oauth::{flow::consent_in_browser, support::add_client},
    support::server::Server,
};

/// A server with short-lived tokens, at which clients register themselves.
async fn server(folder: &TempDir) -> Server {
    Server::boot(folder.path(), |config| {
        config.oauth.registration = true;
        config.oauth.access_seconds = 2;
    })
    .await
}

/// Runs a client to its end, and is its user's browser: the first time, the user withholds this. Gives how often the
/// user was asked.
async fn run_client(mut command: Command, token: &str, withheld: &[&str]) -> usize {
    let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
    let mut input = child.stdin.take().unwrap();
    let mut output = BufReader::new(child.stdout.take().unwrap()).lines();
    let (mut asked, mut said) = (0, String::new());
    while let Some(line) = output.next_line().await.unwrap() {
        if let Some(address) = line.strip_prefix("open ") {
            let withheld = if asked == 0 { withheld } else { &[] };
            let back = consent_in_browser(address, token, withheld).await;
            input.write_all(format!("{back}\n").as_bytes()).await.unwrap();
            asked += 1;
        } else {
            said += &line;
        }
    }
    assert!(child.wait().await.unwrap().success(), "{said}");
    assert_eq!(said, "ok");
    asked
}

#[tokio::test]
async fn the_python_sdk_is_authorized() {
    let folder = TempDir::new().unwrap();
    let server = server(&folder).await;
    let user = server.user().await;
    let mut command = program("mcp", "python").await;
    command.arg(concat!(env!("CARGO_MANIFEST_DIR"), "/clients/oauth_sdk.py")).arg(format!("{}/v1/mcp", server.url));
    assert_eq!(run_client(command, &user.token, &["memories.write"]).await, 2);
    server.stop().await;
}

#[tokio::test]
async fn the_typescript_sdk_is_authorized() {
    let folder = TempDir::new().unwrap();
    let server = server(&folder).await;
    let user = server.user().await;
    let client = add_client(&server, "http://127.0.0.1/callback", false).await.client;
    let mut command = Command::new(installed("node22").await.join("bin/node"));
    command.arg(concat!(env!("CARGO_MANIFEST_DIR"), "/clients/oauth_sdk.mjs"));
    command.arg(installed("typescript-sdk").await).arg(format!("{}/v1/mcp/sse", server.url)).arg(&client.id);
    // This SDK takes a refreshed token for one with more scopes, so that it asks for all scopes at once.
    assert_eq!(run_client(command, &user.token, &[]).await, 1);
    server.stop().await;
}
