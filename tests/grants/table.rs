//! A client with a grant.

use serde_json::{Value, json};

use crate::{
    oauth::flow::grant_access,
    support::{
        server::Server,
        tables::{
            Expected::{self, NotFound, NothingForeign},
            Noun,
        },
    },
};

pub(crate) const NOUN: Noun = Noun {
    seed: |user| {
        Box::pin(async {
            let (id, _) = grant_access(Server::shared().await, user, "memories.read goals.read").await;
            json!({ "grant": id })
        })
    },
    calls,
    attempts,
    owned_paths: |_| vec!["/v1/mcp/oauth/grants".into()],
    secrets: &[],
    volatile: &["id", "client_id", "expires_at"],
};

fn calls(seed: &Value) -> Vec<(&'static str, Value)> {
    vec![
        ("list_grants", json!({})),
        ("revoke_grant", json!({ "grant_id": seed["grant"] })),
        ("revoke_grant", json!({ "grant_id": "nothing" })),
    ]
}

fn attempts(seed: &Value) -> Vec<(&'static str, Value, Expected)> {
    vec![
        ("list_grants", json!({}), NothingForeign),
        ("revoke_grant", json!({ "grant_id": seed["grant"] }), NotFound("Grant not found")),
    ]
}
