//! Disabled accounts: every credential is refused at once, and works again once the account is enabled.

use serde_json::json;

use super::{
    credentials::{MemberWithCredentials, agree},
    support::{DISABLED, Member, PASSWORD, WRONG, close_frame, log_in, refresh, set_access, signed_in, text},
};
use crate::{oauth::flow::assert_oauth_error, support::server::Server};

/// Asserts that every credential of a user works.
async fn assert_admitted(ana: &MemberWithCredentials) {
    for (what, routes, answer) in ana.try_all().await {
        assert_eq!(answer.status, 200, "{what} at {routes:?}: {}", answer.body);
    }
}

#[tokio::test]
async fn disabled_users_are_refused_with_every_credential() {
    let server = Server::shared().await;
    let ana = MemberWithCredentials::of(server).await;
    assert_admitted(&ana).await;
    set_access(server, &ana.user.id, "disable").await.ok();
    for (what, routes, answer) in ana.try_all().await {
        let received = (answer.status, answer.body);
        assert_eq!(received, (403, json!({ "detail": DISABLED })), "{what} at {routes:?}");
    }
    for token in [&ana.user.token, &ana.member.user.token] {
        assert_eq!(close_frame(server, token).await, (4004, DISABLED.to_owned()));
        assert_eq!(assert_oauth_error(&agree(&ana.client, token).await, 400, "access_denied"), DISABLED);
    }
    refresh(server, &ana.member.refresh).await.refused(403, DISABLED);
    log_in(server, &ana.member.email, PASSWORD).await.refused(403, DISABLED);
    log_in(server, &ana.member.email, "wrong horse").await.refused(401, WRONG);
}

#[tokio::test]
async fn enabled_users_find_everything_as_it_was() {
    let server = Server::shared().await;
    let ana = MemberWithCredentials::of(server).await;
    let memory = ana.user.app().post("/v3/memories", json!({ "content": "Ana keeps bees" })).await.ok();
    set_access(server, &ana.user.id, "disable").await.ok();
    ana.user.app().get("/v3/memories").await.refused(403, DISABLED);
    set_access(server, &ana.user.id, "enable").await.ok();
    assert_admitted(&ana).await;
    assert_eq!(ana.user.app().get("/v3/memories").await.ok()[0]["id"], memory["id"]);
    let tokens = refresh(server, &ana.member.refresh).await.ok();
    signed_in(server, &tokens).app().get("/v3/memories").await.ok();
    log_in(server, &ana.member.email, PASSWORD).await.ok();
    agree(&ana.client, &ana.user.token).await.ok();
}

#[tokio::test]
async fn clients_of_disabled_users_get_no_tokens_until_they_are_enabled() {
    let server = Server::shared().await;
    let ana = MemberWithCredentials::of(server).await;
    let code = ana.client.consent_code(&ana.user, &ana.client.authorization_request("memories.read")).await;
    let token = text(&ana.tokens, "refresh_token");
    set_access(server, &ana.user.id, "disable").await.ok();
    for answer in [ana.client.refresh(&token).await, ana.client.exchange(&code).await] {
        assert_eq!(assert_oauth_error(&answer, 400, "invalid_grant"), "Account is disabled or being deleted");
    }
    set_access(server, &ana.user.id, "enable").await.ok();
    for answer in [ana.client.refresh(&token).await, ana.client.exchange(&code).await] {
        ana.user.with(&text(&answer.ok(), "access_token")).get("/v1/mcp/memories").await.ok();
    }
}

#[tokio::test]
async fn a_refresh_that_was_refused_has_used_nothing_up() {
    let server = Server::shared().await;
    let ana = Member::join(server).await;
    set_access(server, &ana.user.id, "disable").await.ok();
    refresh(server, &ana.refresh).await.refused(403, DISABLED);
    set_access(server, &ana.user.id, "enable").await.ok();
    refresh(server, &ana.refresh).await.ok();
}

#[tokio::test]
async fn disabling_affects_one_user_alone() {
    let server = Server::shared().await;
    let (ana, ben) = (server.user().await, server.user().await);
    set_access(server, &ana.id, "disable").await.ok();
    for caller in [ben.app(), server.owner().app()] {
        caller.get("/v3/memories").await.ok();
    }
}
