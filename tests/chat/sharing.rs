//! Sharing messages by a link.

use serde_json::json;

use super::{
    messages::{LIST, NOT_FOUND, store_messages},
    table::store_message,
};
use crate::support::{
    json::{assert_invalid, column, field_names},
    server::Server,
};

const SHARE: &str = "/v2/messages/share";
const LINK_NOT_FOUND: &str = "Shared messages not found";

#[tokio::test]
async fn a_link_is_public() {
    let server = Server::shared().await;
    let (ann, bob) = (server.user().await, server.user().await);
    let [asked, answered, _] = store_messages(server, &ann, ["Who keeps bees?", "Ana.", "Thanks"]).await;
    let link = ann.app().post(SHARE, json!({ "message_ids": [asked, answered, asked] })).await.ok();
    assert_eq!(field_names(&link), ["expires_at", "id", "token", "url"]);
    let url = format!("/v2/messages/shared/{}", link["token"].as_str().unwrap());
    assert_eq!(link["url"], format!("{}{url}", server.url));
    for reader in [bob.with(""), bob.app(), ann.app()] {
        let seen = reader.get(&url).await.ok();
        assert_eq!(field_names(&seen), ["count", "messages", "sender_name"]);
        assert_eq!(json!([seen["count"], seen["sender_name"]]), json!([2, "somebody"]));
        assert_eq!(field_names(&seen["messages"][0]), ["created_at", "id", "sender", "text"]);
        assert_eq!(column(&seen["messages"], "text"), ["Who keeps bees?", "Ana."]);
        assert_eq!(column(&seen["messages"], "sender"), ["human", "ai"]);
    }
}

#[tokio::test]
async fn links_lead_only_where_they_should() {
    let server = Server::shared().await;
    let (ann, bob) = (server.user().await, server.user().await);
    let [id] = store_messages(server, &ann, ["mine"]).await;
    bob.app().post(SHARE, json!({ "message_ids": [id] })).await.refused(404, NOT_FOUND);
    ann.app().post(SHARE, json!({ "message_ids": [id, "unknown"] })).await.refused(404, NOT_FOUND);
    let place = json!(["body", "message_ids"]);
    assert_invalid(&ann.app().post(SHARE, json!({ "message_ids": [] })).await, &[("too_short", place.clone())]);
    let many = ann.app().post(SHARE, json!({ "message_ids": vec![&id; 101] })).await;
    assert_invalid(&many, &[("too_long", place.clone())]);
    assert_invalid(&ann.app().post(SHARE, json!({})).await, &[("missing", place)]);
    bob.with("").get("/v2/messages/shared/unknown").await.refused(404, LINK_NOT_FOUND);
}

#[tokio::test]
async fn cleared_messages_are_no_longer_shared() {
    let server = Server::shared().await;
    let (ann, bob) = (server.user().await, server.user().await);
    let [plain] = store_messages(server, &ann, ["in the chat"]).await;
    let coached = store_message(server, &ann, Some("coach"), schemas::chat::Sender::Ai, "with the coach").await;
    let share = async |ids| {
        let link = ann.app().post(SHARE, json!({ "message_ids": ids })).await.ok();
        format!("/v2/messages/shared/{}", link["token"].as_str().unwrap())
    };
    let (one, both) = (share(json!([plain])).await, share(json!([plain, coached])).await);
    store_messages(server, &bob, ["Bob's"]).await;
    bob.app().delete(LIST).await.ok();
    assert_eq!(bob.with("").get(&both).await.ok()["count"], 2);
    ann.app().delete(LIST).await.ok();
    bob.with("").get(&one).await.refused(404, LINK_NOT_FOUND);
    assert_eq!(column(&bob.with("").get(&both).await.ok()["messages"], "text"), ["with the coach"]);
    ann.app().delete("/v2/messages?app_id=coach").await.ok();
    bob.with("").get(&both).await.refused(404, LINK_NOT_FOUND);
}
