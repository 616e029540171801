//! Sessions: refresh, listing, logout, and reuse of a refresh token.

use chrono::{DateTime, TimeDelta, Utc};
use futures::future::join_all;
use serde_json::{Value, json};

use super::support::{
    INVALID, Member, NO_REFRESH, PASSWORD, accept, assert_invalid_field, begin_session, close_frame, fresh_email,
    invite, log_in, post_auth, refresh, signed_in, text,
};
use crate::support::server::{Server, TestUser};

const DONE: &str = r#"{"success":true}"#;

/// Where a user is signed in, as they see it.
async fn sessions(user: &TestUser) -> Vec<Value> {
    user.app().get("/v1/auth/sessions").await.ok()["sessions"].as_array().unwrap().clone()
}

async fn log_out(server: &Server, token: &str) -> String {
    post_auth(server, "logout", json!({ "refresh_token": token })).await.ok().to_string()
}

#[tokio::test]
async fn a_refresh_token_gives_the_next_one() {
    let server = Server::shared().await;
    let ana = Member::join(server).await;
    let (mut token, mut seen) = (ana.refresh.clone(), vec![ana.refresh.clone()]);
    for _ in 0..3 {
        let tokens = refresh(server, &token).await.ok();
        assert_eq!((&tokens["uid"], &tokens["expires_in"]), (&json!(ana.user.id), &json!(900)));
        token = text(&tokens, "refresh_token");
        assert!(token.starts_with("omi_refresh_") && !seen.contains(&token), "{token}");
        seen.push(token.clone());
        signed_in(server, &tokens).app().get("/v3/memories").await.ok();
    }
    ana.user.app().get("/v3/memories").await.ok();
    assert_eq!(sessions(&ana.user).await.len(), 1, "it is one session all along");
}

#[tokio::test]
async fn a_refresh_token_that_comes_after_its_successor_was_used_ends_its_session() {
    let server = Server::shared().await;
    let ana = Member::join(server).await;
    let other = signed_in(server, &log_in(server, &ana.email, PASSWORD).await.ok());
    let second = refresh(server, &ana.refresh).await.ok();
    let next = refresh(server, &text(&second, "refresh_token")).await.ok();
    refresh(server, &ana.refresh).await.refused(401, NO_REFRESH);
    refresh(server, &text(&next, "refresh_token")).await.refused(401, NO_REFRESH);
    for ended in [&ana.user, &signed_in(server, &next)] {
        ended.app().get("/v3/memories").await.refused(401, INVALID);
        assert_eq!(close_frame(server, &ended.token).await, (4004, INVALID.to_owned()));
    }
    assert_eq!(sessions(&other).await.len(), 1, "other sessions go on");
}

#[tokio::test]
async fn a_refresh_token_that_comes_several_times_at_once_is_answered_with_the_same_next_one() {
    let server = Server::shared().await;
    let ana = Member::join(server).await;
    let answers = join_all((0..4).map(|_| refresh(server, &ana.refresh))).await;
    let next: Vec<String> = answers.into_iter().map(|answer| text(&answer.ok(), "refresh_token")).collect();
    assert!(next.iter().all(|token| *token == next[0]), "two tabs, or an answer that was lost: {next:?}");
    ana.user.app().get("/v3/memories").await.ok();
    refresh(server, &next[0]).await.ok();
}

#[tokio::test]
async fn invalid_refresh_tokens_are_refused_and_end_nothing() {
    let server = Server::shared().await;
    let ana = Member::join(server).await;
    let parts: Vec<&str> = ana.refresh.split('.').collect();
    let [session, turn, secret] = parts[..] else { panic!("{}", ana.refresh) };
    let wrong = [
        "x".to_owned(),
        "omi_refresh_x".to_owned(),
        ana.user.token.clone(),
        format!("{session}.{turn}.{}", "0".repeat(32)),
        format!("{session}.{turn}."),
        format!("{session}.1.{secret}"),
        format!("{session}.9223372036854775808.{secret}"),
        format!("omi_refresh_{}.{turn}.{secret}", "0".repeat(32)),
    ];
    for token in wrong {
        refresh(server, &token).await.refused(401, NO_REFRESH);
    }
    assert_invalid_field(&refresh(server, &"x".repeat(301)).await, "string_too_long", "refresh_token");
    refresh(server, &ana.refresh).await.ok();
}

#[tokio::test]
async fn logging_out_ends_the_session_at_once_and_no_other() {
    let server = Server::shared().await;
    let ana = Member::join(server).await;
    let tokens = log_in(server, &ana.email, PASSWORD).await.ok();
    let (here, token) = (signed_in(server, &tokens), text(&tokens, "refresh_token"));
    for nothing in ["x", "omi_refresh_x", "omi_refresh_x.0.x", &here.token] {
        assert_eq!(log_out(server, nothing).await, DONE);
    }
    assert_eq!(sessions(&here).await.len(), 2, "whatever else comes changes nothing");
    for _ in 0..2 {
        assert_eq!(log_out(server, &token).await, DONE);
    }
    here.app().get("/v3/memories").await.refused(401, INVALID);
    refresh(server, &token).await.refused(401, NO_REFRESH);
    assert_eq!(sessions(&ana.user).await.len(), 1);
}

#[tokio::test]
async fn sessions_are_listed_newest_first_with_the_one_that_asks() {
    let server = Server::shared().await;
    let invited = invite(server, json!({ "name": "Ana" })).await.ok();
    let email = fresh_email();
    let more = json!({ "email": email, "device": " Ana's phone " });
    let phone = signed_in(server, &accept(server, &invited, more).await.ok());
    let on = async |device: Value| {
        let body = json!({ "account": email, "password": PASSWORD, "device": device });
        post_auth(server, "login", body).await
    };
    let laptop = signed_in(server, &on(json!("Ana's laptop")).await.ok());
    on(json!("  ")).await.ok();
    let listed = sessions(&laptop).await;
    let devices: Vec<_> =
        listed.iter().map(|session| (session["device"].as_str(), session["current"] == true)).collect();
    assert_eq!(devices, [(None, false), (Some("Ana's laptop"), true), (Some("Ana's phone"), false)]);
    let mut names: Vec<&str> = listed[0].as_object().unwrap().keys().map(String::as_str).collect();
    names.sort_unstable();
    assert_eq!(names, ["created_at", "current", "device", "expires_at", "id", "last_used_at"]);
    let time = |name: &str| text(&listed[0], name).parse::<DateTime<Utc>>().unwrap();
    assert_eq!(time("expires_at") - time("created_at"), TimeDelta::days(30));
    assert_eq!(sessions(&phone).await[2]["current"], true);
    assert_invalid_field(&on(json!("x".repeat(101))).await, "string_too_long", "device");
}

#[tokio::test]
async fn a_token_of_a_user_is_no_session() {
    let server = Server::shared().await;
    let user = server.user().await;
    assert_eq!(sessions(&user).await, Vec::<Value>::new());
    begin_session(server, &user).await;
    assert_eq!(sessions(&user).await[0]["current"], false);
}

#[tokio::test]
async fn a_session_is_ended_by_its_user_alone() {
    let server = Server::shared().await;
    let (ana, ben) = (Member::join(server).await, Member::join(server).await);
    let other = signed_in(server, &log_in(server, &ana.email, PASSWORD).await.ok());
    let listed = sessions(&other).await;
    let id = |current: bool| text(listed.iter().find(|session| session["current"] == current).unwrap(), "id");
    let path = format!("/v1/auth/sessions/{}", id(false));
    ben.user.app().delete(&path).await.refused(404, "Session not found");
    ana.user.app().get("/v3/memories").await.ok();
    assert_eq!(other.app().delete(&path).await.ok(), json!({ "success": true }));
    ana.user.app().get("/v3/memories").await.refused(401, INVALID);
    refresh(server, &ana.refresh).await.refused(401, NO_REFRESH);
    other.app().delete(&path).await.refused(404, "Session not found");
    other.app().delete(&format!("/v1/auth/sessions/{}", id(true))).await.ok();
    other.app().get("/v3/memories").await.refused(401, INVALID);
}
