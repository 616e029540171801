//! `recollect mcp`, spoken to as an assistant does.

use std::path::Path;

use serde_json::{Value, json};
use tempfile::TempDir;

use crate::support::{
    program::{Program, recollect, run_ok},
    server::Server,
    stdio_client::StdioClient,
};

async fn start(data: &Path) -> StdioClient {
    let (mut client, opened) = StdioClient::start(recollect(data, &["mcp"]).await).await;
    assert_eq!(opened["serverInfo"]["name"], "recollect");
    assert_eq!(opened["protocolVersion"], "2025-06-18");
    let names = client.tools().await;
    assert!(["create_memory", "search_memories"].iter().all(|name| names.contains(&name.to_string())), "{names:?}");
    client
}

/// Writes `content` and finds it by `word`; gives the memory's id.
async fn remember(client: &mut StdioClient, content: &str, word: &str) -> Value {
    let id = client.call("create_memory", json!({ "content": content })).await["memory"]["id"].take();
    let found = client.call("search_memories", json!({ "query": word })).await;
    assert_eq!(found["memories"][0]["id"], id);
    id
}

#[tokio::test]
async fn an_assistant_works_alone_on_the_folder() {
    let folder = TempDir::new().unwrap();
    let mut client = start(folder.path()).await;
    let id = remember(&mut client, "Ada keeps bees.", "bees").await;
    client.close().await;
    let mut client = start(folder.path()).await;
    remember(&mut client, "Bob repairs clocks.", "clocks").await;
    let listed = client.call("get_memories", json!({})).await;
    assert!(listed["memories"].as_array().unwrap().iter().any(|memory| memory["id"] == id), "{listed}");
    client.close().await;
}

#[tokio::test]
async fn an_assistant_may_do_no_more_alone_than_through_a_server() {
    let folder = TempDir::new().unwrap();
    let tools = async || {
        let command = recollect(folder.path(), &["mcp", "--toolsets", "all"]).await;
        let (mut client, _) = StdioClient::start(command).await;
        let tools = client.tools().await;
        client.close().await;
        tools
    };
    let alone = tools().await;
    for beyond in ["create_key", "revoke_grant", "delete_account", "create_goal"] {
        assert!(!alone.iter().any(|name| name == beyond), "{beyond}");
    }
    assert_eq!(run_ok(folder.path(), &["keys", "list"]).await, "", "no key is left behind");
    let program = Program::serve(folder.path()).await;
    assert_eq!(tools().await, alone);
    program.stop().await;
}

#[tokio::test]
async fn an_assistant_goes_through_the_running_server() {
    let folder = TempDir::new().unwrap();
    let program = Program::serve(folder.path()).await;
    let (mut one, mut other) = (start(folder.path()).await, start(folder.path()).await);
    let id = remember(&mut one, "Ada keeps bees.", "bees").await;
    remember(&mut other, "Bob repairs clocks.", "clocks").await;
    let seen = other.call("search_memories", json!({ "query": "bees" })).await;
    assert_eq!(seen["memories"][0]["id"], id);
    let path = format!("/v1/dev/user/memories/{}", id.as_str().unwrap());
    assert_eq!(program.owner().developer().get(&path).await.ok()["content"], "Ada keeps bees.");
    one.close().await;
    other.close().await;
    program.stop().await;
}

#[tokio::test]
async fn a_client_is_notified_and_outlives_the_server() {
    let folder = TempDir::new().unwrap();
    let port = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let boot = || Server::boot(folder.path(), move |config| config.server.port = port);
    let server = boot().await;
    let user = server.user().await;
    let mut command = recollect(folder.path(), &["mcp", "--url", &server.url]).await;
    command.env("RECOLLECT_KEY", &user.mcp_key);
    let (mut client, _) = StdioClient::start(command).await;
    let id = client.call("create_memory", json!({ "content": "Ada keeps bees." })).await["memory"]["id"].take();
    client.notification("notifications/resources/list_changed").await;
    server.stop().await;
    let server = boot().await;
    let uri = format!("omi://memories/{}", id.as_str().unwrap());
    assert_eq!(client.request("resources/subscribe", json!({ "uri": uri })).await, json!({}), "in a new session");
    user.edit_memory(id.as_str().unwrap(), "wasps").await;
    assert_eq!(client.notification("notifications/resources/updated").await["uri"], uri);
    client.close().await;
    server.stop().await;
}
