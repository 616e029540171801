//! The MCP project's own conformance suite, its scenarios for authorization servers: every one passes, and what the
//! suite says of each is written down with the others.

use std::{net::TcpListener, process::Stdio};

use tempfile::TempDir;
use tokio::io::{AsyncBufReadExt, BufReader};

use super::{flow::consent_in_browser, support::add_client};
use crate::{
    clients::support::{installed, program},
    mcp::conformance::{HEAD, Outcome, Part, REVISIONS, SCORED, SECOND, outcomes},
    support::server::Server,
};

/// Runs the scenarios that there are for a revision. The suite plays a client without a secret: to one with a secret it
/// would give none of it, since there are clients without.
async fn run(revision: &str) -> Vec<Outcome> {
    let server = Server::shared().await;
    let user = server.user().await;
    let client = add_client(server, "http://127.0.0.1/callback", false).await.client;
    let (folder, port) = (TempDir::new().unwrap(), free_port());
    let mut command = program("node22", "node").await;
    command.arg(installed("conformance").await.join("bin/conformance")).arg("authorization");
    command.args(["--url", &server.url, "--client-id", &client.id, "-p", &port.to_string()]);
    command
        .args(["--resource", &format!("{}/v1/mcp", server.url), "--spec-version", revision, "-o"])
        .arg(folder.path());
    let mut child = command.stdout(Stdio::piped()).spawn().unwrap();
    let mut output = BufReader::new(child.stdout.take().unwrap()).lines();
    let mut said = String::new();
    while let Some(line) = output.next_line().await.unwrap() {
        if line.trim().starts_with(&format!("{}/authorize?", server.url)) {
            let back = consent_in_browser(line.trim(), &user.token, &[]).await;
            reqwest::get(back).await.unwrap();
        }
        said += &format!("{line}\n");
    }
    assert!(child.wait().await.unwrap().success(), "{said}");
    outcomes(folder.path(), "authorization-server")
}

fn free_port() -> u16 {
    TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port()
}

#[tokio::test]
async fn every_scenario_for_authorization_servers_passes() {
    let mut table = format!(
        "{SECOND}\nThe scenarios of the same suite for those who give the tokens. No set of requirements has them; here \
         they count.\n"
    );
    let mut complaints = Vec::new();
    for revision in REVISIONS {
        table += &format!("\n### {revision}\n\n{HEAD}");
        for outcome in run(revision).await {
            complaints.extend(outcome.complaint().map(|complaint| format!("{revision} {complaint}")));
            table += &outcome.line(SCORED);
        }
    }
    assert!(complaints.is_empty(), "{complaints:#?}");
    Part::AuthorizationServers.assert_committed(&table);
}
