//! A deleted user leaves no row in any table.

use std::collections::HashSet;

use schemas::{chat::Sender, webhook::WebhookKind};
use serde_json::{Value, json};

use super::{
    credentials::list_tools,
    support::{INVALID, begin_session, close_frame, text},
};
use crate::{
    chat::table::store_message,
    daily_summaries::rest::TestConversation,
    files::rest::upload,
    oauth::flow::OAuthClient,
    support::{
        database::{Database, ServerWithDatabase, id_of},
        server::{Server, TestUser, on_runtime, wait_until_indexed},
    },
    webhooks::rest::{raise_event, wait_for_deliveries},
};

const ACCOUNT: &str = "/v1/users/delete-account";

/// Tables in which an active user has rows: only their presence before makes their absence meaningful.
const USED_TABLES: [&str; 23] = [
    "action_item",
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
    "share_link",
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

/// Does everything that writes rows.
async fn use_everything(server: &Server, database: &Database, client: &OAuthClient, user: &TestUser) {
    let app = user.app();
    let memory = app.post("/v3/memories", json!({ "content": "Ana keeps bees near Graz" })).await.ok();
    user.edit_memory(&text(&memory, "id"), "wasps").await;
    app.post("/v1/users/people", json!({ "name": "Berta" })).await.ok();
    TestConversation::at("2026-05-07T10:00:00Z", 20, "The falcons of Rosenburg")
        .store(&server.resources, &user.id)
        .await;
    app.post("/v1/users/daily-summary-settings/test", json!({ "date": "2026-05-07" })).await.ok();
    let goal = json!({ "title": "Run to Bled", "goal_type": "numeric", "target_value": 100, "unit": "km" });
    let goal = text(&app.post("/v1/goals", goal).await.ok(), "id");
    app.patch(&format!("/v1/goals/{goal}/progress"), json!({ "current_value": 40 })).await.ok();
    app.post("/v1/folders", json!({ "name": "Cellar talks" })).await.ok();
    upload(&app, &[("lease.md", "# Lease\n\nThe flat in Wieselburg is let for three years.".as_bytes())]).await.ok();
    let question = store_message(server, user, None, Sender::Human, "Where did we eat the apricot cake?").await;
    app.post("/v2/messages/share", json!({ "message_ids": [question] })).await.ok();
    app.patch("/v1/users/preferences", json!({ "time_zone": "Asia/Thimphu" })).await.ok();
    let hook = json!({ "url": "http://127.0.0.1:9/Weitra" });
    app.post("/v1/users/developer/webhook/memory_created", hook).await.ok();
    raise_event(&server.resources, &user.id, WebhookKind::MemoryCreated, "Weitra").await;
    wait_for_deliveries(user).await;
    client.authorize(user, "memories.read").await;
    client.consent_code(user, &client.authorization_request("memories.read")).await;
    begin_session(server, user).await;
    let (resources, id) = (server.resources.clone(), user.id.clone());
    let secret = resources::identity::crypto::long_random_secret();
    on_runtime(async move { resources.browser_sessions().sign_in(&secret, &id).await.unwrap() }).await;
    // Rows of sign-in at an issuer.
    let id = &user.id;
    database.sql(&format!("CREATE identity:['https://issuer.example', 'ana'] SET user = '{id}'")).await;
    database.sql(&format!("CREATE oidc_state SET user = '{id}', expires_at = time::now() + 5m")).await;
    user.developer().get("/v1/dev/user/memories").await.ok();
    user.mcp().get("/v1/mcp/memories").await.ok();
    // Reading the audit trail flushes it.
    app.get("/v1/users/audit").await.ok();
}

#[tokio::test]
async fn a_deleted_user_leaves_no_row_and_no_index_entry() {
    let setup = ServerWithDatabase::boot(|_| {}).await;
    let server = &setup.server;
    let (client, ben) = (OAuthClient::added(server).await, server.user().await);
    let link = share(&ben, "Buy jars").await;
    wait_until_indexed(server).await;
    let before: HashSet<String> = setup.database.all_rows().await.iter().map(id_of).collect();
    let records = server.resources.index.vectors.count().await.unwrap();

    let ana = server.user().await;
    use_everything(server, &setup.database, &client, &ana).await;
    ana.app().post("/v1/action-items/accept", json!({ "token": link })).await.ok();
    let hers = share(&ana, "Oil the clarinet").await;
    ben.app().post("/v1/action-items/accept", json!({ "token": hers })).await.ok();
    wait_until_indexed(server).await;
    let used = setup.database.rows_with(&ana.id).await;
    for table in USED_TABLES {
        assert!(tables(&used).contains(table), "{table} is not used: {used:?}");
    }
    assert!(server.resources.index.vectors.count().await.unwrap() > records + 1);

    ana.app().delete(ACCOUNT).await.ok();
    wait_until_indexed(server).await;
    assert_eq!(
        server.resources.index.vectors.count().await.unwrap(),
        records + 1,
        "what the other has taken over stays"
    );
    let (database, ben) = (setup.stop().await, ben.id);
    assert_eq!(database.rows_with(&ana.id).await, Vec::<String>::new());
    let after = database.all_rows().await;
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
async fn rate_limit_counts_are_deleted_with_their_user() {
    let setup = ServerWithDatabase::boot(|config| config.limits.enabled = true).await;
    let ana = setup.server.user().await;
    ana.app().delete("/v3/memories").await.ok();
    ana.developer().get("/v1/dev/user/memories").await.ok();
    ana.app().delete(ACCOUNT).await.ok();
    let database = setup.stop().await;
    let counted = database.sql("SELECT * FROM rate_limit").await;
    for secret in [&ana.id, &ana.developer_key_id] {
        assert!(!counted.to_string().contains(secret.as_str()), "{secret}: {counted}");
    }
}

#[tokio::test]
async fn an_interrupted_deletion_continues_at_the_next_start() {
    let setup = ServerWithDatabase::boot(|_| {}).await;
    let (ana, ben) = (setup.server.user().await, setup.server.user().await);
    TestConversation::at("2026-05-07T10:00:00Z", 20, "The falcons of Rosenburg")
        .store(&setup.server.resources, &ana.id)
        .await;
    // None of her credentials was used yet, so that none is cached.
    setup.database.sql(&format!("UPDATE user SET deleting_at = time::now() WHERE uid = '{}'", ana.id)).await;
    let refusal = json!({ "code": "account_deletion_in_progress", "status": "deleting", "retryable": false });
    let session = begin_session(&setup.server, &ana).await;
    let session = ana.with(&text(&session, "access_token"));
    let answers = [
        ana.app().get("/v3/memories").await,
        session.get("/v3/memories").await,
        ana.app().get("/v1/dev/keys").await,
        ana.developer().get("/v1/dev/user/memories").await,
        ana.mcp().get("/v1/mcp/memories").await,
    ];
    for answer in answers {
        assert_eq!((answer.status, &answer.body["detail"]), (403, &refusal));
    }
    list_tools(&ana.mcp()).await.refused(403, "This account is being deleted");
    assert_eq!(close_frame(&setup.server, &ana.token).await, (4005, "This account is being deleted".to_owned()));
    assert!(tables(&setup.database.rows_with(&ana.id).await).contains("segment"));

    let setup = setup.restart().await;
    assert_eq!(setup.database.rows_with(&ana.id).await, Vec::<String>::new());
    let [ana, ben] = [ana, ben].map(|user| TestUser { url: setup.server.url.clone(), ..user });
    ana.app().get("/v3/memories").await.refused(401, INVALID);
    ben.app().get("/v3/memories").await.ok();
    setup.stop().await;
}
