//! `recollect mcp`, spoken to as an assistant does.

use std::{path::Path, process::Stdio};

use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::{
    io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader},
    process::Command,
};

use crate::support::{
    program::{Program, recollect, run, run_ok, to_text},
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

const INITIALIZE: &str = r#"{"jsonrpc":"2.0","id":1,"method":"initialize","params":{"protocolVersion":"2025-06-18","capabilities":{},"clientInfo":{"name":"test","version":"1"}}}"#;

/// The first two messages that `recollect mcp` answers to exactly these bytes.
async fn answers(data: &Path, sent: &str) -> [Value; 2] {
    let mut command = recollect(data, &["mcp"]).await;
    let mut child = command.stdin(Stdio::piped()).stderr(Stdio::null()).spawn().unwrap();
    let (mut input, output) = (child.stdin.take().unwrap(), child.stdout.take().unwrap());
    input.write_all(sent.as_bytes()).await.unwrap();
    let mut lines = BufReader::new(output).lines();
    let mut next = async || serde_json::from_str(&lines.next_line().await.unwrap().expect("an answer")).unwrap();
    let answers = [next().await, next().await];
    drop(input);
    assert!(child.wait().await.unwrap().success());
    answers
}

#[tokio::test]
async fn byte_order_marks_and_line_ends_of_windows_are_accepted() {
    let folder = TempDir::new().unwrap();
    let initialized = r#"{"jsonrpc":"2.0","method":"notifications/initialized"}"#;
    let ping = r#"{"jsonrpc":"2.0","id":2,"method":"ping"}"#;
    let sent = format!("\u{feff}{INITIALIZE}\r\n{initialized}\r\n\r\n{ping}\r\n");
    let assert_answered = |answers: [Value; 2]| {
        let results: Vec<(&Value, bool)> =
            answers.iter().map(|answer| (&answer["id"], answer["result"].is_object())).collect();
        assert_eq!(results, [(&json!(1), true), (&json!(2), true)], "{answers:?}");
    };
    assert_answered(answers(folder.path(), &sent).await);
    let program = Program::serve(folder.path()).await;
    assert_answered(answers(folder.path(), &sent).await);
    program.stop().await;
}

#[tokio::test]
async fn a_client_that_says_nothing_is_no_error() {
    let folder = TempDir::new().unwrap();
    let assert_silent = async || {
        let ended = run(folder.path(), &["mcp"]).await;
        assert_eq!((ended.status.code(), to_text(&ended.stdout).as_str()), (Some(0), ""), "{}", to_text(&ended.stderr));
    };
    run_ok(folder.path(), &["keys", "list"]).await;
    assert_silent().await;
    assert_eq!(run_ok(folder.path(), &["keys", "list"]).await, "", "no key is left behind");
    let program = Program::serve(folder.path()).await;
    assert_silent().await;
    program.stop().await;
}

/// Starts `recollect mcp` from a shell that is then killed, with standard input left open; gives what it had printed.
async fn orphan(data: &Path) -> String {
    let program = recollect(data, &["mcp"]).await;
    let program = program.as_std();
    let mut shell = Command::new("sh");
    // A process in the background of a shell has no standard input unless it is given one.
    shell.args(["-c", "exec 3<&0; \"$0\" \"$@\" <&3 & wait"]).arg(program.get_program()).args(program.get_args());
    for (name, value) in program.get_envs() {
        match value {
            Some(value) => shell.env(name, value),
            None => shell.env_remove(name),
        };
    }
    shell.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::null()).kill_on_drop(true);
    let mut shell = shell.spawn().unwrap();
    let mut input = shell.stdin.take().unwrap();
    input.write_all(format!("{INITIALIZE}\n").as_bytes()).await.unwrap();
    let mut printed = BufReader::new(shell.stdout.take().unwrap());
    let mut first = String::new();
    printed.read_line(&mut first).await.unwrap();
    shell.kill().await.unwrap();
    // The program had standard output, too, and closes it when it ends.
    let mut rest = String::new();
    let ended = printed.read_to_string(&mut rest);
    tokio::time::timeout(std::time::Duration::from_secs(60), ended).await.expect("the program ends").unwrap();
    drop(input);
    first
}

#[tokio::test]
async fn the_program_ends_with_the_process_that_started_it() {
    let folder = TempDir::new().unwrap();
    assert!(orphan(folder.path()).await.contains("serverInfo"));
    assert_eq!(run_ok(folder.path(), &["keys", "list"]).await, "", "no key and no lock is left behind");
    let program = Program::serve(folder.path()).await;
    assert!(orphan(folder.path()).await.contains("serverInfo"));
    program.stop().await;
}
