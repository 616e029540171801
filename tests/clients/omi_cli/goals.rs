//! Goals, through the command line client.

use serde_json::json;
use tempfile::TempDir;

use super::omi;
use crate::harness::Server;

#[tokio::test]
async fn omi_cli_follows_goals() {
    let (user, folder) = (Server::shared().await.user().await, TempDir::new().unwrap());
    let omi = async |arguments: &[&str]| {
        let (code, printed) = omi(&user, &folder, &[&["goal"], arguments].concat()).await;
        assert_eq!(code, Some(0), "{arguments:?}: {printed}");
        printed
    };
    let measure = ["--type", "numeric", "--target", "100", "--max", "100", "--unit", "km"];
    let created = omi(&[&["create", "Run"], &measure[..]].concat()).await;
    let id = created["id"].as_str().unwrap();
    for title in ["Row", "Swim", "Hike"] {
        omi(&["create", title, "--target", "10"]).await;
    }
    assert_eq!(omi(&["list"]).await.as_array().unwrap().len(), 4, "no other goal is touched");
    assert_eq!(omi(&["progress", id, "3.5"]).await["current_value"], 3.5);
    let updated = omi(&["update", id, "--title", "Run far", "--target", "120"]).await;
    assert_eq!((&updated["title"], &updated["target_value"]), (&json!("Run far"), &json!(120.0)));
    assert_eq!(omi(&["get", id]).await, updated);
    let history = omi(&["history", id, "--days", "7"]).await;
    assert_eq!((history.as_array().unwrap().len(), &history[0]["value"]), (1, &json!(3.5)));
    omi(&["delete", id, "--yes"]).await;
    assert_eq!(omi(&["list", "--include-inactive", "--limit", "1"]).await.as_array().unwrap().len(), 3);
}

#[tokio::test]
async fn omi_cli_misses_goals() {
    let (user, folder) = (Server::shared().await.user().await, TempDir::new().unwrap());
    for arguments in [["goal", "get", "goal_0"], ["goal", "history", "goal_0"]] {
        assert_eq!(omi(&user, &folder, &arguments).await.0, Some(5));
    }
}
