//! The MCP SDKs for Python and TypeScript.

use std::path::Path;

use super::support::{installed, program};
use crate::support::server::Server;

#[tokio::test]
async fn the_python_sdk_speaks_both_eras() {
    let user = Server::shared().await.user().await;
    let mut command = program("mcp", "python").await;
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("clients/mcp_sdk.py");
    command.arg(script).arg(format!("{}/v1/mcp", user.url)).arg(&user.mcp_key);
    let output = command.output().await.unwrap();
    let said = String::from_utf8(output.stdout).unwrap();
    assert!(output.status.success(), "{said}{}", String::from_utf8(output.stderr).unwrap());
    assert_eq!(said.matches("ok: ").count(), 4, "{said}");
}

#[tokio::test]
async fn the_typescript_sdk_speaks_both_transports() {
    let user = Server::shared().await.user().await;
    let mut command = program("node22", "node").await;
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("clients/typescript_sdk.mjs");
    command.arg(script).arg(installed("typescript-sdk").await).arg(&user.url).arg(&user.mcp_key);
    let output = command.output().await.unwrap();
    let said = String::from_utf8(output.stdout).unwrap();
    assert!(output.status.success(), "{said}{}", String::from_utf8(output.stderr).unwrap());
    assert_eq!(said.matches("ok: ").count(), 2, "{said}");
}
