//! Changing memories: text and its history, labels, visibility, and the user's review.

use serde_json::{Value, json};

use super::support::{DEVELOPER, remember};
use crate::support::{
    json::{assert_invalid, column, field_names},
    server::{Server, UNKNOWN_ID},
};

#[tokio::test]
async fn a_developer_edit_answers_with_the_memory() {
    let developer = Server::shared().await.user().await.developer();
    let [id] = remember(&developer, ["Ana rows"]).await;
    let path = format!("/v1/dev/user/memories/{id}");
    let before = developer.get(&path).await.ok();
    let change = json!({ "content": " Ana sails ", "visibility": "public", "tags": ["sea"], "category": "hobbies" });
    let memory = developer.patch(&path, change).await.ok();
    assert_eq!(field_names(&memory), DEVELOPER);
    assert_eq!((&memory["id"], &memory["content"]), (&json!(id), &json!("Ana sails")));
    assert_eq!((&memory["visibility"], &memory["tags"]), (&json!("public"), &json!(["sea"])));
    assert_eq!((&memory["category"], &memory["edited"]), (&json!("hobbies"), &json!(true)));
    assert_eq!(memory["created_at"], before["created_at"]);
    assert!(memory["updated_at"].as_str() > before["updated_at"].as_str());
    assert_eq!(developer.get(&path).await.ok(), memory);
}

#[tokio::test]
async fn a_change_of_labels_is_no_edit() {
    let developer = Server::shared().await.user().await.developer();
    let [id] = remember(&developer, ["Ana rows"]).await;
    let path = format!("/v1/dev/user/memories/{id}");
    for change in [json!({ "tags": ["a"] }), json!({ "tags": [] }), json!({ "category": "work", "content": null })] {
        assert_eq!(developer.patch(&path, change).await.ok()["edited"], false);
    }
    developer.patch(&path, json!({ "content": "Ana rows" })).await.ok();
    assert_eq!(developer.get(&format!("{path}/history")).await.ok(), json!([]), "the same text replaces nothing");
}

#[tokio::test]
async fn developer_edits_are_refused_in_the_contract_s_words() {
    let developer = Server::shared().await.user().await.developer();
    let [id] = remember(&developer, ["Ana rows"]).await;
    let path = format!("/v1/dev/user/memories/{id}");
    let nothing = "At least one field (content, visibility, tags, category) must be provided";
    for empty in [json!({}), json!({ "content": null, "tags": null }), json!({ "unknown": 1 })] {
        developer.patch(&path, empty).await.refused(422, nothing);
    }
    let visibility = "visibility must be 'public' or 'private'";
    developer.patch(&path, json!({ "visibility": "friends", "content": "Lost" })).await.refused(422, visibility);
    assert_eq!(developer.get(&path).await.ok()["content"], "Ana rows", "a refused edit changes nothing");
    developer.patch(&path, json!({ "content": "  " })).await.refused(422, "content cannot be empty");
    let refused = developer.patch(&path, json!({ "content": "x".repeat(501), "category": "nonsense" })).await;
    let expected = [("string_too_long", json!(["body", "content"])), ("enum", json!(["body", "category"]))];
    assert_invalid(&refused, &expected);
    let unknown = format!("/v1/dev/user/memories/{UNKNOWN_ID}");
    developer.patch(&unknown, json!({ "content": "x" })).await.refused(404, "Memory not found");
}

#[tokio::test]
async fn app_and_mcp_edits_take_the_text_from_query_or_body() {
    let user = Server::shared().await.user().await;
    for (caller, path) in [(user.app(), "/v3/memories"), (user.mcp(), "/v1/mcp/memories")] {
        let [id] = remember(&user.developer(), ["Ana rows"]).await;
        let path = format!("{path}/{id}");
        let edited = caller.bare(reqwest::Method::PATCH, &format!("{path}?value=Ana%20sails%20%26%20swims")).await;
        assert_eq!(edited.ok(), json!({ "status": "ok" }));
        let stored = format!("/v1/dev/user/memories/{id}");
        assert_eq!(user.developer().get(&stored).await.ok()["content"], "Ana sails & swims");
        assert_eq!(caller.patch(&path, json!({ "value": "Ana dives" })).await.ok(), json!({ "status": "ok" }));
        let memory = user.developer().get(&stored).await.ok();
        assert_eq!((&memory["content"], &memory["edited"]), (&json!("Ana dives"), &json!(true)));
        let bare = caller.bare(reqwest::Method::PATCH, &path).await;
        assert_invalid(&bare, &[("missing", json!(["query", "value"]))]);
        let null = caller.patch(&path, json!({ "value": null })).await;
        assert_invalid(&null, &[("string_type", json!(["body", "value"]))]);
        let blank = caller.bare(reqwest::Method::PATCH, &format!("{path}?value=%20")).await;
        blank.refused(422, "content cannot be empty");
        let unknown = path.replace(&id, UNKNOWN_ID);
        let unknown = caller.bare(reqwest::Method::PATCH, &format!("{unknown}?value=x")).await;
        unknown.refused(404, "Memory not found");
        user.app().delete(&format!("/v3/memories/{id}")).await.ok();
    }
}

#[tokio::test]
async fn earlier_texts_are_kept_as_history() {
    let user = Server::shared().await.user().await;
    let [id] = remember(&user.developer(), ["Ana rows"]).await;
    let path = format!("/v1/dev/user/memories/{id}");
    user.developer().patch(&path, json!({ "content": "Ana sails" })).await.ok();
    user.mcp().patch(&format!("/v1/mcp/memories/{id}"), json!({ "value": "Ana dives" })).await.ok();
    let history = user.developer().get(&format!("{path}/history")).await.ok();
    assert_eq!(column(&history, "content"), ["Ana sails", "Ana rows"], "newest first");
    assert_eq!(field_names(&history[0]), ["content", "replaced_at", "replaced_by"]);
    let by =
        |place: usize| (history[place]["replaced_by"]["face"].clone(), history[place]["replaced_by"]["key_id"].clone());
    assert_eq!(by(0), (json!("mcp"), json!(user.mcp_key_id)));
    assert_eq!(by(1), (json!("developer"), json!(user.developer_key_id)));
    assert!(history[0]["replaced_at"].as_str() > history[1]["replaced_at"].as_str());
    assert_eq!(user.app().get(&format!("/v3/memories/{id}/history")).await.ok(), history);
    user.app().delete(&format!("/v3/memories/{id}")).await.ok();
    let again = remember(&user.developer(), ["Ana rows"]).await;
    assert_eq!(again, [id]);
    assert_eq!(user.developer().get(&format!("{path}/history")).await.ok(), json!([]), "history goes with its memory");
}

#[tokio::test]
async fn visibility_is_chosen() {
    let user = Server::shared().await.user().await;
    let [id] = remember(&user.developer(), ["Ana rows"]).await;
    let (app, path) = (user.app(), format!("/v3/memories/{id}/visibility"));
    let visibility = async || user.app().get(&format!("/v3/memories/{id}")).await.ok()["visibility"].clone();
    let bare = async |query: &str| app.bare(reqwest::Method::PATCH, &format!("{path}{query}")).await;
    assert_eq!(bare("?value=public").await.ok(), json!({ "status": "ok" }));
    assert_eq!(visibility().await, "public");
    assert_eq!(app.patch(&path, json!({ "value": "private" })).await.ok(), json!({ "status": "ok" }));
    assert_eq!(visibility().await, "private");
    bare("?value=friends").await.refused(400, "Invalid visibility value");
    assert_invalid(&bare("").await, &[("missing", json!(["query", "value"]))]);
    let developer = user.developer();
    let theirs = format!("/v1/dev/user/memories/{id}/visibility");
    let done = developer.patch(&theirs, json!({ "visibility": "public" })).await.ok();
    assert_eq!((done, visibility().await), (json!({ "success": true }), json!("public")));
    assert_invalid(&developer.patch(&theirs, json!({})).await, &[("missing", json!(["body", "visibility"]))]);
    let unknown = app.patch(&path.replace(&id, UNKNOWN_ID), json!({ "value": "public" })).await;
    unknown.refused(404, "Memory not found");
}

#[tokio::test]
async fn rejected_memories_are_gone_from_lists_and_search_until_kept_again() {
    let user = Server::shared().await.user().await;
    let [id, other] = remember(&user.developer(), ["Ana rows on the Danube", "Ben rows on the Rhine"]).await;
    let everywhere = async || {
        let mut found = Vec::<(&str, usize)>::new();
        for (caller, path) in [
            (user.app(), "/v3/memories"),
            (user.app(), "/v3/memories/search?query=Danube%20rows"),
            (user.developer(), "/v1/dev/user/memories"),
            (user.developer(), "/v1/dev/user/memories/vector/search?query=Danube%20rows"),
            (user.mcp(), "/v1/mcp/memories"),
            (user.mcp(), "/v1/mcp/memories/search?query=Danube%20rows"),
        ] {
            let mut rows = caller.get(path).await.ok();
            let rows = if rows.is_array() { rows } else { rows["items"].take() };
            found.push((path, column(&rows, "id").into_iter().filter(|found| *found == id).count()));
        }
        found
    };
    assert!(everywhere().await.iter().all(|(_, count)| *count == 1), "{:?}", everywhere().await);
    let path = format!("/v3/memories/{id}/review");
    let bare = async |query: &str| user.app().bare(reqwest::Method::POST, &format!("{path}{query}")).await;
    assert_eq!(bare("?value=false").await.ok(), json!({ "status": "ok" }));
    assert!(everywhere().await.iter().all(|(_, count)| *count == 0), "{:?}", everywhere().await);
    let rejected = user.app().get(&format!("/v3/memories/{id}")).await.ok();
    assert_eq!((&rejected["user_review"], &rejected["reviewed"]), (&json!(false), &json!(true)));
    let edit = json!({ "content": "Ana rows on the Danube daily" });
    user.developer().patch(&format!("/v1/dev/user/memories/{id}"), edit).await.ok();
    assert!(everywhere().await.iter().all(|(_, count)| *count == 0), "an edit does not bring it back");
    let theirs = format!("/v1/dev/user/memories/{id}/review");
    let done = user.developer().post(&theirs, json!({ "value": true })).await.ok();
    assert_eq!(done, json!({ "success": true }));
    assert!(everywhere().await.iter().all(|(_, count)| *count == 1), "{:?}", everywhere().await);
    assert_invalid(&bare("").await, &[("missing", json!(["query", "value"]))]);
    assert_invalid(&bare("?value=maybe").await, &[("bool_parsing", json!(["query", "value"]))]);
    let unknown = user.app().post(&path.replace(&id, UNKNOWN_ID), json!({ "value": true })).await;
    unknown.refused(404, "Memory not found");
    assert_ne!(user.app().get(&format!("/v3/memories/{other}")).await.ok()["user_review"], Value::Bool(false));
}

#[tokio::test]
async fn a_rejected_text_that_is_added_again_is_wanted_again() {
    let user = Server::shared().await.user().await;
    let [id] = remember(&user.developer(), ["Ana rows"]).await;
    user.app().post(&format!("/v3/memories/{id}/review"), json!({ "value": false })).await.ok();
    assert_eq!(user.app().get("/v3/memories").await.ok(), json!([]));
    assert_eq!(remember(&user.developer(), ["Ana rows"]).await[0], id);
    assert_eq!(column(&user.app().get("/v3/memories").await.ok(), "id"), [id]);
}
