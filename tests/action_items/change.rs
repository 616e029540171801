//! Changing, completing and deleting action items.

use reqwest::Method;
use serde_json::{Value, json};

use super::support::{APP, DEVELOPER, NOT_FOUND, listed, note, write};
use crate::support::{
    json::{assert_invalid, field_names},
    server::Server,
};

#[tokio::test]
async fn each_audience_gets_its_shape() {
    let user = Server::shared().await.user().await;
    let [id] = note(&user.developer(), ["Oil the clarinet"]).await;
    let paths = [
        (user.app(), format!("/v1/action-items/{id}"), APP),
        (user.developer(), format!("/v1/dev/user/action-items/{id}"), DEVELOPER),
        (user.mcp(), format!("/v1/mcp/action-items/{id}"), DEVELOPER),
    ];
    for (caller, path, names) in paths {
        let before = user.app().get(&format!("/v1/action-items/{id}")).await.ok();
        let item = caller.patch(&path, json!({ "description": format!(" {path} ") })).await.ok();
        assert_eq!((field_names(&item), &item["description"]), (names.to_vec(), &json!(path)));
        assert_eq!((&item["id"], &item["created_at"]), (&before["id"], &before["created_at"]));
        assert!(item["updated_at"].as_str() > before["updated_at"].as_str());
        assert_eq!(user.app().get(&format!("/v1/action-items/{id}")).await.ok()["description"], json!(path));
    }
}

#[tokio::test]
async fn null_takes_the_due_date_away_on_every_face() {
    let user = Server::shared().await.user().await;
    let due = json!({ "description": "x", "due_at": "2031-01-01" });
    let id = write(&user.developer(), due).await;
    let paths = [
        (user.app(), format!("/v1/action-items/{id}")),
        (user.developer(), format!("/v1/dev/user/action-items/{id}")),
        (user.mcp(), format!("/v1/mcp/action-items/{id}")),
    ];
    for (caller, path) in paths {
        for clear in [json!({ "due_at": null }), json!({ "clear_due_at": true })] {
            let dated = caller.patch(&path, json!({ "due_at": "2031-01-01" })).await.ok();
            assert_eq!(dated["due_at"], "2031-01-01T00:00:00Z");
            let kept = caller.patch(&path, json!({ "completed": false })).await.ok();
            assert_eq!(kept["due_at"], "2031-01-01T00:00:00Z", "what is not given stays");
            assert_eq!(caller.patch(&path, clear).await.ok()["due_at"], Value::Null);
        }
        let both = caller.patch(&path, json!({ "due_at": "2031-01-01", "clear_due_at": true })).await;
        both.refused(422, "due_at and clear_due_at cannot be used together");
    }
}

#[tokio::test]
async fn status_and_completion_agree() {
    let user = Server::shared().await.user().await;
    let [id] = note(&user.developer(), ["x"]).await;
    let path = format!("/v1/action-items/{id}");
    let change = async |body: Value| {
        let item = user.app().patch(&path, body).await.ok();
        (item["status"].as_str().unwrap().to_owned(), item["completed"] == true, item["completed_at"].clone())
    };
    let done = change(json!({ "completed": true })).await;
    assert_eq!((&*done.0, done.1, done.2.is_string()), ("completed", true, true));
    assert_eq!(change(json!({ "description": "y" })).await, done, "it was done when it was done");
    assert_eq!(change(json!({ "completed": false })).await, ("active".into(), false, Value::Null));
    assert!(change(json!({ "status": "completed" })).await.1);
    assert_eq!(change(json!({ "status": "cancelled" })).await, ("cancelled".into(), false, Value::Null));
    assert_eq!(change(json!({ "status": "superseded", "completed": false })).await.0, "superseded");
    for torn in [json!({ "status": "active", "completed": true }), json!({ "status": "completed", "completed": false })]
    {
        user.app().patch(&path, torn).await.refused(422, "completed must agree with status");
    }
}

#[tokio::test]
async fn each_face_completes_items_its_own_way() {
    let user = Server::shared().await.user().await;
    let [id] = note(&user.developer(), ["x"]).await;
    let app = format!("/v1/action-items/{id}/completed");
    let mcp = format!("/v1/mcp/action-items/{id}/complete");
    let item = user.app().bare(Method::PATCH, &format!("{app}?completed=true")).await.ok();
    assert_eq!((field_names(&item), &item["completed"]), (APP.to_vec(), &json!(true)));
    let item = user.mcp().bare(Method::POST, &format!("{mcp}?completed=false")).await.ok();
    assert_eq!((&item["completed"], &item["completed_at"]), (&json!(false), &Value::Null));
    assert_eq!(user.mcp().bare(Method::POST, &mcp).await.ok()["completed"], true);
    let missing = user.app().bare(Method::PATCH, &app).await;
    assert_invalid(&missing, &[("missing", json!(["query", "completed"]))]);
    let odd = user.app().bare(Method::PATCH, &format!("{app}?completed=maybe")).await;
    assert_invalid(&odd, &[("bool_parsing", json!(["query", "completed"]))]);
}

#[tokio::test]
async fn changes_are_refused_in_the_contract_s_words() {
    let user = Server::shared().await.user().await;
    let developer = user.developer();
    let [id] = note(&developer, ["x"]).await;
    let path = format!("/v1/dev/user/action-items/{id}");
    for empty in [json!({}), json!({ "description": null, "completed": null }), json!({ "unknown": 1 })] {
        developer.patch(&path, empty).await.refused(422, "At least one field must be provided");
    }
    developer.patch(&path, json!({ "description": " " })).await.refused(422, "description cannot be empty");
    let odd = developer.patch(&path, json!({ "description": "x".repeat(501), "due_at": "soon" })).await;
    assert_eq!(odd.status, 422);
    let nowhere = |path: &str| path.replace(&id, "unknown");
    developer.patch(&nowhere(&path), json!({ "completed": true })).await.refused(404, NOT_FOUND);
    user.app().get("/v1/action-items/unknown").await.refused(404, NOT_FOUND);
    let complete = Method::PATCH;
    let refused = user.app().bare(complete, "/v1/action-items/unknown/completed?completed=true").await;
    refused.refused(404, NOT_FOUND);
}

#[tokio::test]
async fn items_are_deleted_for_good() {
    let user = Server::shared().await.user().await;
    let ids = note(&user.developer(), ["a", "b", "c"]).await;
    let paths = [
        (user.app(), format!("/v1/action-items/{}", ids[0]), 204, Value::Null),
        (user.developer(), format!("/v1/dev/user/action-items/{}", ids[1]), 200, json!({ "success": true })),
        (user.mcp(), format!("/v1/mcp/action-items/{}", ids[2]), 200, json!({ "status": "ok" })),
    ];
    for (caller, path, status, body) in paths {
        let answer = caller.delete(&path).await;
        assert_eq!((answer.status, &answer.body), (status, &body), "{path}");
        caller.delete(&path).await.refused(404, NOT_FOUND);
    }
    assert_eq!(listed(&user.app(), "").await, [""; 0]);
}

#[tokio::test]
async fn a_batch_deletes_what_is_there() {
    let user = Server::shared().await.user().await;
    let [a, b, c] = note(&user.developer(), ["a", "b", "c"]).await;
    let path = "/v1/action-items/batch-delete";
    let mut deleted = user.app().post(path, json!({ "ids": [a, "unknown", b, a] })).await.ok();
    deleted["deleted_ids"].as_array_mut().unwrap().sort_by_key(ToString::to_string);
    let mut expected = [a, b];
    expected.sort_unstable();
    assert_eq!(deleted, json!({ "status": "Ok", "deleted_count": 2, "deleted_ids": expected }));
    assert_eq!(user.app().get("/v1/action-items/ids").await.ok(), json!({ "ids": [c] }));
    let none = user.app().post(path, json!({ "ids": [] })).await;
    assert_invalid(&none, &[("too_short", json!(["body", "ids"]))]);
    let many = user.app().post(path, json!({ "ids": vec!["x"; 10_001] })).await;
    assert_invalid(&many, &[("too_long", json!(["body", "ids"]))]);
    let most = user.app().post(path, json!({ "ids": vec!["x"; 10_000] })).await.ok();
    assert_eq!(most["deleted_count"], 0);
}
