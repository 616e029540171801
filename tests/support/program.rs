//! The program as a process of its own.

use std::{
    path::Path,
    process::{ExitStatus, Output, Stdio},
    time::{Duration, Instant},
};

use serde_json::Value;
use tokio::{
    io::{AsyncBufReadExt, AsyncReadExt, BufReader, Lines},
    process::{Child, ChildStdout, Command},
    task::JoinHandle,
};

use super::server::{Caller, TestUser, models_folder};

/// How long a quick step may take on a busy machine.
const TIMEOUT: Duration = Duration::from_secs(60);

/// The program on the data folder `data`, with no variable of Recollect in its environment but the model's.
pub(crate) async fn recollect(data: &Path, arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_recollect-tested"));
    for (name, _) in std::env::vars().filter(|(name, _)| name.starts_with("RECOLLECT_")) {
        command.env_remove(name);
    }
    command.args(arguments).arg("--data").arg(data).env("RECOLLECT_MODELS", models_folder().await);
    command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped()).kill_on_drop(true);
    command
}

/// Runs a command to its end.
pub(crate) async fn run(data: &Path, arguments: &[&str]) -> Output {
    output(recollect(data, arguments).await).await
}

/// Runs a command that succeeds; gives what it printed on standard output.
pub(crate) async fn run_ok(data: &Path, arguments: &[&str]) -> String {
    let output = run(data, arguments).await;
    assert!(output.status.success(), "{arguments:?}: {}", to_text(&output.stderr));
    to_text(&output.stdout)
}

pub(crate) async fn output(mut command: Command) -> Output {
    tokio::time::timeout(TIMEOUT, command.output()).await.expect("the program ends").unwrap()
}

pub(crate) fn to_text(bytes: &[u8]) -> String {
    String::from_utf8(bytes.to_vec()).unwrap()
}

/// The last line of a standard error that is no log record: records begin with the time, and a busy machine adds some.
pub(crate) fn last_message(stderr: &str) -> &str {
    stderr.lines().rfind(|line| !line.starts_with("20")).unwrap_or_default()
}

/// A server in a process of its own.
pub(crate) struct Program {
    pub(crate) url: String,
    /// The first line on standard output.
    pub(crate) ready: Value,
    /// From the start of the process to that line.
    pub(crate) took: Duration,
    pub(crate) child: Child,
    output: Lines<BufReader<ChildStdout>>,
    log: JoinHandle<String>,
}

/// The outcome of a server that has ended.
pub(crate) struct Exited {
    pub(crate) status: ExitStatus,
    /// What came on standard output after the first line.
    pub(crate) output: String,
    /// Standard error.
    pub(crate) log: String,
}

impl Program {
    /// Serves `data` on a free port.
    pub(crate) async fn serve(data: &Path) -> Self {
        Self::start(recollect(data, &["serve", "--json", "--port", "0"]).await).await
    }

    /// The same, with these variables in its environment.
    pub(crate) async fn serve_with(data: &Path, variables: &[(&str, &str)]) -> Self {
        let mut command = recollect(data, &["serve", "--json", "--port", "0"]).await;
        command.envs(variables.iter().copied());
        Self::start(command).await
    }

    pub(crate) async fn start(mut command: Command) -> Self {
        let began = Instant::now();
        let mut child = command.spawn().unwrap();
        let mut stderr = child.stderr.take().unwrap();
        let log = tokio::spawn(async move {
            let mut log = String::new();
            stderr.read_to_string(&mut log).await.unwrap();
            log
        });
        let mut output = BufReader::new(child.stdout.take().unwrap()).lines();
        let line = tokio::time::timeout(TIMEOUT, output.next_line()).await.expect("the server starts").unwrap();
        let Some(line) = line else { panic!("the server did not start: {}", log.await.unwrap()) };
        let ready: Value = serde_json::from_str(&line).unwrap_or_else(|_| panic!("not JSON: {line}"));
        let url = ready["url"].as_str().unwrap().to_owned();
        Self { url, ready, took: began.elapsed(), child, output, log }
    }

    /// The owner, with the credentials of the first start.
    pub(crate) fn owner(&self) -> TestUser {
        let secret = |name: &str| self.ready[name].as_str().unwrap().to_owned();
        TestUser {
            url: self.url.clone(),
            id: String::new(),
            token: secret("owner_token"),
            developer_key: secret("developer_key"),
            developer_key_id: String::new(),
            mcp_key: secret("mcp_key"),
            mcp_key_id: String::new(),
            http: reqwest::Client::new(),
        }
    }

    /// The same owner at this server, after a later start, which prints no credentials.
    pub(crate) fn user_again(&self, owner: &TestUser) -> TestUser {
        TestUser { url: self.url.clone(), http: reqwest::Client::new(), ..owner.clone() }
    }

    pub(crate) async fn health(&self) -> Value {
        reqwest::get(format!("{}/healthz", self.url)).await.unwrap().json().await.unwrap()
    }

    /// Waits until the index is up to date.
    pub(crate) async fn wait_until_indexed(&self) {
        let began = Instant::now();
        while self.health().await["index"]["pending"] != 0 {
            assert!(began.elapsed() < TIMEOUT, "the index does not catch up");
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }

    /// Sends a signal, `-TERM` say.
    pub(crate) async fn signal(&self, signal: &str) {
        let id = self.child.id().expect("the server runs").to_string();
        assert!(Command::new("kill").args([signal, &id]).status().await.unwrap().success());
    }

    /// Waits for the end.
    pub(crate) async fn wait(mut self) -> Exited {
        let status = tokio::time::timeout(TIMEOUT, self.child.wait()).await.expect("the server ends").unwrap();
        let mut output = String::new();
        while let Some(line) = self.output.next_line().await.unwrap() {
            output = output + line.as_str() + "\n";
        }
        Exited { status, output, log: self.log.await.unwrap() }
    }

    /// Stops the server as a person would.
    pub(crate) async fn stop(self) -> Exited {
        self.signal("-TERM").await;
        let ended = self.wait().await;
        assert_eq!(ended.status.code(), Some(0), "{}", ended.log);
        ended
    }
}

/// The ids that a search finds.
pub(crate) async fn search(developer: &Caller, words: &str) -> Vec<String> {
    let answer = developer.get(&format!("/v1/dev/user/memories/vector/search?query={words}&limit=5")).await.ok();
    let items = answer["items"].as_array().unwrap();
    items.iter().map(|item| item["id"].as_str().unwrap().to_owned()).collect()
}
