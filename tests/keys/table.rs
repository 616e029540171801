//! The keys that every user of the tests has.

use serde_json::{Value, json};

use crate::support::tables::{
    Expected::{self, NothingForeign},
    Noun,
};

pub(crate) const NOUN: Noun = Noun {
    seed: |user| Box::pin(async { json!({ "developer_key": user.developer_key_id, "mcp_key": user.mcp_key_id }) }),
    calls,
    attempts,
    owned_paths: |_| vec!["/v1/dev/keys".into(), "/v1/mcp/keys".into()],
    secrets: &[],
    volatile: &["key", "key_id", "key_prefix", "made_with"],
};

fn calls(seed: &Value) -> Vec<(&'static str, Value)> {
    vec![
        ("get_key", json!({})),
        ("list_keys", json!({ "family": "developer" })),
        ("list_keys", json!({ "family": "mcp" })),
        ("create_key", json!({ "family": "developer", "name": "x", "scopes": ["memories:read"] })),
        ("create_key", json!({ "family": "mcp", "name": "x", "scopes": ["memories.read"] })),
        ("create_key", json!({ "family": "mcp", "name": "x", "scopes": ["nonsense"] })),
        ("create_key", json!({ "family": "developer", "name": " " })),
        ("revoke_key", json!({ "family": "developer", "key_id": seed["developer_key"] })),
    ]
}

fn attempts(seed: &Value) -> Vec<(&'static str, Value, Expected)> {
    let mut attempts = vec![("get_key", json!({}), NothingForeign)];
    for (family, key) in [("developer", &seed["developer_key"]), ("mcp", &seed["mcp_key"])] {
        attempts.push(("list_keys", json!({ "family": family }), NothingForeign));
        attempts.push(("create_key", json!({ "family": family, "name": "Bob's" }), NothingForeign));
        attempts.push(("revoke_key", json!({ "family": family, "key_id": key }), NothingForeign));
    }
    attempts
}
