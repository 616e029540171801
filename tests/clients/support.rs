//! Published clients, which `clients/setup.sh` installs into a cache.

use std::{
    collections::BTreeSet,
    path::{Path, PathBuf},
};

use serde_json::Value;
use tokio::process::Command;

use crate::support::{server::TestUser, stdio_client::StdioClient};

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

/// A published stdio MCP server that calls ours, and which of its tools were called.
pub(crate) struct Bridge {
    pub(crate) user: TestUser,
    pub(crate) client: StdioClient,
    pub(crate) called: BTreeSet<String>,
}

impl Bridge {
    /// Starts it for a user.
    pub(crate) async fn start(user: TestUser, command: Command) -> Self {
        Self { user, client: StdioClient::start(command).await.0, called: BTreeSet::new() }
    }

    /// A tool call that succeeds.
    pub(crate) async fn call(&mut self, tool: &str, arguments: Value) -> Value {
        self.called.insert(tool.to_owned());
        self.client.call(tool, arguments).await
    }
}
