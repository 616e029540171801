//! Deleting an account: credentials stop working, nothing is found any more, and other users keep their data.

use resources::audit::Selection;
use serde_json::{Value, json};
use tools::{Context, Surface};

use super::{
    credentials::{MemberWithCredentials, Routes},
    support::{
        DISABLED, INVALID, Member, NO_REFRESH, PASSWORD, WRONG, accept, begin_session, close_frame, invite, log_in, me,
        refresh, set_access, signed_in, text,
    },
};
use crate::{
    daily_summaries::rest::TestConversation,
    support::{
        calls::directly,
        server::{Answer, Caller, Server, TestUser, on_runtime, wait_until_indexed},
    },
};

const ACCOUNT: &str = "/v1/users/delete-account";
const MEMORIES: &str = "/v1/dev/user/memories";

/// Tools that list or search, with arguments that find what [`settle`] wrote.
const LOOKS: &[(&str, &str)] = &[
    ("get_memories", ""),
    ("search_memories", "bees"),
    ("get_conversations", ""),
    ("search_transcripts", "kingfisher"),
    ("get_action_items", ""),
    ("get_goals", ""),
    ("get_people", ""),
    ("list_sessions", ""),
];

/// Writes something of each kind for a user; gives the link to a shared action item.
async fn create_rows(server: &Server, user: &TestUser) -> String {
    let app = user.app();
    app.post("/v3/memories", json!({ "content": "Ana keeps bees near Graz" })).await.ok();
    TestConversation::at("2026-05-09T15:00:00Z", 20, "We saw a kingfisher").store(&server.resources, &user.id).await;
    let item = app.post("/v1/action-items", json!({ "description": "Buy jars" })).await.ok();
    let goal = json!({ "title": "Run to Bled", "goal_type": "numeric", "target_value": 100, "unit": "km" });
    app.post("/v1/goals", goal).await.ok();
    app.post("/v1/users/people", json!({ "name": "Berta" })).await.ok();
    begin_session(server, user).await;
    wait_until_indexed(server).await;
    text(&app.post("/v1/action-items/share", json!({ "task_ids": [item["id"]] })).await.ok(), "token")
}

/// How many rows each of the tools finds for the user with this id, whether there is one or not.
async fn count_rows(server: &Server, user: &str) -> Vec<(&'static str, usize)> {
    let mut counts = Vec::new();
    for (name, query) in LOOKS {
        let context = Context::of_user(user, Surface::App, server.resources.clone());
        let arguments = if query.is_empty() { json!({}) } else { json!({ "query": query }) };
        let result = directly(context, tools::find(name).unwrap(), &arguments).await.unwrap();
        let lists = result.as_object().unwrap().values().filter_map(Value::as_array);
        counts.push((*name, lists.map(Vec::len).sum()));
    }
    counts
}

#[tokio::test]
async fn a_deleted_account_opens_nothing_any_more() {
    let server = Server::shared().await;
    let ana = MemberWithCredentials::of(server).await;
    let deleted = json!({ "status": "ok", "message": "Account deletion started" });
    assert_eq!(ana.member.user.app().delete(ACCOUNT).await.ok(), deleted);
    for (what, routes, answer) in ana.try_all().await {
        let sentence = match routes {
            Routes::App => INVALID,
            Routes::Account => "Invalid authentication credentials",
            Routes::Keys => "Invalid API Key",
            Routes::Endpoint => "Invalid or missing API key. Provide via Authorization header.",
        };
        let received = (answer.status, answer.body);
        assert_eq!(received, (401, json!({ "detail": sentence })), "{what} at {routes:?}");
    }
    assert_eq!(close_frame(server, &ana.user.token).await, (1008, INVALID.to_owned()));
    refresh(server, &ana.member.refresh).await.refused(401, NO_REFRESH);
    for account in [&ana.member.name, &ana.member.email] {
        log_in(server, account, PASSWORD).await.refused(401, WRONG);
    }
}

#[tokio::test]
async fn only_the_deleted_users_data_are_gone() {
    let server = Server::shared().await;
    let (ana, ben) = (server.user().await, server.user().await);
    let (link, other_link) = (create_rows(server, &ana).await, create_rows(server, &ben).await);
    let before = count_rows(server, &ben.id).await;
    for seen in [&before, &count_rows(server, &ana.id).await] {
        assert!(seen.iter().all(|(_, count)| *count > 0), "there is something to find: {seen:?}");
    }
    ana.app().delete(ACCOUNT).await.ok();
    for (name, count) in count_rows(server, &ana.id).await {
        assert_eq!(count, 0, "{name}");
    }
    let shared = |token: &str| format!("/v1/action-items/shared/{token}");
    ben.with("").get(&shared(&link)).await.refused(404, "Shared action items not found");
    assert_eq!(count_rows(server, &ben.id).await, before);
    ben.with("").get(&shared(&other_link)).await.ok();
    ben.developer().get(MEMORIES).await.ok();
}

#[tokio::test]
async fn an_owner_deletes_a_user() {
    let server = Server::shared().await;
    let (owner, user) = (server.owner().app(), server.user().await);
    create_rows(server, &user).await;
    let path = format!("/v1/admin/users/{}", user.id);
    assert_eq!(owner.delete(&path).await.ok(), json!({ "success": true }));
    owner.delete(&path).await.refused(404, "User not found");
    user.app().get("/v3/memories").await.refused(401, INVALID);
    assert!(count_rows(server, &user.id).await.iter().all(|(_, count)| *count == 0));
    let users = owner.get("/v1/admin/users").await.ok();
    assert!(users["users"].as_array().unwrap().iter().all(|other| other["id"] != user.id));
}

#[tokio::test]
async fn disabled_users_can_be_deleted() {
    let server = Server::shared().await;
    let user = server.user().await;
    set_access(server, &user.id, "disable").await.ok();
    user.app().delete(ACCOUNT).await.refused(403, DISABLED);
    server.owner().app().delete(&format!("/v1/admin/users/{}", user.id)).await.ok();
    user.app().get("/v3/memories").await.refused(401, INVALID);
}

#[tokio::test]
async fn a_returning_user_gets_a_new_account() {
    let server = Server::shared().await;
    let ana = Member::join(server).await;
    ana.user.app().post("/v3/memories", json!({ "content": "Ana keeps bees" })).await.ok();
    let reasons = json!({ "reason": "too many bees", "reason_details": "They sting." });
    Answer::to(ana.user.app().request(reqwest::Method::DELETE, ACCOUNT).json(&reasons)).await.ok();
    let invited = invite(server, json!({ "email": ana.email, "name": ana.name })).await.ok();
    let again = signed_in(server, &accept(server, &invited, json!({})).await.ok());
    assert_ne!(again.id, ana.user.id);
    assert_eq!(me(&again).await["email"], ana.email);
    assert_eq!(again.app().get("/v3/memories").await.ok(), json!([]));
}

#[tokio::test]
async fn recent_audit_entries_of_keys_are_deleted_too() {
    let server = Server::shared().await;
    let user = server.user().await;
    for _ in 0..3 {
        user.developer().get(MEMORIES).await.ok();
    }
    user.app().delete(ACCOUNT).await.ok();
    let (resources, wanted) = (server.resources.clone(), Selection { limit: 10, ..Selection::default() });
    let trail = on_runtime(async move { resources.audit(&user.id).list(&wanted).await.unwrap() }).await;
    assert!(trail.is_empty(), "{trail:?}");
}

/// Writes one memory after the other until that is refused.
async fn write_until_refused(developer: Caller, writer: usize) -> Answer {
    for number in 0.. {
        let content = format!("Bee {writer} {number}");
        let answer = developer.post(MEMORIES, json!({ "content": content })).await;
        if answer.status != 200 {
            return answer;
        }
    }
    unreachable!("there is no last number")
}

#[tokio::test]
async fn concurrent_writes_leave_nothing() {
    let server = Server::shared().await;
    let user = server.user().await;
    let writers: Vec<_> = (0..4).map(|writer| tokio::spawn(write_until_refused(user.developer(), writer))).collect();
    while user.app().get("/v3/memories").await.ok() == json!([]) {
        tokio::task::yield_now().await;
    }
    user.app().delete(ACCOUNT).await.ok();
    for writer in writers {
        let answer = writer.await.unwrap();
        assert!(matches!(answer.status, 401 | 403), "{answer:?}");
    }
    for (name, count) in count_rows(server, &user.id).await {
        assert_eq!(count, 0, "{name}");
    }
}
