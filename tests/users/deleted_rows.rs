//! What the tables hold of somebody who was deleted: nothing.

use std::collections::HashSet;

use schemas::{chat::Sender, webhook::WebhookKind};
use serde_json::{Value, json};

use super::{
    credentials::list_tools,
    support::{INVALID, closed, session_of, text},
};
use crate::{
    chat::table::say,
    daily_summaries::rest::Talk,
    files::rest::upload,
    oauth::flow::Client,
    support::{
        database::{Glass, Rows, id_of},
        server::{Server, TestUser, apart, indexed},
    },
    webhooks::rest::{ended, raise},
};

const ACCOUNT: &str = "/v1/users/delete-account";

/// Tables in which somebody has rows who has done everything; that they had is what makes their absence tell something.
const LIVED_IN: [&str; 23] = [
    "action_item",
    "action_item_share",
    "audit",
    "chat_file",
    "conversation",
    "daily_summary",
    "folder",
    "goal",
    "identity",
    "key",
    "memory",
    "memory_revision",
    "message",
    "oauth_access",
    "oauth_browser",
    "oauth_grant",
    "oidc_state",
    "person",
    "preferences",
    "segment",
    "session",
    "user",
    "webhook",
];

/// The tables that these rows are in.
fn tables(ids: &[String]) -> HashSet<&str> {
    ids.iter().map(|id| id.split(':').next().unwrap()).collect()
}

/// Shares an action item; gives the link's token.
async fn share(user: &TestUser, description: &str) -> String {
    let app = user.app();
    let item = app.post("/v1/action-items", json!({ "description": description })).await.ok();
    text(&app.post("/v1/action-items/share", json!({ "task_ids": [item["id"]] })).await.ok(), "token")
}

/// Does everything that leaves rows.
async fn live(server: &Server, rows: &Rows, client: &Client, user: &TestUser) {
    let app = user.app();
    let memory = app.post("/v3/memories", json!({ "content": "Ana keeps bees near Graz" })).await.ok();
    user.edit_memory(&text(&memory, "id"), "wasps").await;
    app.post("/v1/users/people", json!({ "name": "Berta" })).await.ok();
    Talk::at("2026-05-07T10:00:00Z", 20, "The falcons of Rosenburg").held(&server.resources, &user.id).await;
    app.post("/v1/users/daily-summary-settings/test", json!({ "date": "2026-05-07" })).await.ok();
    let goal = json!({ "title": "Run to Bled", "goal_type": "numeric", "target_value": 100, "unit": "km" });
    let goal = text(&app.post("/v1/goals", goal).await.ok(), "id");
    app.patch(&format!("/v1/goals/{goal}/progress"), json!({ "current_value": 40 })).await.ok();
    app.post("/v1/folders", json!({ "name": "Cellar talks" })).await.ok();
    upload(&app, &[("lease.md", "# Lease\n\nThe flat in Wieselburg is let for three years.".as_bytes())]).await.ok();
    let question = say(server, user, None, Sender::Human, "Where did we eat the apricot cake?").await;
    app.post("/v2/messages/share", json!({ "message_ids": [question] })).await.ok();
    app.patch("/v1/users/preferences", json!({ "time_zone": "Asia/Thimphu" })).await.ok();
    let hook = json!({ "url": "http://127.0.0.1:9/Weitra" });
    app.post("/v1/users/developer/webhook/memory_created", hook).await.ok();
    raise(&server.resources, &user.id, WebhookKind::MemoryCreated, "Weitra").await;
    ended(user).await;
    client.let_in(user, "memories.read").await;
    client.agreed(user, &client.asked("memories.read")).await;
    session_of(server, user).await;
    let (resources, id) = (server.resources.clone(), user.id.clone());
    let secret = resources::identity::crypto::long_random_secret();
    apart(async move { resources.browser_sessions().sign_in(&secret, &id).await.unwrap() }).await;
    // What comes of signing in elsewhere.
    let id = &user.id;
    rows.sql(&format!("CREATE identity:['https://issuer.example', 'ana'] SET user = '{id}'")).await;
    rows.sql(&format!("CREATE oidc_state SET user = '{id}', expires_at = time::now() + 5m")).await;
    user.developer().get("/v1/dev/user/memories").await.ok();
    user.mcp().get("/v1/mcp/memories").await.ok();
    // Whoever reads the trail has it written down.
    app.get("/v1/users/audit").await.ok();
}

#[tokio::test]
async fn nothing_of_a_deleted_user_is_left_in_any_table_or_in_the_index() {
    let glass = Glass::boot(|_| {}).await;
    let server = &glass.server;
    let (client, ben) = (Client::added(server).await, server.user().await);
    let link = share(&ben, "Buy jars").await;
    indexed(server).await;
    let before: HashSet<String> = glass.rows.all().await.iter().map(id_of).collect();
    let records = server.resources.vectors.count().await.unwrap();

    let ana = server.user().await;
    live(server, &glass.rows, &client, &ana).await;
    ana.app().post("/v1/action-items/accept", json!({ "token": link })).await.ok();
    let hers = share(&ana, "Oil the clarinet").await;
    ben.app().post("/v1/action-items/accept", json!({ "token": hers })).await.ok();
    indexed(server).await;
    let lived_in = glass.rows.with(&ana.id).await;
    for table in LIVED_IN {
        assert!(tables(&lived_in).contains(table), "{table} was not lived in: {lived_in:?}");
    }
    assert!(server.resources.vectors.count().await.unwrap() > records + 1);

    ana.app().delete(ACCOUNT).await.ok();
    indexed(server).await;
    assert_eq!(server.resources.vectors.count().await.unwrap(), records + 1, "what the other has taken over stays");
    let (rows, ben) = (glass.stop().await, ben.id);
    assert_eq!(rows.with(&ana.id).await, Vec::<String>::new());
    let after = rows.all().await;
    let new: Vec<&Value> = after.iter().filter(|row| !before.contains(&id_of(row))).collect();
    assert!(new.iter().all(|row| row.to_string().contains(&ben)), "what is new is the other's: {new:?}");
    let new: Vec<String> = new.into_iter().map(id_of).collect();
    let of_others = tables(&new);
    assert!(of_others.contains("action_item") && !of_others.contains("action_item_acceptance"), "{new:?}");
    let after: HashSet<String> = after.iter().map(id_of).collect();
    let gone: Vec<&String> = before.difference(&after).collect();
    assert!(gone.is_empty(), "nobody else misses anything: {gone:?}");
}

#[tokio::test]
async fn no_count_of_requests_outlives_its_user() {
    let glass = Glass::boot(|config| config.limits.enabled = true).await;
    let ana = glass.server.user().await;
    ana.app().delete("/v3/memories").await.ok();
    ana.developer().get("/v1/dev/user/memories").await.ok();
    ana.app().delete(ACCOUNT).await.ok();
    let rows = glass.stop().await;
    let counted = rows.sql("SELECT * FROM rate_limit").await;
    for secret in [&ana.id, &ana.developer_key_id] {
        assert!(!counted.to_string().contains(secret.as_str()), "{secret}: {counted}");
    }
}

#[tokio::test]
async fn a_deletion_that_a_crash_interrupts_goes_on_at_the_next_start() {
    let glass = Glass::boot(|_| {}).await;
    let (ana, ben) = (glass.server.user().await, glass.server.user().await);
    Talk::at("2026-05-07T10:00:00Z", 20, "The falcons of Rosenburg").held(&glass.server.resources, &ana.id).await;
    // Nobody has come with anything of hers yet, so that nothing is believed of her.
    glass.rows.sql(&format!("UPDATE user SET deleting_at = time::now() WHERE uid = '{}'", ana.id)).await;
    let told = json!({ "code": "account_deletion_in_progress", "status": "deleting", "retryable": false });
    let session = session_of(&glass.server, &ana).await;
    let session = ana.with(&text(&session, "access_token"));
    let answers = [
        ana.app().get("/v3/memories").await,
        session.get("/v3/memories").await,
        ana.app().get("/v1/dev/keys").await,
        ana.developer().get("/v1/dev/user/memories").await,
        ana.mcp().get("/v1/mcp/memories").await,
    ];
    for answer in answers {
        assert_eq!((answer.status, &answer.body["detail"]), (403, &told));
    }
    list_tools(&ana.mcp()).await.refused(403, "This account is being deleted");
    assert_eq!(closed(&glass.server, &ana.token).await, (4005, "This account is being deleted".to_owned()));
    assert!(tables(&glass.rows.with(&ana.id).await).contains("segment"));

    let glass = glass.again().await;
    assert_eq!(glass.rows.with(&ana.id).await, Vec::<String>::new());
    let [ana, ben] = [ana, ben].map(|user| TestUser { url: glass.server.url.clone(), ..user });
    ana.app().get("/v3/memories").await.refused(401, INVALID);
    ben.app().get("/v3/memories").await.ok();
    glass.stop().await;
}
