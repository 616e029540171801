//! A webhook with an unreachable URL, and a failed delivery.

use schemas::webhook::WebhookKind;
use serde_json::{Value, json};

use super::rest::{raise_event, wait_for_deliveries};
use crate::support::{
    server::{Server, TestUser},
    tables::{
        Expected::{self, NothingForeign},
        Noun,
    },
};

pub(crate) const NOUN: Noun = Noun {
    seed: |user| Box::pin(seed(user)),
    calls: |_| calls(),
    attempts: |_| attempts(),
    owned_paths: |_| {
        let kind = |kind: &str| format!("/v1/users/developer/webhook/{kind}");
        let more = ["status", "secret", "deliveries"].map(|what| format!("/v1/users/developer/webhooks/{what}"));
        [vec![kind("memory_created"), kind("day_summary")], more.into()].concat()
    },
    secrets: &["Weitra"],
    volatile: &["secret", "finished_at"],
};

async fn seed(user: &TestUser) -> Value {
    let url = json!({ "url": "http://127.0.0.1:9/Weitra" });
    user.app().post("/v1/users/developer/webhook/memory_created", url).await.ok();
    raise_event(&Server::shared().await.resources, &user.id, WebhookKind::MemoryCreated, "Weitra").await;
    wait_for_deliveries(user).await;
    let secret = user.app().get("/v1/users/developer/webhooks/secret").await.ok()["secret"].clone();
    json!({ "secret": secret })
}

fn calls() -> Vec<(&'static str, Value)> {
    let kind = json!({ "kind": "memory_created" });
    vec![
        ("get_webhook", kind.clone()),
        ("get_webhook", json!({ "kind": "day_summary" })),
        ("set_webhook", json!({ "kind": "day_summary", "url": "https://hooks.example/" })),
        ("set_webhook", json!({ "kind": "day_summary", "url": "gopher://hooks.example/" })),
        ("enable_webhook", kind.clone()),
        ("disable_webhook", kind),
        ("get_webhooks_status", json!({})),
        ("get_webhook_secret", json!({})),
        ("rotate_webhook_secret", json!({})),
        ("get_webhook_deliveries", json!({})),
    ]
}

fn attempts() -> Vec<(&'static str, Value, Expected)> {
    let kind = json!({ "kind": "memory_created" });
    let url = json!({ "kind": "memory_created", "url": "https://hooks.example/bob" });
    vec![
        ("get_webhook", kind.clone(), NothingForeign),
        ("get_webhooks_status", json!({}), NothingForeign),
        ("get_webhook_deliveries", json!({}), NothingForeign),
        ("set_webhook", url, NothingForeign),
        ("enable_webhook", kind.clone(), NothingForeign),
        ("disable_webhook", kind, NothingForeign),
        ("get_webhook_secret", json!({}), NothingForeign),
        ("rotate_webhook_secret", json!({}), NothingForeign),
    ]
}
