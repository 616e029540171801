//! The preferences of a user.

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
    calls: |_| calls(),
    attempts: |_| attempts(),
    owned_paths: |_| vec!["/v1/users/preferences".into(), "/v1/users/transcription-preferences".into()],
    secrets: &["Asia/Thimphu", "Druk Yul"],
    volatile: &[],
};

async fn seed(user: &TestUser) -> Value {
    let set = json!({ "time_zone": "Asia/Thimphu", "language": "dz" });
    user.app().patch("/v1/users/preferences", set).await.ok();
    user.app().patch("/v1/users/transcription-preferences", json!({ "vocabulary": ["Druk Yul"] })).await.ok();
    json!({})
}

fn calls() -> Vec<(&'static str, Value)> {
    vec![
        ("get_preferences", json!({})),
        ("update_preferences", json!({ "time_zone": "Europe/Vienna" })),
        ("update_preferences", json!({ "time_zone": null, "language": "de" })),
        ("update_preferences", json!({})),
        ("get_transcription_preferences", json!({})),
        ("set_transcription_preferences", json!({ "single_language_mode": true, "vocabulary": ["Wien"] })),
        ("get_language", json!({})),
        ("set_language", json!({ "language": "dz" })),
        ("set_language", json!({})),
        ("register_device", json!({ "fcm_token": "t", "time_zone": "Europe/Vienna" })),
    ]
}

fn attempts() -> Vec<(&'static str, Value, Expected)> {
    vec![
        ("get_preferences", json!({}), NothingForeign),
        ("update_preferences", json!({ "time_zone": "Europe/Vienna" }), NothingForeign),
        ("get_transcription_preferences", json!({}), NothingForeign),
        ("set_transcription_preferences", json!({ "vocabulary": [] }), NothingForeign),
        ("get_language", json!({}), NothingForeign),
        ("set_language", json!({ "language": "de" }), NothingForeign),
        ("register_device", json!({ "fcm_token": "t", "time_zone": "Europe/Vienna" }), NothingForeign),
    ]
}
