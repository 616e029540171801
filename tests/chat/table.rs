//! A question and its answer, another answer of an app's, and a link to the first one.

use resources::messages::Messages;
use schemas::chat::{Message, Sender};
use serde_json::{Value, json};

use crate::support::{
    server::{Server, TestUser, on_runtime},
    tables::{
        Expected::{self, NotFound, NothingForeign},
        Noun,
    },
};

const GONE: Expected = NotFound("Message not found");
const NO_LINK: Expected = NotFound("Shared messages not found");

pub(crate) const NOUN: Noun = Noun {
    seed: |user| Box::pin(seed(user)),
    calls,
    attempts,
    owned_paths: |seed| {
        let shared = format!("/v2/messages/shared/{}", seed["token"].as_str().unwrap());
        vec!["/v2/messages".into(), "/v2/messages?app_id=coach".into(), shared]
    },
    secrets: &["apricot cake", "Spitz", "rowing"],
    volatile: &["id", "token", "url", "chat_session_id", "item_ids"],
};

/// Stores a message in a chat of the user's; gives its id.
pub(crate) async fn store_message(
    server: &Server,
    user: &TestUser,
    app: Option<&str>,
    sender: Sender,
    text: &str,
) -> Value {
    let new = Message::new(resources::new_id(), resources::now(), sender, text.into());
    let app_id = app.map(str::to_owned);
    let message = Message { plugin_id: app_id.clone(), app_id, ..new };
    let (resources, user) = (server.resources.clone(), user.id.clone());
    let keep = async move {
        let messages: Messages<'_> = resources.messages(&user);
        messages.save(&message).await.unwrap().id
    };
    on_runtime(keep).await.into()
}

async fn seed(user: &TestUser) -> Value {
    let server = Server::shared().await;
    let question = store_message(server, user, None, Sender::Human, "Where did we eat the apricot cake?").await;
    let answer = store_message(server, user, None, Sender::Ai, "In Spitz, by the ferry.").await;
    let coached = store_message(server, user, Some("coach"), Sender::Ai, "Go rowing.").await;
    let ids = json!({ "message_ids": [question] });
    let link = user.app().post("/v2/messages/share", ids).await.ok();
    json!({
        "question": question, "answer": answer, "coached": coached, "token": link["token"], "message_link": link["id"],
    })
}

fn calls(seed: &Value) -> Vec<(&'static str, Value)> {
    let (question, answer, coached) = (&seed["question"], &seed["answer"], &seed["coached"]);
    vec![
        ("get_chat_messages", json!({ "limit": 5, "offset": 0 })),
        ("get_chat_messages", json!({ "limit": 1, "offset": 1 })),
        ("get_chat_messages", json!({ "limit": 5, "offset": 0, "app_id": "coach" })),
        ("clear_chat", json!({})),
        ("clear_chat", json!({ "app_id": "coach" })),
        ("create_initial_message", json!({})),
        ("create_initial_message", json!({ "app_id": "coach" })),
        ("report_message", json!({ "message_id": answer })),
        ("report_message", json!({ "message_id": question })),
        ("report_message", json!({ "message_id": "unknown" })),
        ("rate_message", json!({ "message_id": answer, "rating": -1 })),
        ("rate_message", json!({ "message_id": coached, "rating": null })),
        ("rate_message", json!({ "message_id": "unknown", "rating": 1 })),
        ("share_messages", json!({ "message_ids": [answer, question] })),
        ("share_messages", json!({ "message_ids": ["unknown"] })),
        ("get_shared_messages", json!({ "token": seed["token"] })),
        ("get_shared_messages", json!({ "token": "unknown" })),
        ("get_message_links", json!({})),
        ("revoke_message_link", json!({ "link_id": seed["message_link"] })),
        ("revoke_message_link", json!({ "link_id": "unknown" })),
    ]
}

fn attempts(seed: &Value) -> Vec<(&'static str, Value, Expected)> {
    let id = &seed["answer"];
    vec![
        ("get_chat_messages", json!({ "limit": 100 }), NothingForeign),
        ("get_chat_messages", json!({ "limit": 100, "app_id": "coach" }), NothingForeign),
        ("clear_chat", json!({}), NothingForeign),
        ("clear_chat", json!({ "app_id": "coach" }), NothingForeign),
        ("create_initial_message", json!({}), NothingForeign),
        ("report_message", json!({ "message_id": id }), GONE),
        ("rate_message", json!({ "message_id": id, "rating": -1 }), GONE),
        ("share_messages", json!({ "message_ids": [id] }), GONE),
        ("get_shared_messages", json!({ "token": "unknown" }), NO_LINK),
        ("get_message_links", json!({}), NothingForeign),
        ("revoke_message_link", json!({ "link_id": seed["message_link"] }), NotFound("Link not found")),
    ]
}
