//! A conversation and a memory, to be asked about.

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
    owned_paths: |_| vec!["/v1/conversations?limit=100".into()],
    secrets: &["Hallstatt", "salt mine"],
    volatile: &["id", "segment", "date"],
};

async fn seed(user: &TestUser) -> Value {
    let segments = json!([
        { "text": "Where did you go on Saturday?", "start": 0, "end": 4, "is_user": true },
        { "text": "We saw the salt mine in Hallstatt.", "start": 5, "end": 9, "speaker": "SPEAKER_01" },
    ]);
    let body = json!({ "transcript_segments": segments, "started_at": "2026-03-10T12:00:00Z", "source": "omi" });
    let conversation = user.app().post("/v1/conversations/from-segments", body).await.ok();
    json!({ "mine": conversation["id"] })
}

fn calls(_: &Value) -> Vec<(&'static str, Value)> {
    vec![
        ("ask", json!({ "question": "Where was the salt mine?", "limit": 5, "timezone": "Europe/Vienna" })),
        ("ask", json!({ "question": "What did I do in March 2026?", "limit": 1 })),
        ("ask", json!({ "question": "What did the dentist say about my molar?", "limit": 5 })),
    ]
}

fn attempts(_: &Value) -> Vec<(&'static str, Value, Expected)> {
    vec![
        ("ask", json!({ "question": "Who was there on Saturday?" }), NothingForeign),
        ("ask", json!({ "question": "What did I do in March 2026?" }), NothingForeign),
    ]
}
