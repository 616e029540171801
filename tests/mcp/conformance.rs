//! The MCP project's own conformance suite: every scored scenario of both requirement sets passes, and what the suite
//! says of each is written down in `contracts/conformance.md`. The scenarios for authorization servers are run in
//! `oauth`, and written down there too.

mod fixture;
mod prompts;
mod proxy;
mod resources;
mod rounds;
mod tasks;
mod tools;

use std::{
    collections::BTreeMap,
    fs,
    path::Path,
    sync::{Mutex, PoisonError},
};

use serde_json::Value;
use tempfile::TempDir;
use tokio::{process::Command, sync::OnceCell};

use crate::{
    clients::support::{installed, program},
    faces::contracts::assert_committed,
    support::server::{Server, fresh_folder},
};

/// What counts.
pub(crate) const SCORED: &str = "yes";

/// The revisions whose requirements are met.
pub(crate) const REVISIONS: [&str; 2] = ["2025-11-25", "2026-07-28"];

/// How a table of outcomes begins.
pub(crate) const HEAD: &str = "| scenario | counts | outcome |\n| --- | --- | --- |\n";

/// Where in the file the second part begins.
pub(crate) const SECOND: &str = "\n## Authorization servers\n";

/// A part of what is written down; each is compared, or written anew, by a test of its own.
pub(crate) enum Part {
    Servers,
    AuthorizationServers,
}

impl Part {
    /// Compares this part with the committed file.
    #[track_caller]
    pub(crate) fn assert_committed(&self, text: &str) {
        static ONE_AT_A_TIME: Mutex<()> = Mutex::new(());
        let _turn = ONE_AT_A_TIME.lock().unwrap_or_else(PoisonError::into_inner);
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("contracts/conformance.md");
        let committed = fs::read_to_string(path).unwrap_or_default();
        let (first, second) = committed.split_at(committed.find(SECOND).unwrap_or(committed.len()));
        let whole = match self {
            Part::Servers => [text, second],
            Part::AuthorizationServers => [first, text],
        };
        assert_committed("conformance.md", &whole.concat());
    }
}

/// What the suite says of one scenario.
pub(crate) struct Outcome {
    scenario: String,
    passed: usize,
    failed: Vec<String>,
    warned: Vec<String>,
}

impl Outcome {
    fn verdict(&self) -> String {
        match (self.failed.len(), self.warned.len()) {
            (0, 0) => format!("passes, {} checks", self.passed),
            (0, warned) => format!("passes, {} checks, {warned} warnings", self.passed),
            (failed, _) => format!("fails {failed} of {} checks", failed + self.passed),
        }
    }

    /// Its line in the table.
    pub(crate) fn line(&self, counts: &str) -> String {
        format!("| {} | {counts} | {} |\n", self.scenario, self.verdict())
    }

    /// What is wrong; `None` where nothing is.
    pub(crate) fn complaint(&self) -> Option<String> {
        let is_clean = self.failed.is_empty() && self.warned.is_empty();
        (!is_clean).then(|| format!("{}: {:?} {:?}", self.scenario, self.failed, self.warned))
    }
}

/// A server with the fixture domain, which tests share.
pub(crate) async fn server() -> &'static Server {
    static SHARED: OnceCell<Server> = OnceCell::const_new();
    let boot = || async { Server::boot_with_handler(&fresh_folder("conformance"), fixture::Fixture::around).await };
    SHARED.get_or_init(boot).await
}

#[tokio::test]
async fn every_scored_scenario_passes() {
    let (folder, server) = (TempDir::new().unwrap(), server().await);
    let user = server.user().await;
    let url = proxy::with_key(&server.url, &user.mcp_key).await;
    let mut table = String::from(
        "# MCP conformance\n\nResults of `@modelcontextprotocol/conformance` 0.2.0-alpha.12 against the server, with the \
         fixture domain in `tests/mcp/conformance`. Every scored scenario passes without a warning; the others run \
         too.\n",
    );
    let mut complaints = Vec::new();
    for revision in REVISIONS {
        let scores = scores(revision).await;
        let outcomes = run(&format!("{url}/v1/mcp"), revision, folder.path()).await;
        assert!(scores.keys().eq(outcomes.iter().map(|outcome| &outcome.scenario)), "{revision}: some were not run");
        table += &format!("\n## {revision}\n\n{HEAD}");
        for outcome in outcomes {
            let score = &scores[&outcome.scenario];
            if score == SCORED {
                complaints.extend(outcome.complaint().map(|complaint| format!("{revision} {complaint}")));
            }
            table += &outcome.line(score);
        }
    }
    assert!(complaints.is_empty(), "{complaints:#?}");
    Part::Servers.assert_committed(&table);
}

/// Whether the scenarios for servers count for a revision, from the list that comes with the suite: `yes`, or why not.
async fn scores(revision: &str) -> BTreeMap<String, String> {
    let package = installed("conformance").await.join("node_modules/@modelcontextprotocol/conformance");
    let list = fs::read_to_string(package.join(format!("requirements/{revision}.yaml"))).unwrap();
    let (_, server) = list.split_once("\nserver:\n").unwrap();
    let scored = server.lines().map_while(|line| line.strip_prefix("  - "));
    let mut scores: BTreeMap<String, String> = scored.map(|name| (name.into(), SCORED.into())).collect();
    let (_, others) = list.split_once("\nnot_scored:\n").unwrap();
    for other in others.split("  - scenario: ").skip(1) {
        let mut lines = other.lines().map(str::trim);
        let name = lines.next().unwrap().to_owned();
        if lines.next() == Some("leg: server") {
            let reason = lines.next().and_then(|line| line.strip_prefix("reason: ")).unwrap();
            scores.insert(name, format!("no: {reason}"));
        }
    }
    scores
}

/// Runs the scenarios of a revision, scored or not, in the order of their names.
async fn run(url: &str, revision: &str, folder: &Path) -> Vec<Outcome> {
    let results = folder.join(revision);
    let mut command: Command = program("node22", "node").await;
    command.arg(installed("conformance").await.join("bin/conformance"));
    command.args(["server", "--url", url, "--requirements", revision, "-o"]).arg(&results);
    let output = command.output().await.unwrap();
    assert!(results.exists(), "{}", String::from_utf8_lossy(&output.stderr));
    outcomes(&results, "server")
}

/// What is in the folders of the scenarios that were run for one kind of server, in the order of their names. Each is
/// called `KIND-NAME-TIME`.
pub(crate) fn outcomes(results: &Path, kind: &str) -> Vec<Outcome> {
    let entries = fs::read_dir(results).unwrap();
    let mut outcomes: Vec<Outcome> = entries.map(|entry| outcome(&entry.unwrap().path(), kind)).collect();
    outcomes.sort_by(|one, other| one.scenario.cmp(&other.scenario));
    outcomes
}

fn outcome(folder: &Path, kind: &str) -> Outcome {
    const TIME: usize = "-2026-07-28T00-00-00-000Z".len();
    let name = folder.file_name().unwrap().to_str().unwrap();
    let name = name.strip_prefix(kind).and_then(|name| name.strip_prefix('-')).unwrap();
    let checks: Vec<Value> = serde_json::from_slice(&fs::read(folder.join("checks.json")).unwrap()).unwrap();
    let of_status = |status: &str| {
        let checks = checks.iter().filter(|check| check["status"] == status);
        checks.map(|check| format!("{}: {}", check["id"], check["errorMessage"])).collect::<Vec<_>>()
    };
    Outcome {
        scenario: name[..name.len() - TIME].to_owned(),
        passed: of_status("SUCCESS").len(),
        failed: of_status("FAILURE"),
        warned: of_status("WARNING"),
    }
}
