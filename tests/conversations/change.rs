//! Changing and deleting conversations.

use serde_json::{Value, json};

use super::support::{create_conversation, get_conversation, new_user};

#[tokio::test]
async fn values_come_in_the_query_as_the_app_sends_them() {
    let app = new_user().await.app();
    let id = create_conversation(&app, "2026-05-01T09:00:00Z", &["We talked about the garden."]).await;
    let ok = json!({ "status": "Ok" });
    for change in ["title?title=Roses", "visibility?value=shared", "starred?starred=true"] {
        let path = format!("/v1/conversations/{id}/{change}");
        assert_eq!(app.bare(reqwest::Method::PATCH, &path).await.ok(), ok, "{change}");
    }
    let now = get_conversation(&app, &id).await;
    assert_eq!(now["structured"]["title"], "Roses");
    assert_eq!((&now["visibility"], &now["starred"]), (&json!("shared"), &json!(true)));
    let again = app.post(&format!("/v1/conversations/{id}/reprocess"), json!({})).await.ok();
    assert_eq!(again["structured"]["title"], "Roses", "a title that the user has given stays");
}

#[tokio::test]
async fn developers_change_title_and_view() {
    let user = new_user().await;
    let id = create_conversation(&user.app(), "2026-05-01T09:00:00Z", &["We talked about the garden."]).await;
    let path = format!("/v1/dev/user/conversations/{id}");
    let patch = async |body: Value| user.developer().patch(&path, body).await;
    assert_eq!(patch(json!({ "title": " Roses " })).await.ok()["structured"]["title"], "Roses");
    assert_eq!(patch(json!({ "discarded": true })).await.ok()["discarded"], true);
    patch(json!({})).await.refused(422, "At least one field (title or discarded) must be provided");
    patch(json!({ "title": " " })).await.refused(422, "title cannot be empty");
    assert_eq!(patch(json!({ "title": "x".repeat(501) })).await.status, 422);
}

#[tokio::test]
async fn segments_and_summaries_are_corrected() {
    let app = new_user().await.app();
    let id = create_conversation(&app, "2026-05-01T09:00:00Z", &["We talked about the guardian.", "Really?"]).await;
    let segment = get_conversation(&app, &id).await["transcript_segments"][0]["id"].clone();
    let path = format!("/v1/conversations/{id}/segments/text");
    let body = json!({ "segment_id": segment, "text": "We talked about the garden." });
    let corrected = app.patch(&path, body).await.ok();
    assert_eq!(corrected["transcript_segments"][0]["text"], "We talked about the garden.");
    let body = json!({ "segment_id": "unknown", "text": "x" });
    app.patch(&path, body).await.refused(404, "Segment not found");
    let path = format!("/v1/conversations/{id}/summary");
    let changed = app.patch(&path, json!({ "content": "About roses." })).await.ok();
    assert_eq!(changed["structured"]["overview"], "About roses.");
    let changed = app.patch(&path, json!({ "app_id": "poet", "content": "Roses are red." })).await.ok();
    assert_eq!(changed["apps_results"], json!([{ "app_id": "poet", "content": "Roses are red." }]));
    assert_eq!(changed["plugins_results"], json!([{ "plugin_id": "poet", "content": "Roses are red." }]));
}

#[tokio::test]
async fn a_deleted_conversation_takes_along_what_was_drawn_from_it() {
    let user = new_user().await;
    let app = user.app();
    let id = create_conversation(
        &app,
        "2026-05-01T09:00:00Z",
        &["I live in Graz with my two dogs. I need to call the plumber tomorrow at nine."],
    )
    .await;
    let body = json!({ "description": "Water the roses", "conversation_id": id });
    app.post("/v1/action-items", body).await.ok();
    let drawn = app.get("/v1/action-items").await.ok()["action_items"].as_array().unwrap().len();
    assert_eq!(drawn, 2, "one was drawn from it, one written by hand");
    assert_ne!(app.get("/v3/memories").await.ok(), json!([]), "something was drawn from it");
    let answer = app.delete(&format!("/v1/conversations/{id}")).await;
    assert_eq!((answer.status, answer.body), (204, Value::Null));
    app.get(&format!("/v1/conversations/{id}")).await.refused(404, "Conversation not found");
    assert_eq!(app.get("/v1/action-items").await.ok()["action_items"], json!([]));
    let memories = app.get("/v3/memories").await.ok();
    assert_eq!(memories, json!([]), "nothing that was drawn from it stays");
    app.delete(&format!("/v1/conversations/{id}")).await.refused(404, "Conversation not found");
    let id = create_conversation(&app, "2026-05-01T09:00:00Z", &["We talked about the garden."]).await;
    let path = format!("/v1/dev/user/conversations/{id}");
    assert_eq!(user.developer().delete(&path).await.ok(), json!({ "success": true }));
    user.developer().delete(&path).await.refused(404, "Conversation not found");
}
