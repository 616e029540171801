//! A link to a conversation.

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
    calls: |_| vec![("revoke_share_links", json!({}))],
    attempts,
    owned_paths: |_| {
        ["conversations", "messages", "action-items"].map(|kind| format!("/v1/share-links/{kind}")).to_vec()
    },
    secrets: &[],
    volatile: &[],
};

async fn seed(user: &TestUser) -> Value {
    let app = user.app();
    let said = json!([{ "text": "The lift is being repaired today.", "start": 0, "end": 4 }]);
    let body = json!({ "transcript_segments": said, "started_at": "2026-05-10T12:00:00Z" });
    let id = app.post("/v1/conversations/from-segments", body).await.ok()["id"].clone();
    let path = format!("/v1/conversations/{}", id.as_str().unwrap());
    let link = app.post(&format!("{path}/share"), json!({})).await.ok();
    json!({ "lift": id, "lift_link": link["id"], "lift_token": link["token"] })
}

fn attempts(_: &Value) -> Vec<(&'static str, Value, Expected)> {
    vec![("revoke_share_links", json!({}), NothingForeign)]
}
