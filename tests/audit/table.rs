//! An empty audit trail.

use serde_json::{Value, json};

use crate::support::{
    server::TestUser,
    tables::{
        Expected::{self, NothingForeign},
        Noun,
    },
};

pub(crate) const NOUN: Noun = Noun {
    seed: |user| Box::pin(seed(user)),
    calls,
    attempts,
    owned_paths: |_| Vec::new(),
    secrets: &[],
    volatile: &[],
};

async fn seed(_: &TestUser) -> Value {
    json!({})
}

fn calls(_: &Value) -> Vec<(&'static str, Value)> {
    vec![
        ("get_audit", json!({ "limit": 5 })),
        ("get_audit", json!({ "limit": 5, "key_id": "unknown", "tool": "search", "access": "write" })),
        ("get_audit", json!({ "limit": 5, "cursor": "nonsense" })),
        ("get_audit", json!({ "limit": 5, "start_date": "2026-05-02", "end_date": "2026-05-01" })),
    ]
}

fn attempts(_: &Value) -> Vec<(&'static str, Value, Expected)> {
    vec![("get_audit", json!({ "limit": 500 }), NothingForeign)]
}
