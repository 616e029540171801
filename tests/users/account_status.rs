//! Who is locked out is refused at once, whatever they come with, and let in again with all of it.

use serde_json::json;

use super::{
    credentials::{Equipped, agree},
    support::{DISABLED, Member, PASSWORD, WRONG, closed, judge, log_in, refresh, signed_in, text},
};
use crate::{oauth::flow::denied, support::server::Server};

/// Sees to it that all that a user has opens its door.
async fn comes_in(ana: &Equipped) {
    for (what, door, answer) in ana.try_everything().await {
        assert_eq!(answer.status, 200, "{what} at {door:?}: {}", answer.body);
    }
}

#[tokio::test]
async fn who_is_locked_out_is_refused_whatever_they_come_with() {
    let server = Server::shared().await;
    let ana = Equipped::of(server).await;
    comes_in(&ana).await;
    judge(server, &ana.user.id, "disable").await.ok();
    for (what, door, answer) in ana.try_everything().await {
        let heard = (answer.status, answer.body);
        assert_eq!(heard, (403, json!({ "detail": DISABLED })), "{what} at {door:?}");
    }
    for token in [&ana.user.token, &ana.member.user.token] {
        assert_eq!(closed(server, token).await, (4004, DISABLED.to_owned()));
        assert_eq!(denied(&agree(&ana.client, token).await, 400, "access_denied"), DISABLED);
    }
    refresh(server, &ana.member.refresh).await.refused(403, DISABLED);
    log_in(server, &ana.member.email, PASSWORD).await.refused(403, DISABLED);
    log_in(server, &ana.member.email, "wrong horse").await.refused(401, WRONG);
}

#[tokio::test]
async fn who_is_let_in_again_finds_everything_as_it_was() {
    let server = Server::shared().await;
    let ana = Equipped::of(server).await;
    let memory = ana.user.app().post("/v3/memories", json!({ "content": "Ana keeps bees" })).await.ok();
    judge(server, &ana.user.id, "disable").await.ok();
    ana.user.app().get("/v3/memories").await.refused(403, DISABLED);
    judge(server, &ana.user.id, "enable").await.ok();
    comes_in(&ana).await;
    assert_eq!(ana.user.app().get("/v3/memories").await.ok()[0]["id"], memory["id"]);
    let tokens = refresh(server, &ana.member.refresh).await.ok();
    signed_in(server, &tokens).app().get("/v3/memories").await.ok();
    log_in(server, &ana.member.email, PASSWORD).await.ok();
    agree(&ana.client, &ana.user.token).await.ok();
}

#[tokio::test]
async fn an_assistant_gets_nothing_for_somebody_who_is_locked_out_and_all_of_it_later() {
    let server = Server::shared().await;
    let ana = Equipped::of(server).await;
    let code = ana.client.agreed(&ana.user, &ana.client.asked("memories.read")).await;
    let token = text(&ana.tokens, "refresh_token");
    judge(server, &ana.user.id, "disable").await.ok();
    for answer in [ana.client.refresh(&token).await, ana.client.exchange(&code).await] {
        assert_eq!(denied(&answer, 400, "invalid_grant"), "Account is disabled or being deleted");
    }
    judge(server, &ana.user.id, "enable").await.ok();
    for answer in [ana.client.refresh(&token).await, ana.client.exchange(&code).await] {
        ana.user.with(&text(&answer.ok(), "access_token")).get("/v1/mcp/memories").await.ok();
    }
}

#[tokio::test]
async fn a_refresh_that_was_refused_has_used_nothing_up() {
    let server = Server::shared().await;
    let ana = Member::join(server).await;
    judge(server, &ana.user.id, "disable").await.ok();
    refresh(server, &ana.refresh).await.refused(403, DISABLED);
    judge(server, &ana.user.id, "enable").await.ok();
    refresh(server, &ana.refresh).await.ok();
}

#[tokio::test]
async fn nobody_else_is_locked_out() {
    let server = Server::shared().await;
    let (ana, ben) = (server.user().await, server.user().await);
    judge(server, &ana.id, "disable").await.ok();
    for caller in [ben.app(), server.owner().app()] {
        caller.get("/v3/memories").await.ok();
    }
}
