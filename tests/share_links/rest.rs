//! Share links of all kinds: they expire, are listed and revoked, show what was shared and nothing later, and end with the
//! account.

use chrono::{TimeDelta, Utc};
use resources::share_links::{Creation, NoCopy, SharedRow};
use schemas::{chat::Sender, share_link::ShareLinkKind};
use serde_json::{Value, json};

use crate::{
    chat::table::store_message,
    support::{
        json::{column, field_names},
        server::{Answer, Caller, Server, TestUser, on_runtime},
    },
    users::support::set_access,
};

/// The kinds: where links are listed, and the refusal of one that does not open.
const KINDS: [(&str, &str); 3] = [
    ("conversations", "Conversation is private"),
    ("messages", "Shared messages not found"),
    ("action-items", "Shared action items not found"),
];

/// A user with a row of each kind.
struct Sharer {
    user: TestUser,
    conversation: String,
    message: String,
    action_item: String,
}

impl Sharer {
    async fn create(server: &Server) -> Self {
        let user = server.user().await;
        let said = json!([{ "text": "The lift is being repaired today.", "start": 0, "end": 4 }]);
        let talk =
            user.app().post("/v1/conversations/from-segments", json!({ "transcript_segments": said })).await.ok();
        let message = store_message(server, &user, None, Sender::Human, "Is the lift repaired?").await;
        let item = user.app().post("/v1/action-items", json!({ "description": "Ask about the lift" })).await.ok();
        let text = |value: &Value| value.as_str().unwrap().to_owned();
        Self { conversation: text(&talk["id"]), message: text(&message), action_item: text(&item["id"]), user }
    }

    /// Creates a link of this kind.
    async fn share(&self, kind: &str, expires_at: Value) -> Answer {
        let (path, body) = match kind {
            "conversations" => (format!("/v1/conversations/{}/share", self.conversation), json!({})),
            "messages" => ("/v2/messages/share".to_owned(), json!({ "message_ids": [self.message] })),
            _ => ("/v1/action-items/share".to_owned(), json!({ "task_ids": [self.action_item] })),
        };
        let mut body = body;
        body["expires_at"] = expires_at;
        self.user.app().post(&path, body).await
    }

    /// Opens a link without a credential.
    async fn open(&self, link: &Value) -> Answer {
        let path = link["url"].as_str().unwrap().strip_prefix(&self.user.url).expect("the URL is absolute");
        self.user.with("").get(path).await
    }

    /// A link that has expired already, which the tools create for nobody.
    async fn create_expired(&self, kind: &'static str) -> Value {
        let (resources, user) = (Server::shared().await.resources.clone(), self.user.id.clone());
        let (conversation, message, item) = (self.conversation.clone(), self.message.clone(), self.action_item.clone());
        let past = Some(Utc::now() - TimeDelta::seconds(1));
        let create = async move {
            match kind {
                "conversations" => {
                    let row = SharedRow { id: conversation, copy: NoCopy {} };
                    resources.share_links(&user).create(ShareLinkKind::Conversation, &[row], past).await
                }
                "messages" => resources.messages(&user).share(&[message], past).await,
                _ => resources.action_items(&user).share(&[item], past).await,
            }
        };
        let Creation::Created { token, .. } = on_runtime(create).await.unwrap() else { panic!("it is created") };
        let path = match kind {
            "conversations" => format!("/v1/conversations/{token}/shared"),
            "messages" => format!("/v2/messages/shared/{token}"),
            _ => format!("/v1/action-items/shared/{token}"),
        };
        json!({ "url": format!("{}{path}", self.user.url) })
    }

    async fn list(&self, kind: &str) -> Value {
        self.user.app().get(&format!("/v1/share-links/{kind}")).await.ok()["links"].take()
    }
}

fn revoke(caller: &Caller, kind: &str, link: &Value) -> impl Future<Output = Answer> {
    let (caller, path) = (caller.clone(), format!("/v1/share-links/{kind}/{}", link["id"].as_str().unwrap()));
    async move { caller.delete(&path).await }
}

#[tokio::test]
async fn a_link_is_listed_until_it_is_revoked() {
    let server = Server::shared().await;
    let (ann, bob) = (Sharer::create(server).await, server.user().await);
    for (kind, closed) in KINDS {
        let link = ann.share(kind, Value::Null).await.ok();
        let other = ann.share(kind, Value::Null).await.ok();
        assert_eq!(field_names(&link), ["expires_at", "id", "token", "url"], "{kind}");
        assert_ne!(link["token"], other["token"], "{kind}");
        assert!(link["url"].as_str().unwrap().contains(link["token"].as_str().unwrap()), "{kind}");
        ann.open(&link).await.ok();
        let listed = ann.list(kind).await;
        assert_eq!(field_names(&listed[0]), ["created_at", "expires_at", "id", "item_ids", "kind"], "{kind}");
        assert_eq!(column(&listed, "id"), [other["id"].as_str().unwrap(), link["id"].as_str().unwrap()], "{kind}");
        assert!(!listed.to_string().contains(link["token"].as_str().unwrap()), "{kind}: the token is not shown again");
        revoke(&bob.app(), kind, &link).await.refused(404, "Link not found");
        revoke(&ann.user.app(), kind, &link).await.ok();
        ann.open(&link).await.refused(404, closed);
        ann.open(&other).await.ok();
        revoke(&ann.user.app(), kind, &link).await.refused(404, "Link not found");
        assert_eq!(column(&ann.list(kind).await, "id"), [other["id"].as_str().unwrap()], "{kind}");
    }
}

#[tokio::test]
async fn a_link_of_one_kind_opens_nothing_of_another() {
    let ann = Sharer::create(Server::shared().await).await;
    let link = ann.share("messages", Value::Null).await.ok();
    let token = link["token"].as_str().unwrap();
    let everyone = ann.user.with("");
    everyone.get(&format!("/v1/conversations/{token}/shared")).await.refused(404, "Conversation is private");
    everyone.get(&format!("/v1/action-items/shared/{token}")).await.refused(404, "Shared action items not found");
    revoke(&ann.user.app(), "action-items", &link).await.refused(404, "Link not found");
    ann.open(&link).await.ok();
}

#[tokio::test]
async fn a_link_can_expire() {
    let ann = Sharer::create(Server::shared().await).await;
    for (kind, closed) in KINDS {
        let past = ann.share(kind, json!(Utc::now() - TimeDelta::seconds(1))).await;
        past.refused(422, "expires_at must be in the future");
        let link = ann.create_expired(kind).await;
        ann.open(&link).await.refused(404, closed);
        assert_eq!(ann.list(kind).await, json!([]), "{kind}");
        let later = ann.share(kind, json!(Utc::now() + TimeDelta::days(1))).await.ok();
        assert!(later["expires_at"].is_string(), "{kind}");
        ann.open(&later).await.ok();
    }
}

#[tokio::test]
async fn all_sharing_ends_at_once() {
    let server = Server::shared().await;
    let (ann, ben) = (Sharer::create(server).await, Sharer::create(server).await);
    let (mut hers, mut his) = (Vec::new(), Vec::new());
    for (kind, closed) in KINDS {
        hers.push((ann.share(kind, Value::Null).await.ok(), closed));
        his.push(ben.share(kind, Value::Null).await.ok());
    }
    let path = format!("/v1/conversations/{}/visibility?value=public", ann.conversation);
    ann.user.app().patch(&path, json!({})).await.ok();
    let by_id = format!("/v1/conversations/{}/shared", ann.conversation);
    ann.user.with("").get(&by_id).await.ok();
    let ended = ann.user.app().delete("/v1/share-links").await.ok();
    assert_eq!(ended, json!({ "revoked_links": 3, "private_conversations": 1 }));
    for (link, closed) in &hers {
        ann.open(link).await.refused(404, closed);
    }
    ann.user.with("").get(&by_id).await.refused(404, "Conversation is private");
    for link in &his {
        ben.open(link).await.ok();
    }
}

#[tokio::test]
async fn links_are_closed_while_their_user_is_disabled() {
    let server = Server::shared().await;
    let ann = Sharer::create(server).await;
    let path = format!("/v1/conversations/{}/visibility?value=public", ann.conversation);
    ann.user.app().patch(&path, json!({})).await.ok();
    let by_id = format!("/v1/conversations/{}/shared", ann.conversation);
    let mut links = Vec::new();
    for (kind, closed) in KINDS {
        links.push((ann.share(kind, Value::Null).await.ok(), closed));
    }
    let is_public = async || {
        let all = ann.user.with("").get("/v1/public-conversations").await.ok();
        column(&all, "id").contains(&ann.conversation.as_str())
    };
    assert!(is_public().await);
    set_access(server, &ann.user.id, "disable").await.ok();
    for (link, closed) in &links {
        ann.open(link).await.refused(404, closed);
    }
    ann.user.with("").get(&by_id).await.refused(404, "Conversation is private");
    assert!(!is_public().await);
    set_access(server, &ann.user.id, "enable").await.ok();
    for (link, _) in &links {
        ann.open(link).await.ok();
    }
    ann.user.with("").get(&by_id).await.ok();
    assert!(is_public().await);
}

#[tokio::test]
async fn a_link_shows_what_was_shared_and_loses_what_is_deleted() {
    let ann = Sharer::create(Server::shared().await).await;
    let app = ann.user.app();
    let link = ann.share("action-items", Value::Null).await.ok();
    let path = format!("/v1/action-items/{}", ann.action_item);
    app.patch(&path, json!({ "description": "The secret of the lift", "due_at": "2031-05-08T10:00:00Z" })).await.ok();
    let tasks = json!([{ "description": "Ask about the lift", "due_at": null }]);
    assert_eq!(ann.open(&link).await.ok()["tasks"], tasks);
    assert_eq!(app.delete(&path).await.status, 204);
    ann.open(&link).await.refused(404, "Shared action items not found");
    assert_eq!(ann.list("action-items").await, json!([]), "a link without anything to show is gone");
    let link = ann.share("conversations", Value::Null).await.ok();
    app.delete(&format!("/v1/conversations/{}", ann.conversation)).await;
    ann.open(&link).await.refused(404, "Conversation is private");
    assert_eq!(ann.list("conversations").await, json!([]));
}

#[tokio::test]
async fn keys_manage_links_within_their_scopes() {
    let ann = Sharer::create(Server::shared().await).await;
    let developer = ann.user.developer();
    let path = format!("/v1/dev/user/conversations/{}/share", ann.conversation);
    let link = developer.post(&path, json!({})).await.ok();
    let listed = developer.get("/v1/dev/user/share-links/conversations").await.ok();
    assert_eq!(listed["links"][0]["item_ids"], json!([ann.conversation]));
    assert_eq!(listed["links"][0]["kind"], "conversation");
    let scopes = json!(["conversations:write", "action_items:read"]);
    let narrow = ann.user.app().post("/v1/dev/keys", json!({ "name": "narrow", "scopes": scopes })).await.ok();
    let narrow = ann.user.with(narrow["key"].as_str().unwrap());
    let sentence = "Insufficient permissions. Required scope: conversations:read";
    narrow.post(&path, json!({})).await.refused(403, sentence);
    narrow.get("/v1/dev/user/share-links/conversations").await.refused(403, sentence);
    let path = format!("/v1/dev/user/share-links/conversations/{}", link["id"].as_str().unwrap());
    assert_eq!(narrow.delete(&path).await.ok(), json!({ "success": true }));
    ann.open(&link).await.refused(404, "Conversation is private");
}
