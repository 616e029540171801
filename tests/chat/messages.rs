//! The messages of a chat: listed, cleared, greeted, rated, reported and shared.

use schemas::chat::Sender::{Ai, Human};
use serde_json::{Value, json};
use tempfile::TempDir;

use super::table::store_message;
use crate::{
    daily_summaries::rest::TestConversation,
    support::{
        calls::over_mcp,
        json::{assert_invalid, column, field_names},
        server::{Server, TestUser, on_runtime},
    },
};

pub(crate) const LIST: &str = "/v2/messages";

pub(crate) const NOT_FOUND: &str = "Message not found";

/// The fields of a message: the contract's, and ours.
pub(crate) const MESSAGE: &[&str] = &[
    "app_id",
    "changes",
    "chart_data",
    "chat_session_id",
    "citations",
    "created_at",
    "files",
    "files_id",
    "from_external_integration",
    "id",
    "memories",
    "memories_id",
    "plugin_id",
    "proposals",
    "rating",
    "report_reason",
    "reported",
    "sender",
    "status",
    "text",
    "type",
];

/// Stores these texts in the user's chat, in turns, the user's first; gives their ids.
pub(crate) async fn store_messages<const N: usize>(server: &Server, user: &TestUser, texts: [&str; N]) -> [String; N] {
    let mut ids = Vec::new();
    for (place, text) in texts.into_iter().enumerate() {
        let id = store_message(server, user, None, if place % 2 == 0 { Human } else { Ai }, text).await;
        ids.push(id.as_str().unwrap().to_owned());
    }
    ids.try_into().unwrap()
}

#[tokio::test]
async fn messages_come_newest_first_by_session() {
    let server = Server::shared().await;
    let user = server.user().await;
    let [asked, answered] = store_messages(server, &user, ["Who keeps bees?", "Ana."]).await;
    store_message(server, &user, Some("coach"), Ai, "Run!").await;
    let app = user.app();
    let messages = app.get(LIST).await.ok();
    assert_eq!(column(&messages, "id"), [&answered, &asked]);
    assert_eq!(field_names(&messages[0]), MESSAGE);
    let greeting = &messages[0];
    assert_eq!(json!([greeting["sender"], greeting["type"], greeting["app_id"]]), json!(["ai", "text", null]));
    let session = greeting["chat_session_id"].as_str().unwrap();
    assert_eq!(messages[1]["chat_session_id"], session);
    assert!(!session.contains(&user.id));
    for query in ["app_id=null", "app_id=", "plugin_id=null", "app_id=null&plugin_id="] {
        assert_eq!(app.get(&format!("{LIST}?{query}")).await.ok(), messages, "{query}");
    }
    for query in ["app_id=coach", "plugin_id=coach"] {
        let coached = app.get(&format!("{LIST}?{query}")).await.ok();
        assert_eq!(column(&coached, "text"), ["Run!"]);
        assert_eq!(json!([coached[0]["app_id"], coached[0]["plugin_id"]]), json!(["coach", "coach"]));
        assert_ne!(coached[0]["chat_session_id"], session);
    }
    let other = server.user().await;
    store_messages(server, &other, ["Hello"]).await;
    assert_ne!(other.app().get(LIST).await.ok()[0]["chat_session_id"], session);
}

#[tokio::test]
async fn the_app_sees_a_hundred_and_bridges_read_on() {
    let server = Server::shared().await;
    let user = server.user().await;
    for place in 0..205 {
        store_message(server, &user, None, Human, &format!("{place}")).await;
    }
    let seen = async |path: &str| {
        let rows = user.app().get(path).await.ok();
        (rows.as_array().unwrap().len(), rows[0]["text"].as_str().unwrap().to_owned())
    };
    assert_eq!(seen(LIST).await, (100, "204".into()));
    assert_eq!(seen("/v2/messages?limit=3&offset=5").await, (3, "199".into()));
    let bridged = async |query: &str| {
        let answer = user.mcp().get(&format!("/v1/mcp/chat{query}")).await;
        let cursor = answer.header("X-Next-Cursor").to_owned();
        let messages = answer.ok();
        assert_eq!(field_names(&messages[0]), ["created_at", "id", "sender", "text", "type"]);
        let texts = column(&messages, "text").into_iter().map(str::to_owned).collect::<Vec<_>>();
        ((texts.len(), texts[0].clone(), texts[texts.len() - 1].clone()), cursor)
    };
    assert_eq!(bridged("").await.0, (50, "204".into(), "155".into()));
    let (page, cursor) = bridged("?limit=999").await;
    assert_eq!(page, (200, "204".into(), "5".into()));
    let rest = (5, "4".into(), "0".into());
    assert_eq!(bridged(&format!("?limit=999&cursor={cursor}")).await, (rest.clone(), String::new()));
    assert_eq!(bridged("?limit=200&offset=200").await, (rest, String::new()));
    let other = server.user().await;
    other.mcp().get(&format!("/v1/mcp/chat?cursor={cursor}")).await.refused(400, "Invalid cursor");
    let of_coach = format!("/v1/mcp/chat?app_id=coach&cursor={cursor}");
    user.mcp().get(&of_coach).await.refused(400, "Invalid cursor");
    let both = format!("/v1/mcp/chat?offset=1&cursor={cursor}");
    user.mcp().get(&both).await.refused(400, "cursor and offset cannot be used together");
}

#[tokio::test]
async fn reading_with_a_key_writes_no_greeting() {
    let user = Server::shared().await.user().await;
    assert_eq!(user.mcp().get("/v1/mcp/chat").await.ok(), json!([]));
    let arguments = json!({ "when_empty": "greet" });
    let call = json!({ "name": "get_chat_messages", "arguments": arguments });
    let answer = over_mcp(&user, "tools/call", call).await.unwrap();
    assert_eq!(answer["structuredContent"], json!({ "messages": [] }));
    assert_eq!(user.mcp().get("/v1/mcp/chat").await.ok(), json!([]));
    let whose = "a key that starts with omi_dev_ works on /v1/dev/user and /v1/dev/key";
    user.developer().get(LIST).await.refused(401, &format!("Invalid authorization token: {whose}"));
}

#[tokio::test]
async fn citations_have_current_titles() {
    let server = Server::shared().await;
    let user = server.user().await;
    let mut cited = Vec::new();
    for title in ["Bees", "Oboes", "Bread", "Trains", "Tyres", "Plums"] {
        cited.push(TestConversation::at("2026-05-07T10:00:00Z", 5, title).store(&server.resources, &user.id).await.id);
    }
    let (resources, id, memories_id) = (server.resources.clone(), user.id.clone(), cited.clone());
    on_runtime(async move {
        let text = "All of them.".to_owned();
        let new = schemas::chat::Message::new(resources::new_id(), resources::now(), Ai, text);
        let message = schemas::chat::Message { memories_id, ..new };
        resources.messages(&id).save(&message).await.unwrap();
    })
    .await;
    let titles = async || {
        let message = user.app().get(LIST).await.ok()[0].take();
        assert_eq!(message["memories_id"], json!(cited));
        let memories = message["memories"].as_array().unwrap().clone();
        assert_eq!(field_names(&memories[0]), ["created_at", "id", "structured"]);
        assert_eq!(field_names(&memories[0]["structured"]), ["emoji", "title"]);
        let title = |shown: &Value| shown["structured"]["title"].as_str().unwrap().to_owned();
        memories.iter().map(title).collect::<Vec<_>>()
    };
    assert_eq!(titles().await, ["Bees", "Oboes", "Bread", "Trains", "Tyres"], "at most five are shown");
    let rename = format!("/v1/dev/user/conversations/{}", cited[0]);
    user.developer().patch(&rename, json!({ "title": "Wasps" })).await.ok();
    user.developer().delete(&format!("/v1/dev/user/conversations/{}", cited[1])).await.ok();
    assert_eq!(titles().await, ["Wasps", "Bread", "Trains", "Tyres", "Plums"]);
}

#[tokio::test]
async fn an_answer_is_reported_once() {
    let server = Server::shared().await;
    let user = server.user().await;
    let [asked, answered, _, other] = store_messages(server, &user, ["a", "b", "c", "d"]).await;
    let app = user.app();
    let report = async |path: String| app.bare(reqwest::Method::POST, &path).await;
    let done = json!({ "message": "Message reported" });
    assert_eq!(report(format!("/v2/messages/{answered}/report")).await.ok(), done);
    let again = report(format!("/v1/messages/{answered}/report")).await;
    again.refused(400, "This message has been reported already");
    report(format!("/v2/messages/{asked}/report")).await.refused(400, "Only answers can be reported");
    report("/v2/messages/unknown/report".into()).await.refused(404, NOT_FOUND);
    assert_eq!(report(format!("/v1/messages/{other}/report")).await.ok(), done);
    let messages = app.get(LIST).await.ok();
    let reported: Vec<_> = messages.as_array().unwrap().iter().map(|message| &message["reported"]).collect();
    assert_eq!(reported, [true, false, true, false]);
}

#[tokio::test]
async fn an_answer_is_rated_and_the_rating_taken_back() {
    let server = Server::shared().await;
    let user = server.user().await;
    let [_, answered] = store_messages(server, &user, ["a", "b"]).await;
    let (app, path) = (user.app(), format!("/v2/messages/{answered}/rating"));
    for rating in [json!(1), json!(-1), Value::Null] {
        assert_eq!(app.patch(&path, json!({ "rating": rating })).await.ok(), json!({ "status": "ok" }));
        assert_eq!(app.get(LIST).await.ok()[0]["rating"], rating);
    }
    app.patch("/v2/messages/unknown/rating", json!({ "rating": 1 })).await.refused(404, NOT_FOUND);
    let rating = json!(["body", "rating"]);
    for (given, kind) in [(json!(0), "enum"), (json!(2), "enum"), (json!(true), "int_type"), (json!("1"), "int_type")] {
        let answer = app.patch(&path, json!({ "rating": given })).await;
        assert_eq!((answer.status, &answer.body["detail"][0]["loc"]), (422, &rating), "{given}: {kind}");
    }
    assert_invalid(&app.patch(&path, json!({})).await, &[("missing", rating)]);
}

#[tokio::test]
async fn messages_survive_a_restart() {
    let folder = TempDir::new().unwrap();
    let server = Server::boot(folder.path(), |_| {}).await;
    let user = server.user().await;
    store_messages(&server, &user, ["Who keeps bees?", "Ana."]).await;
    let before = user.app().get(LIST).await.ok();
    server.stop().await;
    let server = Server::boot(folder.path(), |_| {}).await;
    let user = TestUser { url: server.url.clone(), ..user };
    assert_eq!(user.app().get(LIST).await.ok(), before);
    server.stop().await;
}
