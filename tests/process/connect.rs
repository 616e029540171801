//! `recollect connect` adds the server to clients' configuration once, and changes nothing else in it.

use std::{fs, os::unix::fs::PermissionsExt};

use serde_json::Value;
use tempfile::TempDir;

use crate::support::program::{Program, output, recollect, run, run_ok, to_text};

const FILE: &str = "{\n  // mine\n  \"mcpServers\": { \"other\": { \"url\": \"https://other.example\" } }\n}\n";

#[tokio::test]
async fn a_client_is_connected_once_and_its_file_is_kept() {
    let (data, home) = (TempDir::new().unwrap(), TempDir::new().unwrap());
    let file = home.path().join("mcp.json");
    fs::write(&file, FILE).unwrap();
    fs::set_permissions(&file, fs::Permissions::from_mode(0o644)).unwrap();
    let connect = ["connect", "cursor", "--write", "--file", file.to_str().unwrap()];
    let said = run(data.path(), &connect).await;
    assert!(said.status.success(), "{}", to_text(&said.stderr));
    let written = fs::read_to_string(&file).unwrap();
    assert!(written.contains("// mine") && written.contains("https://other.example"), "{written}");
    assert_eq!(written.matches("Bearer omi_mcp_").count(), 1, "{written}");
    assert_eq!(fs::metadata(&file).unwrap().permissions().mode() & 0o777, 0o600, "a key is for its user alone");
    assert_eq!(fs::read_to_string(home.path().join("mcp.json.before-recollect")).unwrap(), FILE);
    let again = run(data.path(), &connect).await;
    assert!(to_text(&again.stderr).contains("connected already"), "{}", to_text(&again.stderr));
    assert_eq!(fs::read_to_string(&file).unwrap(), written);
    assert_eq!(run_ok(data.path(), &["keys", "list"]).await.matches("Cursor").count(), 1, "one key, by its name");
}

#[tokio::test]
async fn the_written_configuration_works_with_the_running_server() {
    let (data, home) = (TempDir::new().unwrap(), TempDir::new().unwrap());
    let program = Program::serve(data.path()).await;
    let file = home.path().join("mcp.json");
    let connect = ["connect", "vscode", "--write", "--file", file.to_str().unwrap(), "--toolsets", "default,goals"];
    let refused = run(data.path(), &connect).await;
    assert_eq!(refused.status.code(), Some(3), "{}", to_text(&refused.stderr));
    assert!(to_text(&refused.stderr).contains("RECOLLECT_TOKEN") && !file.exists(), "{}", to_text(&refused.stderr));
    let mut command = recollect(data.path(), &connect).await;
    command.env("RECOLLECT_TOKEN", &program.owner().token);
    let said = output(command).await;
    assert!(said.status.success(), "{}", to_text(&said.stderr));
    let written: Value = serde_json::from_str(&fs::read_to_string(&file).unwrap()).unwrap();
    let entry = &written["servers"]["recollect"];
    assert_eq!(entry["type"], "http");
    let url = entry["url"].as_str().unwrap();
    assert_eq!(url, format!("{}/v1/mcp?toolsets=default,goals", program.url));
    let message = serde_json::json!({ "jsonrpc": "2.0", "id": 1, "method": "tools/list" });
    let request = reqwest::Client::new().post(url).header("accept", "application/json").json(&message);
    let bearer = entry["headers"]["Authorization"].as_str().unwrap();
    let listed: Value = request.header("authorization", bearer).send().await.unwrap().json().await.unwrap();
    let names = listed["result"]["tools"].to_string();
    assert!(names.contains("get_goals") && names.contains("search_memories"), "{names}");
    program.stop().await;
}

#[tokio::test]
async fn without_write_the_line_is_printed() {
    let data = TempDir::new().unwrap();
    let sign_in = ["connect", "claude", "--sign-in", "--url", "https://memory.example"];
    let line = run_ok(data.path(), &sign_in).await;
    assert_eq!(line.trim(), "claude mcp add --transport http recollect https://memory.example/v1/mcp");
    let line = run_ok(data.path(), &["connect", "codex", "--sign-in", "--url", "https://memory.example/v1/mcp"]).await;
    assert_eq!(line.trim(), "[mcp_servers.recollect]\nurl = \"https://memory.example/v1/mcp\"");
    let desktop: Value = serde_json::from_str(&run_ok(data.path(), &["connect", "claude-desktop"]).await).unwrap();
    let entry = &desktop["mcpServers"]["recollect"];
    assert_eq!((&entry["args"][0], entry["headers"].is_null()), (&"mcp".into(), true), "no key is needed");
    let keyed = run_ok(data.path(), &["connect", "claude"]).await;
    assert!(keyed.contains("--header \"Authorization: Bearer omi_mcp_"), "{keyed}");
}
