//! Real clients, as they are published, against the server: `clients/setup.sh` installs them into a cache.

use std::path::{Path, PathBuf};

use tokio::process::Command;

use crate::support::server::Server;

/// The folder of the client called `name`, which is installed first where it is not yet.
pub(crate) async fn installed(name: &str) -> PathBuf {
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("clients/setup.sh");
    let output = Command::new(script).arg(name).output().await.unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    PathBuf::from(String::from_utf8(output.stdout).unwrap().trim()).join(name)
}

/// A program of the client called `name`.
pub(crate) async fn program(name: &str, program: &str) -> Command {
    let mut command = Command::new(installed(name).await.join("bin").join(program));
    command.kill_on_drop(true);
    command
}

/// A Python program of one line.
pub(crate) async fn python(client: &str, line: &str) -> Command {
    let mut command = program(client, "python").await;
    command.args(["-c", line]);
    command
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
