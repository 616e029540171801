//! The program itself, as a process of its own.

use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use serde_json::Value;

use crate::client::Client;
use crate::processor;

/// A running server.
pub(crate) struct Server {
    /// How long it took from the start of the process until it was ready.
    pub(crate) ready_after: Duration,
    /// A client that knows its address and keys.
    pub(crate) client: Client,
    process: Child,
    folder: PathBuf,
}

impl Server {
    /// Starts the program in an empty folder.
    pub(crate) fn start_first(folder: &Path) -> Self {
        let (process, ready_after, line) = launch(folder);
        let text = |name: &str| line[name].as_str().unwrap_or_else(|| panic!("no {name} in {line}")).to_owned();
        let client = Client::new(text("url"), text("developer_key"), text("mcp_key"));
        Self { ready_after, client, process, folder: folder.to_owned() }
    }

    /// Stops the program as a person does, and starts it again.
    pub(crate) fn restart(mut self) -> Self {
        self.stop();
        let (process, ready_after, line) = launch(&self.folder);
        self.client.url = line["url"].as_str().expect("a url").to_owned();
        (self.process, self.ready_after) = (process, ready_after);
        self
    }

    /// The id of the process.
    pub(crate) fn id(&self) -> u32 {
        self.process.id()
    }

    /// The memory that it has in RAM, in MiB.
    pub(crate) fn resident_mib(&self) -> u64 {
        processor::resident_kib(self.id()) >> 10
    }

    fn stop(&mut self) {
        Command::new("kill").arg(self.id().to_string()).status().expect("kill runs");
        assert!(self.process.wait().expect("it ends").success(), "the server did not stop cleanly");
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // It may have ended by itself.
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

fn launch(folder: &Path) -> (Child, Duration, Value) {
    let begun = Instant::now();
    let mut process = Command::new(env!("CARGO_BIN_EXE_recollect-tested"))
        .args(["serve", "--port", "0", "--json", "--data"])
        .arg(folder)
        .stdout(Stdio::piped())
        .spawn()
        .expect("the program starts");
    let mut line = String::new();
    BufReader::new(process.stdout.take().expect("a pipe")).read_line(&mut line).expect("a line");
    let ready_after = begun.elapsed();
    (process, ready_after, serde_json::from_str(&line).unwrap_or_else(|_| panic!("not ready: {line:?}")))
}
