//! schemathesis: valid and invalid requests generated from the OpenAPI document, as two users. No request may fail, no
//! invalid one may be accepted, and neither user may see the other's data. The coverage is checked too, since requests
//! that are all refused would find no failure either.

mod attempts;
mod fixtures;

use std::{collections::BTreeMap, fs, time::Duration};

use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::{process::Command, time::timeout};

use super::support::installed;
use crate::support::server::Server;
use attempts::Attempts;
use fixtures::{Ids, create_rows, people};

/// How long one run may take; it usually takes a small part of it.
const RUN_TIMEOUT: Duration = Duration::from_secs(600);

/// The checks of each answer.
const CHECKS: [&str; 6] = [
    "ignored_auth",
    "negative_data_rejection",
    "not_a_server_error",
    "object_level_authorization",
    "response_schema_conformance",
    "use_after_free",
];

/// Operations that are not called: after revoking the key in use, or deleting the account, every request would be
/// refused.
const EXCLUDED: [&str; 2] = ["DELETE /v1/dev/user/api-keys/{key_id}", "DELETE /v1/users/delete-account"];

/// Operations that run alone, since they delete what others need.
const SEPARATE: [&str; 2] = ["DELETE /v1/dev/user/memories", "DELETE /v3/memories"];

/// Operations that cannot succeed here.
const UNREACHABLE: &[&str] = &[
    // There is no model, transcription endpoint or issuer, and no app is configured.
    "GET /v1/goals/suggest",
    "GET /v1/dev/user/goals/suggest",
    "POST /v1/conversations/{conversation_id}/test-prompt",
    "POST /v2/voice-message/transcribe",
    "POST /v2/voice-messages",
    "GET /v1/auth/authorize",
    "GET /v1/auth/callback/{provider}",
    "POST /v1/auth/token",
    "GET /v1/oauth/authorize",
    "POST /v1/oauth/authorize",
    "POST /v1/oauth/token",
    // Sign-up is closed, and secrets are not guessed.
    "POST /v1/auth/sign-up",
    "POST /v1/auth/login",
    "POST /v1/auth/invitations/accept",
    "POST /v1/auth/refresh",
    "GET /v1/action-items/shared/{token}",
    "GET /v2/messages/shared/{token}",
    "POST /v1/action-items/accept",
    "POST /v1/dev/user/action-items/accept",
    // Rows that no request creates.
    "DELETE /v1/auth/sessions/{session_id}",
    "DELETE /v1/mcp/oauth/grants/{grant_id}",
    "DELETE /v1/users/people/{person_id}/speech-samples/{sample_index}",
    "POST /v1/conversations",
];

/// A part of the document.
enum Part {
    /// Operations with one of these tags, except the separate ones.
    Tags(&'static [&'static str]),
    /// This operation.
    One(&'static str),
    /// Operations whose path begins so.
    Below(&'static str),
}

impl Part {
    /// The arguments of the command line that select it.
    fn arguments(&self) -> Vec<String> {
        match self {
            Part::Tags(tags) => tags.iter().flat_map(|tag| ["--include-tag".to_owned(), (*tag).to_owned()]).collect(),
            Part::One(name) => vec!["--include-name".to_owned(), (*name).to_owned()],
            Part::Below(path) => vec!["--include-path-regex".to_owned(), format!("^{path}")],
        }
    }

    /// Whether it has the operation with this name and tag.
    fn has(&self, name: &str, tag: &str) -> bool {
        match self {
            Part::Tags(tags) => tags.contains(&tag) && !SEPARATE.contains(&name),
            Part::One(one) => *one == name,
            Part::Below(path) => name.split_once(' ').is_some_and(|(_, whole)| whole.starts_with(path)),
        }
    }

    /// The operations that are excluded.
    fn without(&self) -> Vec<&'static str> {
        let apart: &[&'static str] = if matches!(self, Part::Tags(_)) { &SEPARATE } else { &[] };
        [&EXCLUDED[..], apart].concat()
    }
}

/// Calls every operation of a part as Ann, who owns these ids, and as Bob with her ids.
async fn run(server: &Server, part: Part, [ann, bob]: [&str; 2], ids: &Ids) -> Attempts {
    let folder = TempDir::new().unwrap();
    let header = |token: &str| json!([{ "name": "Authorization", "value": format!("Bearer {token}") }]);
    let users = json!({ "auth": [
        { "name": "ann", "fixedHeaders": header(ann) },
        { "name": "bob", "fixedHeaders": header(bob) },
    ] });
    fs::write(folder.path().join("users.json"), users.to_string()).unwrap();
    let skipped = json!(part.without());
    let more = format!(
        "\n[[operations]]\ninclude-name = {skipped}\nenabled = false\n\n\
         [auth.wfc]\npath = \"users.json\"\npeers = [\"ann\", \"bob\"]\n"
    );
    let config = [include_str!("schemathesis.toml"), &ids.settings(), &more].concat();
    fs::write(folder.path().join("schemathesis.toml"), config).unwrap();
    let mut command = Command::new(installed("schemathesis").await.join("bin/schemathesis"));
    command.current_dir(folder.path()).kill_on_drop(true);
    command.args(["run", &format!("{}/openapi.json", server.url), "--report", "json,ndjson"]);
    command.args(["--report-json-path", "report", "--report-ndjson-path", "events"]);
    let output = timeout(RUN_TIMEOUT, command.args(part.arguments()).output()).await.unwrap().unwrap();
    let said = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success(), "{said}{}", String::from_utf8_lossy(&output.stderr));

    let report: Value = serde_json::from_slice(&fs::read(folder.path().join("report")).unwrap()).unwrap();
    let attempts = Attempts::read(&folder.path().join("events"));
    let expected: Vec<String> =
        operations().into_iter().filter(|(name, tag)| part.has(name, tag)).map(|(name, _)| name).collect();
    assert!(attempts.called.iter().eq(&expected), "called were {:#?} of {expected:#?}", attempts.called);
    assert!(attempts.checks.iter().eq(CHECKS), "looked at was {:?}", attempts.checks);
    let counts = &report["operations"];
    for count in ["selected", "tested"] {
        assert_eq!(counts[count], expected.len(), "{count}: {counts}");
    }
    assert_eq!((&report["complete"], &counts["errored"]), (&json!(true), &json!(0)), "{counts}");
    attempts
}

/// The operations of the document that are to be tried, with their tags.
fn operations() -> BTreeMap<String, String> {
    let document = server::openapi_document();
    let paths = document["paths"].as_object().unwrap().iter();
    let all = paths.flat_map(|(path, item)| {
        item.as_object().unwrap().iter().map(move |(method, operation)| {
            let tag = operation["tags"][0].as_str().unwrap().to_owned();
            (format!("{} {path}", method.to_uppercase()), tag)
        })
    });
    all.filter(|(name, _)| !EXCLUDED.contains(&name.as_str())).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn schemathesis_finds_no_failure() {
    let folder = TempDir::new().unwrap();
    let server = Server::boot(folder.path(), |_| {}).await;
    let mut attempts = Attempts::default();
    let (ann, bob) = (server.user().await, server.user().await);
    let keys = [ann.developer_key.as_str(), &bob.developer_key];
    attempts.add(run(&server, Part::Tags(&["Developer"]), keys, &create_rows(&ann).await).await);
    attempts.add(run(&server, Part::One("DELETE /v1/dev/user/memories"), keys, &Ids::default()).await);
    let (ann, bob) = (server.user().await, server.user().await);
    attempts.add(run(&server, Part::Tags(&["MCP"]), [&ann.mcp_key, &bob.mcp_key], &create_rows(&ann).await).await);
    let (ann, bob) = (server.user().await, server.user().await);
    let tokens = [ann.token.as_str(), &bob.token];
    attempts.add(run(&server, Part::Tags(&["App", "Keys", "Public"]), tokens, &create_rows(&ann).await).await);
    attempts.add(run(&server, Part::One("DELETE /v3/memories"), tokens, &Ids::default()).await);
    // With few operations, chains are long enough to ask for a row again after its deletion.
    for noun in ["/v1/dev/user/goals", "/v1/dev/user/folders"] {
        let (ann, bob) = (server.user().await, server.user().await);
        let keys = [ann.developer_key.as_str(), &bob.developer_key];
        attempts.add(run(&server, Part::Below(noun), keys, &create_rows(&ann).await).await);
    }
    // The owner's operations were refused until now.
    let owner = server.owner();
    attempts.add(run(&server, Part::Below("/v1/admin/"), [&owner.token, &bob.token], &people(&server).await).await);
    server.stop().await;

    let all = operations();
    assert!(attempts.called.iter().eq(all.keys()), "some were never called");
    assert!(UNREACHABLE.iter().all(|name| all.contains_key(*name)), "what is unreachable is in the document");
    let missed = all.keys().filter(|name| !attempts.reached.contains(*name) && !UNREACHABLE.contains(&name.as_str()));
    let missed: Vec<&String> = missed.collect();
    let possible = all.len() - UNREACHABLE.len();
    assert!(missed.len() * 20 <= possible * 3, "of {possible} these never succeeded: {missed:#?}");
    assert!(attempts.foreign_reads > 0, "Bob was told of things of Ann's that they are not there");
    assert!(attempts.reads_after_deletion > 0, "what was deleted was asked for again");
}
