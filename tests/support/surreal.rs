//! A real SurrealDB server, in a process of its own.

use std::{
    net::TcpListener,
    process::Stdio,
    time::{Duration, Instant},
};

use tempfile::TempDir;
use tokio::process::{Child, Command};

/// A server whose data outlives its process.
pub(crate) struct SurrealDb {
    /// How to reach it, as root with the password root.
    pub(crate) url: String,
    address: String,
    folder: TempDir,
    child: Child,
}

impl SurrealDb {
    /// Starts an empty one on a free port.
    pub(crate) async fn start() -> Self {
        let address = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().to_string();
        let folder = TempDir::new().unwrap();
        let child = spawn(&address, &folder).await;
        Self { url: format!("ws://{address}"), address, folder, child }
    }

    /// Kills the process.
    pub(crate) async fn kill(&mut self) {
        self.child.kill().await.unwrap();
    }

    /// Starts it again, at the same address and with the same data.
    pub(crate) async fn restart(&mut self) {
        self.child = spawn(&self.address, &self.folder).await;
    }
}

async fn spawn(address: &str, folder: &TempDir) -> Child {
    let mut command = Command::new(env!("CARGO_BIN_EXE_surreal"));
    command.args(["start", "--no-banner", "--user", "root", "--pass", "root", "--bind", address]);
    command.arg(format!("surrealkv:{}", folder.path().join("data").display()));
    command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()).kill_on_drop(true);
    let child = command.spawn().unwrap();
    let (health, began) = (format!("http://{address}/health"), Instant::now());
    while !reqwest::get(&health).await.is_ok_and(|response| response.status().is_success()) {
        assert!(began.elapsed() < Duration::from_secs(60), "the database server does not start");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    child
}
