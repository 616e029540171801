//! Sharing action items by a link, and taking them over.

use serde_json::json;

use super::support::{NOT_FOUND, note, write};
use crate::support::{
    json::{assert_invalid, column, field_names},
    server::Server,
};

#[tokio::test]
async fn a_link_is_public_and_accepted_once() {
    let server = Server::shared().await;
    let (ann, bob) = (server.user().await, server.user().await);
    let due = json!({ "description": "Buy flour", "due_at": "2031-05-08T10:00:00Z" });
    let flour = write(&ann.developer(), due).await;
    let [eggs] = note(&ann.developer(), ["Buy eggs"]).await;
    let link = ann.app().post("/v1/action-items/share", json!({ "task_ids": [flour, eggs] })).await.ok();
    assert_eq!(field_names(&link), ["expires_at", "id", "token", "url"]);
    let path = format!("/v1/action-items/shared/{}", link["token"].as_str().unwrap());
    assert_eq!(link["url"], format!("{}{path}", server.url));
    let seen = ann.with("").get(&path).await.ok();
    let tasks = json!([
        { "description": "Buy flour", "due_at": "2031-05-08T10:00:00Z" },
        { "description": "Buy eggs", "due_at": null },
    ]);
    assert_eq!(seen, json!({ "sender_name": "somebody", "tasks": &tasks, "count": 2 }));
    let token = json!({ "token": link["token"] });
    ann.app().post("/v1/action-items/accept", token.clone()).await.refused(400, "These action items are your own");
    let accepted = bob.app().post("/v1/action-items/accept", token.clone()).await.ok();
    assert_eq!((field_names(&accepted), &accepted["count"]), (vec!["count", "created"], &json!(2)));
    let mut copies = Vec::new();
    for id in accepted["created"].as_array().unwrap() {
        let copy = bob.app().get(&format!("/v1/action-items/{}", id.as_str().unwrap())).await.ok();
        assert!(copy["id"] != flour.as_str() && copy["id"] != eggs.as_str());
        copies.push(json!({ "description": copy["description"], "due_at": copy["due_at"] }));
    }
    assert_eq!(json!(copies), tasks, "the ids of the copies, in the order of the link");
    let again = bob.app().post("/v1/action-items/accept", token).await;
    again.refused(409, "These action items have been accepted already");
    assert_eq!(bob.app().get("/v1/action-items/count").await.ok()["count"], 2);
    assert_eq!(ann.app().get("/v1/action-items/count").await.ok()["count"], 2);
}

#[tokio::test]
async fn two_acceptances_at_once_copy_once() {
    let server = Server::shared().await;
    let (ann, bob) = (server.user().await, server.user().await);
    let [id] = note(&ann.developer(), ["x"]).await;
    let link = ann.app().post("/v1/action-items/share", json!({ "task_ids": [id] })).await.ok();
    let app = bob.app();
    let accepts = (0..4).map(|_| app.post("/v1/action-items/accept", json!({ "token": link["token"] })));
    let mut statuses: Vec<u16> =
        futures::future::join_all(accepts).await.into_iter().map(|answer| answer.status).collect();
    statuses.sort_unstable();
    assert_eq!(statuses, [200, 409, 409, 409]);
    assert_eq!(app.get("/v1/action-items/count").await.ok()["count"], 1);
}

#[tokio::test]
async fn links_lead_only_where_they_should() {
    let server = Server::shared().await;
    let (ann, bob) = (server.user().await, server.user().await);
    let [a, b] = note(&ann.developer(), ["a", "b"]).await;
    let share = "/v1/action-items/share";
    bob.app().post(share, json!({ "task_ids": [a] })).await.refused(404, NOT_FOUND);
    ann.app().post(share, json!({ "task_ids": [a, "unknown"] })).await.refused(404, NOT_FOUND);
    assert_invalid(
        &ann.app().post(share, json!({ "task_ids": [] })).await,
        &[("too_short", json!(["body", "task_ids"]))],
    );
    let many = ann.app().post(share, json!({ "task_ids": vec![&a; 21] })).await;
    assert_invalid(&many, &[("too_long", json!(["body", "task_ids"]))]);
    let link = ann.app().post(share, json!({ "task_ids": [a, b, a] })).await.ok();
    let url = format!("/v1/action-items/shared/{}", link["token"].as_str().unwrap());
    assert_eq!(bob.with("").get(&url).await.ok()["count"], 2);
    ann.app().delete(&format!("/v1/action-items/{a}")).await;
    assert_eq!(column(&bob.with("").get(&url).await.ok()["tasks"], "description"), ["b"], "what is deleted is gone");
    ann.app().delete(&format!("/v1/action-items/{b}")).await;
    let nowhere = "Shared action items not found";
    bob.with("").get(&url).await.refused(404, nowhere);
    bob.with("").get("/v1/action-items/shared/unknown").await.refused(404, nowhere);
    bob.app().post("/v1/action-items/accept", json!({ "token": link["token"] })).await.refused(404, nowhere);
}
