//! The summaries of two days.

use serde_json::{Value, json};

use super::rest::TestConversation;
use crate::support::{
    server::{Server, TestUser},
    tables::{
        Expected::{self, NotFound, NothingForeign, Refused},
        Noun,
    },
};

const GONE: Expected = NotFound("Daily summary not found");
const NONE: Expected = Refused(400, "No conversations found for 2026-05-08");

pub(crate) const NOUN: Noun = Noun {
    seed: |user| Box::pin(seed(user)),
    calls,
    attempts,
    owned_paths: |_| vec!["/v1/users/daily-summaries".into(), "/v1/users/daily-summary-settings".into()],
    secrets: &["Rosenburg", "Altenburg"],
    volatile: &["id", "summary_id", "conversation_id", "conversation_ids", "source_conversation_id"],
};

async fn seed(user: &TestUser) -> Value {
    let server = Server::shared().await;
    TestConversation::at("2026-05-07T10:00:00Z", 20, "The falcons of Rosenburg")
        .store(&server.resources, &user.id)
        .await;
    TestConversation::at("2026-05-08T10:00:00Z", 20, "The frescoes of Altenburg")
        .store(&server.resources, &user.id)
        .await;
    let make = async |date: &str| {
        let body = json!({ "date": date });
        user.app().post("/v1/users/daily-summary-settings/test", body).await.ok()["summary_id"].clone()
    };
    json!({ "falcons": make("2026-05-07").await, "frescoes": make("2026-05-08").await })
}

fn calls(seed: &Value) -> Vec<(&'static str, Value)> {
    vec![
        ("get_daily_summaries", json!({ "limit": 1, "offset": 1 })),
        ("get_daily_summaries", json!({ "limit": 9, "start_date": "2026-05-08", "end_date": "2026-05-08" })),
        ("get_daily_summaries", json!({ "limit": 9, "start_date": "yesterday" })),
        ("get_daily_summary", json!({ "summary_id": seed["falcons"] })),
        ("get_daily_summary", json!({ "summary_id": "unknown" })),
        ("delete_daily_summary", json!({ "summary_id": seed["falcons"] })),
        ("delete_daily_summary", json!({ "summary_id": "unknown" })),
        ("make_daily_summary", json!({ "date": "2026-05-08" })),
        ("make_daily_summary", json!({ "date": "2026-05-09" })),
        ("make_daily_summary", json!({ "date": "9 May" })),
        ("get_daily_summary_settings", json!({})),
        ("set_daily_summary_settings", json!({ "enabled": false, "hour": 7 })),
        ("set_daily_summary_settings", json!({ "hour": 24 })),
    ]
}

fn attempts(seed: &Value) -> Vec<(&'static str, Value, Expected)> {
    let id = json!({ "summary_id": seed["frescoes"] });
    vec![
        ("get_daily_summaries", json!({ "limit": 100 }), NothingForeign),
        ("get_daily_summary", id.clone(), GONE),
        ("delete_daily_summary", id, GONE),
        ("make_daily_summary", json!({ "date": "2026-05-08" }), NONE),
        ("get_daily_summary_settings", json!({}), NothingForeign),
        ("set_daily_summary_settings", json!({ "hour": 7 }), NothingForeign),
    ]
}
