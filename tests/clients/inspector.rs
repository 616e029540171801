//! The MCP Inspector, on its command line.

use serde_json::Value;

use super::support::{installed, program};
use crate::support::server::{Server, TestUser};

/// The Inspector's output for these arguments at this path.
async fn inspect(user: &TestUser, path: &str, what: &[&str]) -> Value {
    let mut command = program("node22", "node").await;
    command.arg(installed("inspector").await.join("bin/mcp-inspector"));
    command.args(["--cli", &format!("{}{path}", user.url)]);
    command.args(["--header", &format!("Authorization: Bearer {}", user.mcp_key)]);
    let output = command.args(what).output().await.unwrap();
    let said = String::from_utf8(output.stdout).unwrap();
    assert!(output.status.success(), "{what:?}: {said}{}", String::from_utf8_lossy(&output.stderr));
    serde_json::from_str(&said).unwrap_or_else(|error| panic!("{what:?}: {error}: {said}"))
}

#[tokio::test]
async fn the_inspector_finds_everything() {
    let user = Server::shared().await.user().await;
    let listed = inspect(&user, "/v1/mcp", &["--method", "tools/list"]).await;
    assert!(listed["tools"].as_array().is_some_and(|tools| tools.len() > 5), "{listed}");
    let remember = ["--method", "tools/call", "--tool-name", "create_memory", "--tool-arg", "content=Ada keeps bees"];
    let created = inspect(&user, "/v1/mcp", &remember).await;
    let id = created["structuredContent"]["memory"]["id"].as_str().unwrap();
    let uri = format!("omi://memories/{id}");
    let listed = inspect(&user, "/v1/mcp", &["--method", "resources/list"]).await;
    assert!(listed["resources"].as_array().unwrap().iter().any(|resource| resource["uri"] == *uri), "{listed}");
    let read = inspect(&user, "/v1/mcp", &["--method", "resources/read", "--uri", &uri]).await;
    assert!(read["contents"][0]["text"].as_str().unwrap().contains("Ada keeps bees"), "{read}");
}

#[tokio::test]
async fn the_inspector_takes_the_older_path_for_the_older_transport() {
    let user = Server::shared().await.user().await;
    let listed = inspect(&user, "/v1/mcp/sse", &["--method", "tools/list"]).await;
    assert!(listed["tools"].as_array().is_some_and(|tools| tools.len() > 5), "{listed}");
}
