//! `omi goal`.

use serde_json::{Value, json};

use super::{NOT_FOUND, Omi, USAGE};

#[tokio::test]
async fn omi_cli_follows_goals() {
    let omi = Omi::of_new_user().await;
    let measure =
        ["--type", "numeric", "--target", "100", "--min", "1", "--max", "100", "--current", "2", "--unit", "km"];
    let created = omi.json(&[&["goal", "create", "Run"], &measure[..]].concat()).await;
    let id = created["id"].as_str().unwrap();
    let stored = omi.user.app().get(&format!("/v1/goals/{id}")).await.ok();
    for (field, value) in [("min_value", 1.0), ("max_value", 100.0), ("current_value", 2.0), ("target_value", 100.0)] {
        assert_eq!(stored[field], value, "{field}");
    }
    assert_eq!((&stored["goal_type"], &stored["unit"]), (&json!("numeric"), &json!("km")));
    for title in ["Row", "Swim", "Hike"] {
        omi.json(&["goal", "create", title, "--target", "10"]).await;
    }
    assert_eq!(omi.listed(&["goal", "list"], "title").await.len(), 4, "no other goal is touched");
    assert!(omi.table(&["goal", "list"]).await.contains("Swim"));
    assert_eq!(omi.json(&["goal", "progress", id, "3.5"]).await["current_value"], 3.5);
    let updated = omi.json(&["goal", "update", id, "--title", "Run far", "--target", "120"]).await;
    assert_eq!((&updated["title"], &updated["target_value"]), (&json!("Run far"), &json!(120.0)));
    assert_eq!(omi.json(&["goal", "get", id]).await, updated);
    let history = omi.json(&["goal", "history", id, "--days", "7"]).await;
    assert_eq!((history.as_array().unwrap().len(), &history[0]["value"]), (1, &json!(3.5)));

    omi.user.app().patch(&format!("/v1/goals/{id}"), json!({ "status": "paused" })).await.ok();
    assert!(!omi.listed(&["goal", "list"], "id").await.contains(&id.to_owned()));
    assert!(omi.listed(&["goal", "list", "--include-inactive"], "id").await.contains(&id.to_owned()));
    assert_eq!(omi.json(&["goal", "delete", id, "--yes"]).await, Value::Null);
    omi.user.app().get(&format!("/v1/goals/{id}")).await.refused(404, "Goal not found");
    omi.assert_all_run("goal").await;
}

#[tokio::test]
async fn omi_cli_understands_refusals_about_goals() {
    let omi = Omi::of_new_user().await;
    for command in
        [&["get", "goal_0"][..], &["history", "goal_0"], &["delete", "goal_0", "-y"], &["progress", "goal_0", "1"]]
    {
        omi.fails(&[&["goal"], command].concat(), NOT_FOUND, "Goal not found").await;
    }
    omi.fails(&["goal", "create", &"x".repeat(501), "--target", "1"], USAGE, "body.title: ").await;
}
