//! Shared conversations.

use serde_json::{Value, json};

use resources::conversations::ConversationChange;

use super::support::{create_conversation, new_user, store_empty};
use crate::support::server::{Server, TestUser, on_runtime};

#[tokio::test]
async fn a_shared_conversation_is_read_without_signing_in_and_without_its_place() {
    let user = new_user().await;
    let app = user.app();
    let text = json!({ "text": "We met at the lake.", "geolocation": { "latitude": 47.5, "longitude": 13.6 } });
    let id = app.post("/v1/conversations/from-text", text).await.ok()["id"].as_str().unwrap().to_owned();
    let path = format!("/v1/conversations/{id}/shared");
    let everybody = user.with("");
    everybody.get(&path).await.refused(404, "Conversation is private");
    let share = async |value: &str| {
        app.patch(&format!("/v1/conversations/{id}/visibility?value={value}"), json!({})).await.ok();
    };
    share("shared").await;
    let shared = everybody.get(&path).await.ok();
    assert_eq!((&shared["id"], &shared["geolocation"], &shared["people"]), (&json!(id), &Value::Null, &json!([])));
    let listed = async || {
        let all = everybody.get("/v1/public-conversations").await.ok();
        all.as_array().unwrap().iter().any(|conversation| conversation["id"] == id.as_str())
    };
    assert!(!listed().await, "who has no link does not see it");
    share("public").await;
    assert!(listed().await);
    share("private").await;
    everybody.get(&path).await.refused(404, "Conversation is private");
    assert!(!listed().await);
}

#[tokio::test]
async fn a_link_opens_a_private_conversation_until_that_is_set_to_private() {
    let user = new_user().await;
    let app = user.app();
    let id = create_conversation(&app, "2026-05-01T09:00:00Z", &["The ferry was late.", "It always is."]).await;
    let link = app.post(&format!("/v1/conversations/{id}/share"), json!({})).await.ok();
    let token = link["token"].as_str().unwrap();
    let by_link = format!("/v1/conversations/{token}/shared");
    assert_eq!(link["url"], format!("{}{by_link}", user.url));
    let everyone = user.with("");
    let shared = everyone.get(&by_link).await.ok();
    assert_eq!((&shared["id"], &shared["visibility"]), (&json!(token), &json!("private")));
    assert_eq!(shared["transcript_segments"][0]["text"], "The ferry was late.");
    assert!(!shared.to_string().contains(&id), "the id would open it later, when it is shared by its id");
    let by_id = format!("/v1/conversations/{id}/shared");
    everyone.get(&by_id).await.refused(404, "Conversation is private");
    app.patch(&format!("/v1/conversations/{id}/visibility?value=private"), json!({})).await.ok();
    everyone.get(&by_link).await.refused(404, "Conversation is private");
}

#[tokio::test]
async fn what_is_shared_has_no_addresses_and_nothing_that_was_attached() {
    let user = new_user().await;
    let app = user.app();
    let id = create_conversation(&app, "2026-05-01T09:00:00Z", &["The ferry was late.", "It always is."]).await;
    let (resources, owner, of) = (Server::shared().await.resources.clone(), user.id.clone(), id.clone());
    let attach = async move {
        let meeting = json!({ "calendar_meeting_context": { "link": "https://meet.example/secret-room" } });
        let change = ConversationChange { external_data: Some(meeting), ..ConversationChange::default() };
        resources.conversations(&owner).change(&of, change).await.unwrap().unwrap();
    };
    on_runtime(attach).await;
    app.post("/v1/action-items", json!({ "description": "Complain about it", "conversation_id": id })).await.ok();
    app.patch(&format!("/v1/conversations/{id}/visibility?value=public"), json!({})).await.ok();
    let own = app.get(&format!("/v1/conversations/{id}")).await.ok().to_string();
    assert!(own.contains("secret-room") && own.contains("Complain"), "there is something to hide: {own}");
    let shared = user.with("").get(&format!("/v1/conversations/{id}/shared")).await.ok();
    let all = user.with("").get("/v1/public-conversations").await.ok();
    let listed = all.as_array().unwrap().iter().find(|row| row["id"] == id.as_str()).unwrap();
    for seen in [&shared, listed] {
        assert!(!seen.to_string().contains("secret-room") && !seen.to_string().contains("Complain"), "{seen}");
        assert_eq!(seen["structured"]["action_items"], json!([]));
        assert_eq!((&seen["external_data"], &seen["calendar_event"]), (&Value::Null, &Value::Null));
    }
    assert_eq!(listed["transcript_segments"], json!([]), "lists are never null");
}

#[tokio::test]
async fn the_id_of_a_recording_is_the_user_s_own() {
    let (ann, bob) = (new_user().await, new_user().await);
    let record = async |user: &TestUser, text: &str, start: &str| {
        let said = json!([{ "text": text, "start": 0, "end": 4 }]);
        let body = json!({ "transcript_segments": said, "client_session_id": "recording-1", "started_at": start });
        let id = user.app().post("/v1/conversations/from-segments", body).await.ok()["id"].clone();
        let path = format!("/v1/conversations/{}/visibility?value=shared", id.as_str().unwrap());
        user.app().patch(&path, json!({})).await.ok();
        id.as_str().unwrap().to_owned()
    };
    let hers = record(&ann, "The ferry was late again.", "2026-05-01T09:00:00Z").await;
    let his = record(&bob, "Buy from me, it is cheap.", "2026-06-01T09:00:00Z").await;
    assert_ne!(hers, his, "the same name on two clients");
    let shared = ann.with("").get(&format!("/v1/conversations/{hers}/shared")).await.ok();
    assert_eq!(shared["transcript_segments"][0]["text"], "The ferry was late again.");
    let computed = resources::memories::id_of("session\nrecording-1");
    assert!(![hers, his].contains(&computed), "it is more than a hash of the name");
}

#[tokio::test]
async fn a_shared_conversation_is_of_the_one_who_shared_it_first() {
    let (ann, bob) = (new_user().await, new_user().await);
    let id = format!("imported-{}", ann.id);
    for (user, title) in [(&ann, "Hers"), (&bob, "His")] {
        store_empty(user, &id).await;
        user.app().patch(&format!("/v1/conversations/{id}/title?title={title}"), json!({})).await.ok();
        user.app().patch(&format!("/v1/conversations/{id}/visibility?value=shared"), json!({})).await.ok();
    }
    let shared = ann.with("").get(&format!("/v1/conversations/{id}/shared")).await.ok();
    assert_eq!(shared["structured"]["title"], "Hers");
}

#[tokio::test]
async fn a_shared_conversation_names_who_speaks() {
    let app = new_user().await.app();
    let ana = app.post("/v1/users/people", json!({ "name": "Ana" })).await.ok();
    let id = create_conversation(&app, "2026-05-01T09:00:00Z", &["One.", "Two."]).await;
    let path =
        format!("/v1/conversations/{id}/assign-speaker/1?assign_type=person_id&value={}", ana["id"].as_str().unwrap());
    app.patch(&path, json!({})).await.ok();
    app.patch(&format!("/v1/conversations/{id}/visibility?value=shared"), json!({})).await.ok();
    let shared = app.get(&format!("/v1/conversations/{id}/shared")).await.ok();
    assert_eq!(shared["people"], json!([{ "id": "person-1", "name": "Ana" }]), "without the person's id");
    assert_eq!(shared["transcript_segments"][1]["person_id"], "person-1");
    let unknown = app.patch(&format!("/v1/conversations/{id}/visibility?value=nonsense"), json!({})).await;
    assert_eq!(unknown.status, 422);
}
