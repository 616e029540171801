//! Real clients, as they are published, against the server: `clients/setup.sh` installs them into a cache.

mod goals;

use std::path::{Path, PathBuf};

use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::process::Command;

use crate::{
    assistant::Assistant,
    harness::{Server, TestUser},
};

/// A program of the client called `name`, which is installed first where it is not yet.
async fn program(name: &str, program: &str) -> Command {
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("clients/setup.sh");
    let output = Command::new(script).arg(name).output().await.unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let folder = PathBuf::from(String::from_utf8(output.stdout).unwrap().trim());
    let mut command = Command::new(folder.join(name).join("bin").join(program));
    command.kill_on_drop(true);
    command
}

/// A Python program of one line.
async fn python(client: &str, line: &str) -> Command {
    let mut command = program(client, "python").await;
    command.args(["-c", line]);
    command
}

/// `omi`, signed in as `user`; its exit code and what it printed.
async fn omi(user: &TestUser, folder: &TempDir, arguments: &[&str]) -> (Option<i32>, Value) {
    let mut command = program("omi-cli", "omi").await;
    command.env("OMI_CONFIG", folder.path().join("omi.toml")).env("OMI_API_BASE", &user.url);
    command.env("OMI_API_KEY", &user.developer_key).arg("--json").args(arguments);
    let output = command.output().await.unwrap();
    let text = String::from_utf8(output.stdout).unwrap() + &String::from_utf8(output.stderr).unwrap();
    (output.status.code(), serde_json::from_str(&text).unwrap_or(Value::String(text)))
}

#[tokio::test]
async fn omi_cli_keeps_memories() {
    let (user, folder) = (Server::shared().await.user().await, TempDir::new().unwrap());
    let omi = async |arguments: &[&str]| {
        let (code, printed) = omi(&user, &folder, arguments).await;
        assert_eq!(code, Some(0), "{arguments:?}: {printed}");
        printed
    };
    omi(&["auth", "whoami"]).await;
    let tagged = ["--category", "work", "--tag", "hive", "--tag", "hill", "--visibility", "public"];
    let created = omi(&[&["memory", "create", "Ada keeps bees."], &tagged[..]].concat()).await;
    let id = created["id"].as_str().unwrap();
    omi(&["memory", "create", "Bob repairs clocks."]).await;
    let listed = omi(&["memory", "list", "--limit", "200"]).await;
    assert_eq!(listed.as_array().unwrap().len(), 2);
    let listed = omi(&["memory", "list", "--categories", "work,skills"]).await;
    assert_eq!(listed.as_array().unwrap().len(), 1);
    assert_eq!(omi(&["memory", "list", "--limit", "1", "--offset", "2"]).await, json!([]));
    let got = omi(&["memory", "get", id]).await;
    assert_eq!((&got["content"], &got["tags"]), (&json!("Ada keeps bees."), &json!(["hive", "hill"])));
    let updated = omi(&["memory", "update", id, "--content", "Ada keeps wasps.", "--tag", "nest"]).await;
    assert_eq!((&updated["content"], &updated["tags"]), (&json!("Ada keeps wasps."), &json!(["nest"])));
    omi(&["memory", "delete", id, "--yes"]).await;
    assert_eq!(omi(&["memory", "list"]).await.as_array().unwrap().len(), 1);
}

#[tokio::test]
async fn omi_cli_understands_refusals() {
    let (user, folder) = (Server::shared().await.user().await, TempDir::new().unwrap());
    let nobody = TestUser { developer_key: "omi_dev_00000000000000000000000000000000".into(), ..user.clone() };
    assert_eq!(omi(&nobody, &folder, &["memory", "list"]).await.0, Some(2));
    assert_eq!(omi(&user, &folder, &["memory", "delete", "nothing", "--yes"]).await.0, Some(5));
    let long = "x".repeat(501);
    assert_eq!(omi(&user, &folder, &["memory", "create", &long]).await.0, Some(1));
}

#[tokio::test]
async fn omi_mcp_keeps_memories() {
    let user = Server::shared().await.user().await;
    let line = format!(
        "import omi_mcp.api_client as a; a.BASE_URL='{}/v1/dev/user'; from omi_mcp.server import main; main()",
        user.url
    );
    let mut command = python("omi-mcp", &line).await;
    command.env("OMI_API_KEY", &user.developer_key);
    let (mut assistant, _) = Assistant::start(command).await;
    assert_eq!(assistant.tools().await.len(), 20);
    let created = assistant.call("create_memory", json!({ "content": "Ada keeps bees." })).await;
    let id = &created["id"];
    let contents = ["Bob repairs clocks.", "Cleo grows walnuts."];
    let batch = assistant.call("create_memories_batch", json!({ "contents": contents })).await;
    assert_eq!(batch["created_count"], 2, "{batch}");
    let listed = assistant.call("get_memories", json!({ "limit": 2, "offset": 1 })).await;
    assert_eq!((&listed["total"], listed["items"].as_array().map(Vec::len)), (&json!(2), Some(2)), "{listed}");
    let edit = json!({ "memory_id": id, "content": "Ada keeps wasps." });
    assert_eq!(assistant.call("update_memory", edit).await["content"], "Ada keeps wasps.");
    let gone = assistant.call("delete_memory", json!({ "memory_id": id })).await;
    assert_eq!(gone["success"], true, "{gone}");
    let listed = assistant.call("get_memories", json!({})).await;
    let mut left: Vec<_> = listed["items"].as_array().unwrap().iter().map(|item| &item["content"]).collect();
    left.sort_by_key(|content| content.to_string());
    assert_eq!(left, contents);
}

#[tokio::test]
async fn mcp_server_omi_keeps_memories() {
    let user = Server::shared().await.user().await;
    let line = format!(
        "import mcp_server_omi.server as s; s.base_url='{}/v1/mcp/'; import mcp_server_omi; mcp_server_omi.main(args=[])",
        user.url
    );
    let (mut assistant, _) = Assistant::start(python("mcp-server-omi", &line).await).await;
    assert_eq!(assistant.tools().await.len(), 7);
    let uid = &user.mcp_key;
    let mut call = async |tool: &str, mut arguments: Value| {
        arguments["uid"] = json!(uid);
        let answer = assistant.call(tool, arguments).await;
        // It passes on what it got, errors too, as a text.
        serde_json::from_str::<Value>(answer.as_str().unwrap()).unwrap()
    };
    let created = call("create_memory", json!({ "content": "Ada keeps bees.", "category": "work" })).await;
    assert_eq!(created["content"], "Ada keeps bees.", "{created}");
    let listed = call("get_memories", json!({ "categories": ["work"] })).await;
    let id = listed[0]["id"].as_str().unwrap().to_owned();
    assert_eq!(listed[0]["content"], "Ada keeps bees.");
    assert_eq!(call("get_memories", json!({ "categories": ["hobbies"] })).await, json!([]));
    let edited = call("edit_memory", json!({ "memory_id": id, "content": "Ada keeps wasps." })).await;
    assert_eq!(edited, json!({ "status": "ok" }));
    assert_eq!(call("get_memories", json!({ "categories": [] })).await[0]["content"], "Ada keeps wasps.");
    assert_eq!(call("delete_memory", json!({ "memory_id": id })).await, json!({ "status": "ok" }));
    assert_eq!(call("get_memories", json!({ "categories": [] })).await, json!([]));
    let stranger = json!({ "uid": user.id, "categories": [] });
    let refused = assistant.call("get_memories", stranger).await;
    assert!(refused.as_str().unwrap().contains("Invalid API Key"), "a user's id is no credential: {refused}");
}

#[tokio::test]
async fn the_python_sdk_speaks_both_eras() {
    let user = Server::shared().await.user().await;
    let mut command = program("mcp", "python").await;
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("clients/mcp_sdk.py");
    command.arg(script).arg(format!("{}/v1/mcp", user.url)).arg(&user.mcp_key);
    let output = command.output().await.unwrap();
    let said = String::from_utf8(output.stdout).unwrap();
    assert!(output.status.success(), "{said}{}", String::from_utf8(output.stderr).unwrap());
    assert_eq!(said.matches("ok: ").count(), 3, "{said}");
}
