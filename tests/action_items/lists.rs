//! Lists: their order, filters and shapes.

use serde_json::json;

use super::support::{APP, DEVELOPER, listed, note, write};
use crate::support::{
    json::{assert_invalid, column, field_names},
    server::Server,
};

#[tokio::test]
async fn open_items_come_first_then_the_soonest_due_then_the_youngest() {
    let user = Server::shared().await.user().await;
    let developer = user.developer();
    note(&developer, ["undated, older", "undated, younger"]).await;
    let due = [
        ("due later", "2031-01-02T00:00:00Z", false),
        ("due sooner, older", "2031-01-01T00:00:00Z", false),
        ("due sooner, younger", "2031-01-01T00:00:00Z", false),
        ("long overdue", "1969-07-20T20:17:00Z", false),
        ("done", "2030-01-01T00:00:00Z", true),
    ];
    for (description, due_at, completed) in due {
        write(&developer, json!({ "description": description, "due_at": due_at, "completed": completed })).await;
    }
    write(&developer, json!({ "description": "done, undated", "completed": true })).await;
    let expected = [
        "long overdue",
        "due sooner, younger",
        "due sooner, older",
        "due later",
        "undated, younger",
        "undated, older",
        "done",
        "done, undated",
    ];
    assert_eq!(listed(&user.app(), "").await, expected);
    assert_eq!(column(&developer.get("/v1/dev/user/action-items").await.ok(), "description"), expected);
    assert_eq!(column(&user.mcp().get("/v1/mcp/action-items").await.ok(), "description"), expected);
    let cancelled = user.app().get("/v1/action-items?limit=1").await.ok()["action_items"][0]["id"].clone();
    let path = format!("/v1/action-items/{}", cancelled.as_str().unwrap());
    user.app().patch(&path, json!({ "status": "cancelled" })).await.ok();
    assert_eq!(listed(&user.app(), "").await[5], "long overdue", "what was given up is behind all that is open");
}

#[tokio::test]
async fn each_audience_gets_its_shape() {
    let user = Server::shared().await.user().await;
    note(&user.developer(), ["a", "b"]).await;
    let page = user.app().get("/v1/action-items?limit=1").await.ok();
    let names = ["action_items", "has_more", "limit", "next_cursor", "offset", "returned_count", "truncated"];
    assert_eq!(field_names(&page), names);
    assert_eq!((&page["has_more"], &page["truncated"]), (&json!(true), &json!(false)));
    assert_eq!(field_names(&page["action_items"][0]), APP);
    assert_eq!(user.app().get("/v1/action-items").await.ok()["has_more"], false);
    assert_eq!(field_names(&user.developer().get("/v1/dev/user/action-items").await.ok()[0]), DEVELOPER);
    assert_eq!(field_names(&user.mcp().get("/v1/mcp/action-items").await.ok()[0]), DEVELOPER);
}

#[tokio::test]
async fn lists_are_filtered() {
    let user = Server::shared().await.user().await;
    let items = json!([
        { "description": "of c", "conversation_id": "c", "due_at": "2031-05-08T22:00:00Z" },
        { "description": "done", "conversation_id": "c", "completed": true, "due_at": "2031-05-09T00:00:00Z" },
        { "description": "undated" },
    ]);
    let written = user.app().post("/v1/action-items/batch", items).await.ok();
    let cases: [(&str, &[&str]); 12] = [
        ("completed=false", &["of c", "undated"]),
        ("completed=true", &["done"]),
        ("conversation_id=c", &["of c", "done"]),
        ("conversation_id=c&completed=true", &["done"]),
        ("conversation_id=unknown", &[]),
        ("due_start_date=2031-05-09", &["done"]),
        ("due_end_date=2031-05-08", &["of c"]),
        ("due_end_date=2031-05-08T21:00:00", &[]),
        ("start_date=2020-01-01", &["of c", "undated", "done"]),
        ("end_date=2020-01-01", &[]),
        ("updated_since=2020-01-01T00:00:00Z&completed=true", &["done"]),
        ("updated_since=2090-01-01T00:00:00Z", &[]),
    ];
    for (query, expected) in cases {
        assert_eq!(listed(&user.app(), query).await, expected, "app {query}");
        let found = user.developer().get(&format!("/v1/dev/user/action-items?{query}")).await.ok();
        assert_eq!(column(&found, "description"), expected, "developer {query}");
        let found = user.mcp().get(&format!("/v1/mcp/action-items?{query}")).await.ok();
        assert_eq!(column(&found, "description"), expected, "mcp {query}");
    }
    let created = written["action_items"][0]["created_at"].as_str().unwrap();
    let found = listed(&user.app(), &format!("start_date={created}&end_date={created}")).await;
    assert_eq!(found, ["of c"], "both ends belong to the span");
}

#[tokio::test]
async fn reversed_spans_are_refused() {
    let user = Server::shared().await.user().await;
    for (caller, path) in [(user.app(), "/v1/action-items"), (user.mcp(), "/v1/mcp/action-items")] {
        let refused = caller.get(&format!("{path}?start_date=2031-02-01&end_date=2031-01-01")).await;
        refused.refused(400, "start_date must not be after end_date");
        let refused = caller.get(&format!("{path}?due_start_date=2031-02-01&due_end_date=2031-01-01")).await;
        refused.refused(400, "due_start_date must not be after due_end_date");
        caller.get(&format!("{path}?due_start_date=2031-02-01&due_end_date=2031-02-01")).await.ok();
        let odd = caller.get(&format!("{path}?due_end_date=someday")).await;
        assert_invalid(&odd, &[("datetime_from_date_parsing", json!(["query", "due_end_date"]))]);
    }
}

#[tokio::test]
async fn ids_and_totals() {
    let user = Server::shared().await.user().await;
    let [a, b] = note(&user.developer(), ["a", "b"]).await;
    let done = write(&user.developer(), json!({ "description": "done", "completed": true })).await;
    assert_eq!(user.app().get("/v1/action-items/ids").await.ok(), json!({ "ids": [b, a, done] }));
    assert_eq!(user.app().get("/v1/action-items/ids?completed=true").await.ok(), json!({ "ids": [done] }));
    user.app().patch(&format!("/v1/action-items/{a}"), json!({ "status": "cancelled" })).await.ok();
    let expected = json!({ "count": 3, "completed_count": 1, "open_count": 1 });
    assert_eq!(user.app().get("/v1/action-items/count").await.ok(), expected);
}
