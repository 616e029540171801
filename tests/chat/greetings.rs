//! Greetings: by the hour, and by a scripted model.

use futures::future::join_all;
use reqwest::Method;
use serde_json::{Value, json};

use super::{
    messages::{LIST, MESSAGE, store_messages},
    table::store_message,
};
use crate::support::{
    json::{column, field_names},
    model::Act,
    scripted::ServerWithModel,
    server::{Server, TestUser},
};
use schemas::chat::Sender::Ai;

/// How a greeting ends without a model.
const UNAIDED: &str = ", somebody. Ask me about anything that is in your memory. \
    No language model is configured, so I answer with the passages that fit best.";

/// How it ends when the model fails.
const FAILED: &str = ", somebody. Ask me about anything that is in your memory.";

async fn greet(user: &TestUser, path: &str) -> Value {
    user.app().bare(Method::POST, path).await.ok()
}

#[track_caller]
fn is_greeting(message: &Value, end: &str) {
    assert_eq!(field_names(message), MESSAGE);
    assert_eq!(message["sender"], "ai");
    let text = message["text"].as_str().unwrap();
    let part = text.strip_suffix(end).unwrap_or_else(|| panic!("{text}"));
    assert!(["Good morning", "Good afternoon", "Good evening"].contains(&part), "{text}");
}

#[tokio::test]
async fn an_empty_chat_is_greeted_once() {
    let user = Server::shared().await.user().await;
    let app = user.app();
    let lists: Vec<Value> = join_all((0..4).map(|_| app.get(LIST))).await.into_iter().map(|list| list.ok()).collect();
    is_greeting(&lists[0][0], UNAIDED);
    assert_eq!(lists[0].as_array().unwrap().len(), 1);
    assert!(lists.iter().all(|list| list == &lists[0]), "of several greetings at once one stays: {lists:?}");
    assert_eq!(app.get(LIST).await.ok(), lists[0]);
    assert_eq!(app.get("/v2/messages?offset=1").await.ok(), json!([]));
    let coached = app.get("/v2/messages?app_id=coach").await.ok();
    assert_eq!(json!([coached[0]["app_id"], coached[0]["plugin_id"]]), json!(["coach", "coach"]));
    assert_ne!(coached[0]["id"], lists[0][0]["id"]);
}

#[tokio::test]
async fn a_greeting_can_be_asked_for() {
    let server = Server::shared().await;
    let user = server.user().await;
    store_messages(server, &user, ["Who keeps bees?"]).await;
    for path in ["/v2/initial-message", "/v1/initial-message?app_id=null"] {
        let greeting = greet(&user, path).await;
        is_greeting(&greeting, UNAIDED);
        assert_eq!(user.app().get(LIST).await.ok()[0], greeting, "it is kept");
    }
    assert_eq!(user.app().get(LIST).await.ok().as_array().unwrap().len(), 3);
    for path in ["/v2/initial-message?app_id=coach", "/v1/initial-message?plugin_id=coach"] {
        let greeting = greet(&user, path).await;
        assert_eq!(greeting["app_id"], "coach");
        assert_eq!(user.app().get("/v2/messages?app_id=coach").await.ok()[0], greeting);
    }
}

#[tokio::test]
async fn a_cleared_chat_begins_anew() {
    let server = Server::shared().await;
    let (user, other) = (server.user().await, server.user().await);
    for path in [LIST, "/v1/messages?plugin_id=null"] {
        store_messages(server, &user, ["a", "b"]).await;
        let fresh = user.app().delete(path).await.ok();
        is_greeting(&fresh, UNAIDED);
        assert_eq!(user.app().get(LIST).await.ok(), json!([fresh]));
    }
    store_message(server, &user, Some("coach"), Ai, "Run!").await;
    store_messages(server, &other, ["Hello"]).await;
    user.app().delete(LIST).await.ok();
    assert_eq!(column(&user.app().get("/v2/messages?app_id=coach").await.ok(), "text"), ["Run!"]);
    assert_eq!(column(&other.app().get(LIST).await.ok(), "text"), ["Hello"]);
    let fresh = user.app().delete("/v2/messages?app_id=coach").await.ok();
    assert_eq!(user.app().get("/v2/messages?app_id=coach").await.ok(), json!([fresh]));
}

#[tokio::test]
async fn a_model_greets_in_its_own_words() {
    let setup = ServerWithModel::shared().await;
    let user = setup.server.user().await;
    let texts = ["zero", "one", "two", "three", "Where are the swifts nesting?", "Under the eaves."];
    store_messages(&setup.server, &user, texts).await;
    user.app().patch("/v1/users/preferences", json!({ "time_zone": "Asia/Tokyo" })).await.ok();
    setup.model.script("swifts nesting", [Act::Say(&[r#"{"greeting": " Hello again! "#, r#"How are the swifts?"}"#])]);
    let greeting = greet(&user, "/v2/initial-message").await;
    assert_eq!(greeting["text"], "Hello again! How are the swifts?");
    assert_eq!(user.app().get(LIST).await.ok()[0], greeting);
    let requests = setup.model.requests("swifts nesting");
    let prompt: Value = serde_json::from_str(requests[0]["messages"][1]["content"].as_str().unwrap()).unwrap();
    assert_eq!(prompt["name"], "somebody");
    assert_eq!(column(&prompt["earlier_messages"], "text"), texts[1..], "the last five");
    let now = chrono::Utc::now() + chrono::TimeDelta::hours(9);
    assert!(prompt["now"].as_str().unwrap().contains(&now.format("%B %Y").to_string()), "{}", prompt["now"]);
}

#[tokio::test]
async fn a_failed_model_is_replaced_by_the_plain_greeting() {
    let setup = ServerWithModel::boot(|config| config.model.timeout_seconds = 1).await;
    let ServerWithModel { server, model, folder: _folder } = setup;
    let acts = [
        ("gull", Act::Fail(400)),
        ("heron", Act::Stall(r#"{"greeting": "#)),
        ("stork", Act::Say(&["Hello!"])),
        ("crane", Act::Say(&[r#"{"greeting": " "}"#])),
    ];
    let greetings = acts.into_iter().map(async |(app, act)| {
        let user = server.user().await;
        model.script(app, [act]);
        let path = format!("/v2/messages?app_id={app}");
        let greeted = user.app().get(&path).await.ok();
        is_greeting(&greeted[0], FAILED);
        assert_eq!(user.app().get(&path).await.ok(), greeted);
        is_greeting(&greet(&user, &format!("/v1/initial-message?app_id={app}")).await, FAILED);
    });
    join_all(greetings).await;
    server.stop().await;
}

#[tokio::test]
async fn greetings_by_the_model_are_limited_for_each_user() {
    let setup = ServerWithModel::boot(|config| {
        config.limits.enabled = true;
        config.limits.overrides = vec!["chat:initial=1".into()];
    })
    .await;
    let ServerWithModel { server, model, folder: _folder } = setup;
    let user = server.user().await;
    for app in ["plover", "curlew"] {
        model.script(app, [Act::Say(&[r#"{"greeting": "Hello from the marsh!"}"#])]);
    }
    let greeted = async |app: &str| user.app().get(&format!("/v2/messages?app_id={app}")).await.ok()[0].take();
    assert_eq!(greeted("plover").await["text"], "Hello from the marsh!");
    is_greeting(&greeted("curlew").await, FAILED);
    assert!(model.requests("curlew").is_empty(), "the model is not asked");
    server.stop().await;
}
