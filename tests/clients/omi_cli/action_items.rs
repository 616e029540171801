//! `omi action-item`.

use serde_json::{Value, json};

use super::{NOT_FOUND, Omi, USAGE};

#[tokio::test]
async fn omi_cli_keeps_action_items() {
    let omi = Omi::of_new_user().await;
    let due = ["action-item", "create", "Send Ana the photos", "--due-at", "2026-05-15T09:00:00"];
    let photos = omi.json(&due).await;
    assert_eq!((&photos["completed"], &photos["due_at"]), (&json!(false), &json!("2026-05-15T09:00:00Z")));
    let photos = photos["id"].as_str().unwrap();
    let stove = omi.json(&["action-item", "create", "Sweep the stove", "--completed"]).await;
    assert!(stove["completed_at"].is_string(), "{stove}");
    let stove = stove["id"].as_str().unwrap();

    assert_eq!(omi.listed(&["action-item", "list"], "id").await, [photos, stove], "open ones first");
    assert_eq!(omi.listed(&["action-item", "list", "--open"], "id").await, [photos]);
    assert_eq!(omi.listed(&["action-item", "list", "--completed"], "id").await, [stove]);
    assert_eq!(omi.listed(&["action-item", "list", "--limit", "1", "--offset", "1"], "id").await, [stove]);
    assert_eq!(omi.json(&["action-item", "list", "--conversation-id", "nothing"]).await, json!([]));
    assert_eq!(omi.json(&["action-item", "list", "--end-date", "2026-01-01"]).await, json!([]));
    let since = ["action-item", "list", "--start-date", "2026-01-01T00:00:00"];
    assert_eq!(omi.json(&since).await.as_array().unwrap().len(), 2);
    assert!(omi.table(&["action-item", "list"]).await.contains("Send Ana the photos"));

    let change = ["--description", "Send Ana all photos", "--due-at", "2026-05-16"];
    let updated = omi.json(&[&["action-item", "update", photos], &change[..]].concat()).await;
    let expected = (&json!("Send Ana all photos"), &json!("2026-05-16T00:00:00Z"));
    assert_eq!((&updated["description"], &updated["due_at"]), expected);
    assert_eq!(omi.json(&["action-item", "update", stove, "--open"]).await["completed_at"], Value::Null);
    assert_eq!(omi.json(&["action-item", "complete", photos]).await["completed"], true);
    let got = omi.json(&["action-item", "get", photos]).await;
    let stored = omi.user.app().get(&format!("/v1/action-items/{photos}")).await.ok();
    for field in ["id", "description", "completed", "completed_at", "due_at"] {
        assert_eq!(got[field], stored[field], "{field}");
    }
    assert_eq!(omi.json(&["action-item", "delete", photos, "--yes"]).await, Value::Null);
    assert_eq!(omi.listed(&["action-item", "list"], "id").await, [stove]);
    omi.user.app().get(&format!("/v1/action-items/{photos}")).await.refused(404, "Action item not found");
    omi.assert_all_run("action-item").await;
}

#[tokio::test]
async fn omi_cli_understands_refusals_about_action_items() {
    let omi = Omi::of_new_user().await;
    for command in [&["get"][..], &["complete"], &["update", "--open"], &["delete", "-y"]] {
        let command = [&["action-item", command[0], "nothing"], &command[1..]].concat();
        omi.fails(&command, NOT_FOUND, "Action item not found").await;
    }
    omi.fails(&["action-item", "create", &"x".repeat(501)], USAGE, "body.description: ").await;
}
