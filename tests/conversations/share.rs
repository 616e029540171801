//! Shared conversations.

use serde_json::{Value, json};

use super::support::{create_conversation, new_user};

#[tokio::test]
async fn a_shared_conversation_is_read_without_signing_in_and_without_its_place() {
    let user = new_user().await;
    let app = user.app();
    let text = json!({ "text": "We met at the lake.", "geolocation": { "latitude": 47.5, "longitude": 13.6 } });
    let id = app.post("/v1/conversations/from-text", text).await.ok()["id"].as_str().unwrap().to_owned();
    let path = format!("/v1/conversations/{id}/shared");
    let everybody = user.with("");
    everybody.get(&path).await.refused(404, "Conversation is private");
    let share = async |value: &str| {
        app.patch(&format!("/v1/conversations/{id}/visibility?value={value}"), json!({})).await.ok();
    };
    share("shared").await;
    let shared = everybody.get(&path).await.ok();
    assert_eq!((&shared["id"], &shared["geolocation"], &shared["people"]), (&json!(id), &Value::Null, &json!([])));
    let listed = async || {
        let all = everybody.get("/v1/public-conversations").await.ok();
        all.as_array().unwrap().iter().any(|conversation| conversation["id"] == id.as_str())
    };
    assert!(!listed().await, "who has no link does not see it");
    share("public").await;
    assert!(listed().await);
    share("private").await;
    everybody.get(&path).await.refused(404, "Conversation is private");
    assert!(!listed().await);
}

#[tokio::test]
async fn a_shared_conversation_names_who_speaks() {
    let app = new_user().await.app();
    let ana = app.post("/v1/users/people", json!({ "name": "Ana" })).await.ok();
    let id = create_conversation(&app, "2026-05-01T09:00:00Z", &["One.", "Two."]).await;
    let path =
        format!("/v1/conversations/{id}/assign-speaker/1?assign_type=person_id&value={}", ana["id"].as_str().unwrap());
    app.patch(&path, json!({})).await.ok();
    app.patch(&format!("/v1/conversations/{id}/visibility?value=shared"), json!({})).await.ok();
    let shared = app.get(&format!("/v1/conversations/{id}/shared")).await.ok();
    assert_eq!(shared["people"], json!([{ "id": ana["id"], "name": "Ana" }]));
    let unknown = app.patch(&format!("/v1/conversations/{id}/visibility?value=nonsense"), json!({})).await;
    assert_eq!(unknown.status, 422);
}
