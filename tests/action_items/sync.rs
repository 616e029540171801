//! Lists that the user arranges, and lists of other apps.

use serde_json::{Value, json};

use super::support::{note, write};
use crate::support::{
    json::{assert_invalid, column, field_names},
    server::Server,
};

#[tokio::test]
async fn items_are_arranged_in_batches() {
    let user = Server::shared().await.user().await;
    let [a, b] = note(&user.developer(), ["a", "b"]).await;
    let path = "/v1/action-items/batch";
    let places = json!({ "items": [{ "id": a, "sort_order": 2, "indent_level": 3 }, { "id": "unknown" }] });
    let expected = json!({ "status": "ok", "updated_count": 1, "updated_ids": [a] });
    assert_eq!(user.app().patch(path, places).await.ok(), expected);
    let item = user.app().get(&format!("/v1/action-items/{a}")).await.ok();
    assert_eq!((&item["sort_order"], &item["indent_level"]), (&json!(2), &json!(3)));
    let deep = user.app().patch(path, json!({ "items": [{ "id": b, "indent_level": 4 }] })).await;
    assert_invalid(&deep, &[("less_than_equal", json!(["body", "items", 0, "indent_level"]))]);
    let many = |count| json!({ "items": vec![json!({ "id": b, "sort_order": 1 }); count] });
    assert_eq!(user.app().patch(path, many(500)).await.ok()["updated_count"], 1);
    assert_invalid(&user.app().patch(path, many(501)).await, &[("too_long", json!(["body", "items"]))]);
}

#[tokio::test]
async fn reminders_learn_what_is_due_and_say_what_they_have() {
    let user = Server::shared().await.user().await;
    let (app, developer) = (user.app(), user.developer());
    note(&developer, ["undated"]).await;
    let due = write(&developer, json!({ "description": "due", "due_at": "2031-01-02" })).await;
    let sooner = write(&developer, json!({ "description": "sooner", "due_at": "2031-01-01" })).await;
    write(&developer, json!({ "description": "done", "due_at": "2031-01-01", "completed": true })).await;
    let pending = app.get("/v1/action-items/pending-sync").await.ok();
    assert_eq!(field_names(&pending), ["pending_export", "synced_items"]);
    assert_eq!(column(&pending["pending_export"], "description"), ["sooner", "due"]);
    assert_eq!(pending["synced_items"], json!([]));
    let reminder = json!({
        "id": due, "exported": true, "export_platform": "apple_reminders", "apple_reminder_id": "r1",
    });
    let path = "/v1/action-items/sync-batch";
    let answer = app.patch(path, json!({ "items": [reminder] })).await.ok();
    assert_eq!(answer, json!({ "status": "ok", "updated_count": 1, "updated_ids": [due] }));
    let pending = app.get("/v1/action-items/pending-sync?platform=apple_reminders").await.ok();
    assert_eq!(column(&pending["pending_export"], "description"), ["sooner"]);
    assert_eq!(column(&pending["synced_items"], "apple_reminder_id"), ["r1"]);
    assert!(pending["synced_items"][0]["export_date"].is_string());
    let elsewhere = app.get("/v1/action-items/pending-sync?platform=todoist").await.ok();
    assert_eq!(column(&elsewhere["pending_export"], "description"), ["sooner", "due"]);
    let back = json!({ "id": due, "completed": true, "description": "ticked off there", "due_at": null });
    let refused = app.patch(path, json!({ "items": [back, { "id": sooner, "description": " " }] })).await;
    refused.refused(422, "description cannot be empty");
    app.patch(path, json!({ "items": [back] })).await.ok();
    let item = app.get(&format!("/v1/action-items/{due}")).await.ok();
    assert_eq!((&item["completed"], &item["description"]), (&json!(true), &json!("ticked off there")));
    assert_eq!((&item["due_at"], &item["exported"]), (&Value::Null, &json!(true)));
    let many = app.patch(path, json!({ "items": vec![json!({ "id": due }); 101] })).await;
    assert_invalid(&many, &[("too_long", json!(["body", "items"]))]);
}
