//! omi-cli, the command line client: every command, its exit code, and what it prints.

mod action_items;
mod conversations;
mod goals;
mod memories;
mod sign_in;

use std::{
    collections::BTreeSet,
    path::PathBuf,
    process::Stdio,
    sync::{Mutex, PoisonError},
};

use serde_json::Value;
use tempfile::TempDir;
use tokio::io::AsyncWriteExt;

use super::support::{program, python};
use crate::support::server::{Server, TestUser};

/// The meaning of the client's exit codes.
const USAGE: i32 = 1;
const SIGN_IN: i32 = 2;
const NOT_FOUND: i32 = 5;

/// `omi` in a home folder of its own.
struct Omi {
    user: TestUser,
    folder: TempDir,
    /// The variables of its environment.
    key: Option<String>,
    ran: Mutex<BTreeSet<String>>,
}

/// The output of a command.
struct CliOutput {
    code: Option<i32>,
    printed: String,
    /// Standard error, in one line.
    complaint: String,
}

impl Omi {
    /// With the key of a fresh user in its environment.
    async fn of_new_user() -> Self {
        let user = Server::shared().await.user().await;
        let key = Some(user.developer_key.clone());
        Self { user, folder: TempDir::new().unwrap(), key, ran: Mutex::default() }
    }

    /// A file in its folder.
    fn file(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// Runs `omi`, with `flags` before the command and `input` on its standard input.
    async fn run(&self, flags: &[&str], command: &[&str], input: &str) -> CliOutput {
        self.ran.lock().unwrap_or_else(PoisonError::into_inner).insert(command[..2.min(command.len())].join(" "));
        let mut process = program("omi-cli", "omi").await;
        process.env("OMI_CONFIG", self.file("omi.toml")).env("OMI_API_BASE", &self.user.url).env_remove("OMI_API_KEY");
        process.envs(self.key.iter().map(|key| ("OMI_API_KEY", key))).env("COLUMNS", "200").args(flags).args(command);
        process.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = process.spawn().unwrap();
        // Most commands are done without reading.
        let _ = child.stdin.take().unwrap().write_all(input.as_bytes()).await;
        let output = child.wait_with_output().await.unwrap();
        let complaint = String::from_utf8(output.stderr).unwrap();
        CliOutput {
            code: output.status.code(),
            printed: String::from_utf8(output.stdout).unwrap(),
            complaint: complaint.split_whitespace().collect::<Vec<_>>().join(" "),
        }
    }

    /// The JSON that a command prints which succeeds, and nothing else; null where it prints nothing.
    async fn json(&self, command: &[&str]) -> Value {
        self.json_of(command, "").await
    }

    /// The same, with `input` on standard input.
    async fn json_of(&self, command: &[&str], input: &str) -> Value {
        let said = self.run(&["--json"], command, input).await;
        assert_eq!((said.code, &*said.complaint), (Some(0), ""), "{command:?}: {}", said.printed);
        match &*said.printed {
            "" => Value::Null,
            text => serde_json::from_str(text).unwrap_or_else(|_| panic!("{command:?}: {text}")),
        }
    }

    /// The rows that a command lists, by one of their fields.
    async fn listed(&self, command: &[&str], field: &str) -> Vec<String> {
        let rows = self.json(command).await;
        let text = |row: &Value| row[field].as_str().unwrap().to_owned();
        rows.as_array().unwrap_or_else(|| panic!("{command:?}: {rows}")).iter().map(text).collect()
    }

    /// What a command prints for people.
    async fn table(&self, command: &[&str]) -> String {
        let said = self.run(&[], command, "").await;
        assert_eq!(said.code, Some(0), "{command:?}: {}", said.complaint);
        said.printed
    }

    /// A command fails with this exit code, prints nothing, and complains in these words.
    async fn fails(&self, command: &[&str], code: i32, words: &str) {
        let said = self.run(&["--json"], command, "").await;
        assert_eq!((said.code, &*said.printed), (Some(code), ""), "{command:?}: {}", said.complaint);
        assert!(said.complaint.contains(words), "{command:?}: {}", said.complaint);
    }

    /// Every command of the group was run, as the client itself lists them.
    async fn assert_all_run(&self, group: &str) {
        let line = format!(
            "import typer, omi_cli.main as m; \
             print('\\n'.join(f'{group} {{c}}' for c in typer.main.get_command(m.app).commands['{group}'].commands))"
        );
        let output = python("omi-cli", &line).await.output().await.unwrap();
        let listed = String::from_utf8(output.stdout).unwrap();
        let ran = self.ran.lock().unwrap_or_else(PoisonError::into_inner);
        let left: Vec<&str> = listed.lines().filter(|command| !ran.contains(*command)).collect();
        assert!(listed.starts_with(group) && left.is_empty(), "not run: {left:?}");
    }
}
