//! The answer stream of the chat as Omi clients read it, and answers without a model.

use serde_json::{Value, json};

use super::support::{Answered, ask};
use crate::support::server::{Answer, Server, wait_until_indexed};

#[tokio::test]
async fn the_best_memories_are_quoted_dated_and_cited() {
    let server = Server::shared().await;
    let user = server.user().await;
    let facts =
        ["Mira was born in Porto on a Sunday", "The Volkswagen needs new tyres", "Plum dumplings use cottage cheese"];
    let mut ids = Vec::new();
    for fact in facts {
        ids.push(user.app().post("/v3/memories", json!({ "content": fact })).await.ok()["id"].clone());
    }
    wait_until_indexed(server).await;
    let answered = ask(&user, json!({ "text": "In which city was Mira born?" })).await;
    assert_eq!(answered.thoughts, ["Searching memories"]);
    let today = chrono::Utc::now().format("%-d %B %Y").to_string();
    for part in [facts[0], &today, "[1]", "No language model is configured"] {
        assert!(answered.text.contains(part), "{part:?} is missing: {}", answered.text);
    }
    assert!(answered.text.lines().count() > 2, "line breaks survive the stream");
    let done = &answered.done;
    assert_eq!(done["citations"][0]["id"], ids[0], "the best comes first");
    assert_eq!((&done["citations"][0]["quote"], &done["citations"][0]["kind"]), (&json!(facts[0]), &json!("memory")));
    assert!(!done["text"].as_str().unwrap().contains("[1]"), "the stored text has no markers");
    assert_eq!((&done["sender"], &done["type"], &done["ask_for_nps"]), (&json!("ai"), &json!("text"), &json!(false)));
    assert_eq!((&done["memories"], &done["memories_id"]), (&json!([]), &json!([])));
}

#[tokio::test]
async fn an_empty_result_is_reported() {
    let user = Server::shared().await.user().await;
    let answered = ask(&user, json!({ "text": "Where do I live?" })).await;
    assert!(answered.text.contains("found nothing"), "{}", answered.text);
    assert!(answered.text.contains("No language model is configured"), "{}", answered.text);
    assert_eq!(answered.done["citations"], json!([]));
}

#[tokio::test]
async fn the_app_that_is_asked_is_named_in_the_answer() {
    let user = Server::shared().await.user().await;
    for (query, app) in [
        ("", Value::Null),
        ("?app_id=null", Value::Null),
        ("?app_id=", Value::Null),
        ("?plugin_id=coach", json!("coach")),
    ] {
        let answer = user.app().post(&format!("/v2/messages{query}"), json!({ "text": "Who am I?" })).await.ok();
        let done = Answered::read(answer.as_str().unwrap()).done;
        assert_eq!((&done["app_id"], &done["plugin_id"]), (&app, &app), "{query}");
    }
}

#[tokio::test]
async fn questions_are_refused_as_everything_is() {
    let user = Server::shared().await.user().await;
    let nobody = Answer::to(user.http.post(format!("{}/v2/messages", user.url)).json(&json!({ "text": "x" }))).await;
    nobody.refused(401, "Authorization header not found");
    user.developer().post("/v2/messages", json!({ "text": "x" })).await.refused(
        401,
        "Invalid authorization token: a key that starts with omi_dev_ works on /v1/dev/user and /v1/dev/key",
    );
    let text = json!(["body", "text"]);
    let cases = [
        (json!({}), "missing"),
        (json!({ "text": "" }), "string_too_short"),
        (json!({ "text": 5 }), "string_type"),
        (json!({ "text": "x".repeat(20_001) }), "string_too_long"),
    ];
    for (body, kind) in cases {
        let answer = user.app().post("/v2/messages", body).await;
        assert_eq!(answer.status, 422);
        assert_eq!((&answer.body["detail"][0]["type"], &answer.body["detail"][0]["loc"]), (&json!(kind), &text));
    }
    for body in ["{", "[]", ""] {
        let request = user.app().request(reqwest::Method::POST, "/v2/messages").body(body);
        assert_eq!(Answer::to(request).await.status, 422, "{body:?}");
    }
}
