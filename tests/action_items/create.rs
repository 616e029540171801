//! Writing action items: shapes, limits, batches, and what happens to a text that is there.

use serde_json::{Value, json};

use super::support::{APP, DEVELOPER, listed};
use crate::support::{
    json::{assert_invalid, column, field_names},
    server::Server,
};

#[tokio::test]
async fn each_audience_gets_its_shape() {
    let user = Server::shared().await.user().await;
    let body = json!({ "description": " Send Ana the photos ", "due_at": "2031-05-15T11:00:00+02:00" });
    let item = user.app().post("/v1/action-items", body.clone()).await.ok();
    assert_eq!(field_names(&item), APP);
    assert_eq!(
        (&item["description"], &item["due_at"]),
        (&json!("Send Ana the photos"), &json!("2031-05-15T09:00:00Z"))
    );
    assert_eq!(
        (&item["completed"], &item["status"], &item["owner"]),
        (&json!(false), &json!("active"), &json!("user"))
    );
    assert_eq!((&item["task_id"], &item["source"]), (&item["id"], &json!("manual")));
    assert_eq!(item["provenance"][0]["face"], "app");
    let item = user.developer().post("/v1/dev/user/action-items", body.clone()).await.ok();
    assert_eq!(field_names(&item), DEVELOPER);
    assert_eq!((&item["conversation_id"], &item["completed_at"]), (&json!(null), &json!(null)));
    let item = user.mcp().post("/v1/mcp/action-items", body).await.ok();
    assert_eq!(field_names(&item), DEVELOPER);
}

#[tokio::test]
async fn all_that_an_app_sends_is_kept() {
    let app = Server::shared().await.user().await.app();
    let goal = app.post("/v1/goals", json!({ "title": "A green home", "target_value": 9 })).await.ok();
    let body = json!({
        "description": "Water the plants", "completed": true, "conversation_id": "c", "owner": "other",
        "priority": "low", "due_confidence": 0.5, "goal_id": goal["id"], "workstream_id": "w", "source": "desktop",
        "recurrence_rule": "FREQ=WEEKLY", "recurrence_parent_id": "p", "sort_order": 4, "indent_level": 2,
    });
    let mut item = app.post("/v1/action-items", body.clone()).await.ok();
    assert_eq!((&item["status"], &item["completed_at"]), (&json!("completed"), &item["created_at"]));
    assert_eq!(app.get(&format!("/v1/action-items/{}", item["id"].as_str().unwrap())).await.ok(), item);
    let sent = body.as_object().unwrap().iter();
    sent.for_each(|(name, value)| assert_eq!(item[name].take(), *value, "{name}"));
}

#[tokio::test]
async fn an_item_serves_only_a_goal_that_the_user_has() {
    let server = Server::shared().await;
    let (ann, bob) = (server.user().await, server.user().await);
    let goal = ann.app().post("/v1/goals", json!({ "title": "Sail", "target_value": 9 })).await.ok();
    let not_there = "`goal_id` does not exist";
    let item = json!({ "description": "Learn knots", "goal_id": goal["id"] });
    bob.app().post("/v1/action-items", item.clone()).await.refused(409, not_there);
    bob.app().post("/v1/action-items/batch", json!([item])).await.refused(409, not_there);
    let written = ann.app().post("/v1/action-items", item).await.ok();
    let path = format!("/v1/action-items/{}", written["id"].as_str().unwrap());
    ann.app().patch(&path, json!({ "goal_id": "unknown" })).await.refused(409, not_there);
    assert_eq!(ann.app().patch(&path, json!({ "goal_id": null })).await.ok()["goal_id"], json!(null));
}

#[tokio::test]
async fn the_same_open_text_is_one_item_on_app_and_mcp_and_two_for_developers() {
    let user = Server::shared().await.user().await;
    let first = user.app().post("/v1/action-items", json!({ "description": "Übe Oboe" })).await.ok();
    let same = json!({ "description": "  übe OBOE\n", "due_at": "2031-01-01" });
    assert_eq!(user.app().post("/v1/action-items", same.clone()).await.ok(), first);
    assert_eq!(user.mcp().post("/v1/mcp/action-items", same.clone()).await.ok()["id"], first["id"]);
    let another = user.developer().post("/v1/dev/user/action-items", same.clone()).await.ok();
    assert_ne!(another["id"], first["id"]);
    for id in [&first["id"], &another["id"]] {
        let path = format!("/v1/action-items/{}/completed?completed=true", id.as_str().unwrap());
        user.app().bare(reqwest::Method::PATCH, &path).await.ok();
    }
    let fresh = user.app().post("/v1/action-items", same).await.ok();
    assert!(fresh["id"] != first["id"] && fresh["id"] != another["id"], "what is done is not open");
}

#[tokio::test]
async fn the_same_text_at_the_same_time_is_one_item() {
    let user = Server::shared().await.user().await;
    let app = user.app();
    let posts = (0..8).map(|_| app.post("/v1/action-items", json!({ "description": "Call the dentist" })));
    let ids: Vec<_> = futures::future::join_all(posts).await.into_iter().map(|item| item.ok()["id"].clone()).collect();
    assert!(ids.iter().all(|id| *id == ids[0]), "{ids:?}");
    assert_eq!(listed(&app, "").await, ["Call the dentist"]);
}

#[tokio::test]
async fn batches_have_limits_and_words_of_their_own() {
    let user = Server::shared().await.user().await;
    let (app, developer) = (user.app(), user.developer());
    let items = json!([{ "description": "a" }, { "description": "b" }, { "description": "A " }]);
    let written = app.post("/v1/action-items/batch", items.clone()).await.ok();
    assert_eq!(field_names(&written), ["action_items", "created_count"]);
    assert_eq!(column(&written["action_items"], "description"), ["a", "b", "a"], "the third is the first");
    let path = "/v1/dev/user/action-items/batch";
    let written = developer.post(path, json!({ "action_items": items })).await.ok();
    assert_eq!((&written["created_count"], field_names(&written["action_items"][0])), (&json!(3), DEVELOPER.to_vec()));
    assert_eq!(listed(&app, "").await.len(), 5);
    for (caller, path, nothing) in
        [(&app, "/v1/action-items/batch", json!([])), (&developer, path, json!({ "action_items": [] }))]
    {
        let written = caller.post(path, nothing).await.ok();
        assert_eq!(written, json!({ "action_items": [], "created_count": 0 }));
    }
    let blank = "All action items must have non-empty descriptions";
    let some_blank = json!([{ "description": "kept?" }, { "description": " " }]);
    app.post("/v1/action-items/batch", some_blank.clone()).await.refused(422, blank);
    developer.post(path, json!({ "action_items": some_blank })).await.refused(422, blank);
    assert_eq!(listed(&app, "").await.len(), 5, "nothing of it was written");
    let many = |count| vec![json!({ "description": "x" }); count];
    developer.post(path, json!({ "action_items": many(50) })).await.ok();
    let refused = developer.post(path, json!({ "action_items": many(51) })).await;
    assert_invalid(&refused, &[("too_long", json!(["body", "action_items"]))]);
    let refused = app.post("/v1/action-items/batch", json!([{ "description": "x", "due_at": "soon" }, {}])).await;
    let expected =
        [("datetime_from_date_parsing", json!(["body", 0, "due_at"])), ("missing", json!(["body", 1, "description"]))];
    assert_invalid(&refused, &expected);
}

#[tokio::test]
async fn odd_items_are_refused() {
    let user = Server::shared().await.user().await;
    let paths = [
        (user.app(), "/v1/action-items", 4096),
        (user.developer(), "/v1/dev/user/action-items", 500),
        (user.mcp(), "/v1/mcp/action-items", 4096),
    ];
    for (caller, path, most) in paths {
        caller.post(path, json!({ "description": " " })).await.refused(422, "description cannot be empty");
        assert_invalid(&caller.post(path, json!({})).await, &[("missing", json!(["body", "description"]))]);
        caller.post(path, json!({ "description": "x".repeat(most) })).await.ok();
        let long = caller.post(path, json!({ "description": "x".repeat(most + 1) })).await;
        assert_invalid(&long, &[("string_too_long", json!(["body", "description"]))]);
        let torn = json!({ "description": "x", "completed": true, "status": "cancelled" });
        caller.post(path, torn).await.refused(422, "completed must agree with status");
    }
}

#[tokio::test]
async fn the_spellings_of_a_published_client_are_taken() {
    let developer = Server::shared().await.user().await.developer();
    let body = json!({ "content": "Mow the lawn", "due_date": "2031-06-01" });
    let item = developer.post("/v1/dev/user/action-items", body.clone()).await.ok();
    let expected = (&json!("Mow the lawn"), &json!("2031-06-01T00:00:00Z"));
    assert_eq!((&item["description"], &item["due_at"]), expected);
    let written = developer.post("/v1/dev/user/action-items/batch", json!({ "items": [body] })).await.ok();
    let first = &written["action_items"][0];
    assert_eq!((&first["description"], &first["due_at"]), expected);
    let path = format!("/v1/dev/user/action-items/{}", item["id"].as_str().unwrap());
    let changed = developer.patch(&path, json!({ "content": "Mow it", "due_date": "2031-06-02" })).await.ok();
    assert_eq!((&changed["description"], &changed["due_at"]), (&json!("Mow it"), &json!("2031-06-02T00:00:00Z")));
}

#[tokio::test]
async fn the_app_writes_any_number_at_once_in_its_order() {
    let user = Server::shared().await.user().await;
    let description = |place: usize| format!("Water plant number {place}");
    let mut items: Vec<Value> = (0..1500).map(|place| json!({ "description": description(place) })).collect();
    // A text that comes up again is the same item, also where a transaction has ended in between.
    items.push(json!({ "description": " WATER plant number 3" }));
    let written = user.app().post("/v1/action-items/batch", json!(items)).await.ok();
    assert_eq!(written["created_count"], 1501);
    let rows = written["action_items"].as_array().unwrap();
    assert!((0..1500).all(|place| rows[place]["description"] == description(place)));
    assert_eq!(rows[1500]["id"], rows[3]["id"]);
    let again = user.app().post("/v1/action-items/batch", json!(items)).await.ok();
    assert_eq!(again["action_items"][1499]["id"], rows[1499]["id"], "a repeated request writes nothing");
    let ids = user.app().get("/v1/action-items/ids").await.ok();
    assert_eq!(ids["ids"].as_array().unwrap().len(), 1500);
    items[1400]["description"] = " ".into();
    items[0]["description"] = "Sell the plants".into();
    let blank = user.app().post("/v1/action-items/batch", json!(items)).await;
    blank.refused(422, "All action items must have non-empty descriptions");
    let count = user.app().get("/v1/action-items/ids").await.ok()["ids"].as_array().unwrap().len();
    assert_eq!(count, 1500, "what is invalid is refused before anything is written");
}
