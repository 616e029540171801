//! The action items of one conversation: called by place, by text, and drawn anew.

use resources::action_items::NewActionItem;
use schemas::{action_item::ActionItem, memory::Provenance};
use serde_json::json;

use super::support::{APP, NOT_FOUND};
use crate::{
    conversations::support::store_empty,
    support::{
        json::{assert_invalid, column, field_names},
        server::{Answer, Server, TestUser, on_runtime},
    },
};

const PATH: &str = "/v1/conversations/c/action-items";

async fn items(user: &TestUser) -> Vec<(String, bool)> {
    let found = user.app().get(PATH).await.ok();
    let items = found["action_items"].as_array().unwrap().iter();
    items.map(|item| (item["description"].as_str().unwrap().to_owned(), item["completed"] == true)).collect()
}

/// Draws these items from the conversation `c`, as its processing does.
async fn extract(server: &'static Server, user: &TestUser, texts: &'static [&'static str]) {
    let id = user.id.clone();
    let drawn = async move {
        let provenance = Provenance { face: "app".into(), conversation_id: Some("c".into()), ..Provenance::default() };
        let new = |text: &&str| NewActionItem::new(*text, provenance.clone(), resources::now());
        let new: Vec<_> = texts.iter().map(new).collect();
        server.resources.action_items(&id).replace_extracted("c", &new).await.unwrap();
    };
    on_runtime(drawn).await;
}

/// Deletes with a JSON body.
async fn delete(user: &TestUser, body: serde_json::Value) -> Answer {
    Answer::to(user.app().request(reqwest::Method::DELETE, PATH).json(&body)).await
}

#[tokio::test]
async fn items_are_listed_as_they_came_up_and_called_by_place() {
    let server = Server::shared().await;
    let user = server.user().await;
    extract(server, &user, &["first", "second", "third"]).await;
    let found = user.app().get(PATH).await.ok();
    assert_eq!(field_names(&found), ["action_items", "conversation_id"]);
    assert_eq!((field_names(&found["action_items"][0]), &found["conversation_id"]), (APP.to_vec(), &json!("c")));
    let body = json!({ "items_idx": [2, 0], "values": [true, true] });
    assert_eq!(user.app().patch(PATH, body).await.ok(), json!({ "status": "Ok" }));
    let expected = [("first".into(), true), ("second".into(), false), ("third".into(), true)];
    assert_eq!(items(&user).await, expected);
    user.app().patch(PATH, json!({ "items_idx": [0], "values": [false] })).await.ok();
    assert!(!items(&user).await[0].1);
    let uneven = user.app().patch(PATH, json!({ "items_idx": [0, 1], "values": [true] })).await;
    uneven.refused(422, "items_idx and values must have the same length");
    let beyond = user.app().patch(PATH, json!({ "items_idx": [1, 3], "values": [true, true] })).await;
    beyond.refused(404, NOT_FOUND);
    assert!(!items(&user).await[1].1, "a refused change changes nothing");
}

#[tokio::test]
async fn a_conversation_may_have_no_items() {
    let server = Server::shared().await;
    let user = server.user().await;
    user.app().get(PATH).await.refused(404, "Conversation not found");
    store_empty(&user, "c").await;
    assert_eq!(user.app().get(PATH).await.ok(), json!({ "action_items": [], "conversation_id": "c" }));
    assert_eq!(delete(&user, json!({ "description": "later" })).await.ok()["deleted_count"], 0);
    extract(server, &user, &["later"]).await;
    assert_eq!(items(&user).await, [("later".into(), false)]);
}

#[tokio::test]
async fn nothing_is_deleted_unless_a_text_says_what() {
    let server = Server::shared().await;
    let user = server.user().await;
    extract(server, &user, &["first", "second"]).await;
    let missing = |place: serde_json::Value| [("missing", place)];
    assert_invalid(&user.app().delete(PATH).await, &missing(json!(["body"])));
    assert_invalid(&delete(&user, json!({ "completed": true })).await, &missing(json!(["body", "description"])));
    let null = delete(&user, json!({ "description": null })).await;
    assert_invalid(&null, &[("string_type", json!(["body", "description"]))]);
    assert_eq!(items(&user).await.len(), 2);
}

#[tokio::test]
async fn items_are_renamed_and_deleted_by_their_text() {
    let server = Server::shared().await;
    let user = server.user().await;
    extract(server, &user, &["first", "second", "third", "fourth"]).await;
    let rename = json!({ "old_description": "second", "description": " two " });
    assert_eq!(user.app().patch(&format!("{PATH}/0"), rename.clone()).await.ok(), json!({ "status": "Ok" }));
    user.app().patch(&format!("{PATH}/1"), rename).await.refused(404, NOT_FOUND);
    let blank = json!({ "old_description": "two", "description": " " });
    user.app().patch(&format!("{PATH}/1"), blank).await.refused(422, "description cannot be empty");
    let gone = delete(&user, json!({ "description": "first", "completed": true })).await.ok();
    assert_eq!((&gone["status"], &gone["deleted_count"]), (&json!("Ok"), &json!(1)));
    assert_eq!(delete(&user, json!({ "description": "first" })).await.ok()["deleted_count"], 0);
    let left: Vec<_> = items(&user).await.into_iter().map(|(text, _)| text).collect();
    assert_eq!(left, ["two", "third", "fourth"]);
    for text in ["two", "third", "fourth"] {
        assert_eq!(delete(&user, json!({ "description": text })).await.ok()["deleted_count"], 1);
    }
    for answer in [user.app().get(PATH).await, delete(&user, json!({ "description": "first" })).await] {
        answer.refused(404, "Conversation not found");
    }
}

#[tokio::test]
async fn drawing_items_anew_keeps_what_the_user_touched() {
    let server = Server::shared().await;
    let user = server.user().await;
    let all = async || user.app().get(PATH).await.ok()["action_items"].clone();
    extract(server, &user, &["stale", "done", "reworded", "same"]).await;
    let before = all().await;
    extract(server, &user, &["stale", "done", "reworded", "same"]).await;
    assert_eq!(all().await, before, "the same items twice change nothing");
    user.app().patch(PATH, json!({ "items_idx": [1], "values": [true] })).await.ok();
    let rename = json!({ "old_description": "reworded", "description": "in my words" });
    user.app().patch(&format!("{PATH}/2"), rename).await.ok();
    user.app().post("/v1/action-items", json!({ "description": "by hand", "conversation_id": "c" })).await.ok();
    extract(server, &user, &["new", "same", " BY HAND", "done", "reworded"]).await;
    let texts = items(&user).await;
    let texts: Vec<_> = texts.iter().map(|(text, _)| text.as_str()).collect();
    assert_eq!(texts, ["new", "same", "done", "in my words", "by hand"]);
    let same = |rows: &serde_json::Value| {
        rows.as_array().unwrap().iter().find(|row| row["description"] == "same").cloned().unwrap()
    };
    assert_eq!(same(&all().await), same(&before), "what came up again is the same item");
}

#[tokio::test]
async fn other_nouns_read_items_by_conversation_and_by_time() {
    let server = Server::shared().await;
    let user = server.user().await;
    extract(server, &user, &["a", "b"]).await;
    let other = json!({ "description": "other", "conversation_id": "d", "completed": true });
    user.app().post("/v1/action-items", other).await.ok();
    let id = user.id.clone();
    let (of_both, recent, between, gone) = on_runtime(async move {
        let items = server.resources.action_items(&id);
        let (now, hour) = (resources::now(), chrono::TimeDelta::hours(1));
        let of_both = items.of_conversations(&["c".into(), "d".into(), "e".into()]).await.unwrap();
        let recent = items.recent(now - hour).await.unwrap();
        let between = [(now - hour, now + hour), (now + hour, now + hour * 2)];
        let between = [
            items.between(between[0].0, between[0].1).await.unwrap().len(),
            items.between(between[1].0, between[1].1).await.unwrap().len(),
        ];
        let gone = items.delete_of_conversation("c").await.unwrap();
        (of_both, recent, between, gone)
    })
    .await;
    let texts = |rows: &[ActionItem]| rows.iter().map(|row| row.description.clone()).collect::<Vec<_>>();
    assert_eq!(
        (of_both.len(), texts(&of_both["c"]), texts(&of_both["d"])),
        (2, vec!["a".into(), "b".into()], vec!["other".to_owned()])
    );
    assert_eq!((recent.len(), between, gone.len()), (3, [3, 0], 2));
    let left = user.app().get("/v1/action-items").await.ok();
    assert_eq!(column(&left["action_items"], "description"), ["other"]);
}
