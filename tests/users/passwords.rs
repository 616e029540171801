//! Signing in with a password, getting it wrong, and changing it.

use resources::{identity::SignUp, users::NewAccount};
use serde_json::{Value, json};
use tempfile::TempDir;

use super::support::{
    CLOSED, INVALID, Member, NAME_TAKEN, NO_REFRESH, PASSWORD, WRONG, accept, assert_invalid_field,
    assert_login_throttled, begin_session, invite, log_in, me, post_auth, refresh, signed_in, text,
};
use crate::support::server::{Answer, Server, TestUser, on_runtime};

const NO_PASSWORDS: &str = "Password sign-in is disabled";
const NOT_CURRENT: &str = "The current password is wrong";

/// Adds a user who has a name and nothing else.
async fn add(server: &Server, name: &str) -> String {
    let (resources, name) = (server.resources.clone(), name.to_owned());
    on_runtime(async move { resources.users().add(&name).await.unwrap().user.id }).await
}

/// Fails to log in so many times.
async fn fail_logins(server: &Server, account: &str, times: usize) {
    for _ in 0..times {
        log_in(server, account, "wrong horse").await.refused(401, WRONG);
    }
}

async fn change_password(user: &TestUser, current: Value, new: &str) -> Answer {
    user.app().post("/v1/auth/password", json!({ "current_password": current, "new_password": new })).await
}

#[tokio::test]
async fn a_user_logs_in_by_name_and_by_e_mail_address() {
    let server = Server::shared().await;
    let ana = Member::join(server).await;
    let (shouted, spaced) = (format!(" {} ", ana.email.to_uppercase()), format!(" {} ", ana.name));
    for account in [&ana.name, &spaced, &ana.email, &shouted] {
        let tokens = log_in(server, account, PASSWORD).await.ok();
        let names: Vec<&str> = tokens.as_object().unwrap().keys().map(String::as_str).collect();
        assert_eq!(names, ["access_token", "token_type", "expires_in", "refresh_token", "uid"]);
        assert_eq!((&tokens["token_type"], &tokens["expires_in"]), (&json!("Bearer"), &json!(900)));
        assert_eq!(tokens["uid"], ana.user.id);
        assert_eq!(me(&signed_in(server, &tokens)).await["id"], ana.user.id);
    }
    log_in(server, &ana.name.to_uppercase(), PASSWORD).await.refused(401, WRONG);
}

#[tokio::test]
async fn a_name_signs_the_user_in_who_had_it_first() {
    let server = Server::shared().await;
    let ana = Member::join(server).await;
    let other = add(server, &ana.name).await;
    let resources = server.resources.clone();
    on_runtime(async move { resources.users().set_password(&other, "another horse", None).await.unwrap() }).await;
    assert_eq!(log_in(server, &ana.name, PASSWORD).await.ok()["uid"], ana.user.id);
    log_in(server, &ana.name, "another horse").await.refused(401, WRONG);
    assert_eq!(log_in(server, &ana.email, PASSWORD).await.ok()["uid"], ana.user.id);
}

#[tokio::test]
async fn a_first_password_needs_a_name_or_an_address_to_sign_in_by() {
    let server = Server::shared().await;
    let (ana, user) = (Member::join(server).await, server.user().await);
    let (resources, id, name) = (server.resources.clone(), user.id.clone(), ana.name.clone());
    let namesake = on_runtime(async move { resources.users().add(&name).await.unwrap() }).await;
    assert_ne!(namesake.user.id, id);
    let namesake = TestUser { id: namesake.user.id, token: namesake.token, ..user };
    change_password(&namesake, Value::Null, "another horse").await.refused(409, NAME_TAKEN);
    assert_eq!(me(&namesake).await["has_password"], false);
    log_in(server, &ana.name, PASSWORD).await.ok();
}

#[tokio::test]
async fn a_wrong_password_is_answered_like_an_account_that_is_not_there() {
    let server = Server::shared().await;
    let ana = Member::join(server).await;
    let without = format!("Ben {}", uuid::Uuid::new_v4());
    add(server, &without).await;
    let nobody = format!("Eve {}", uuid::Uuid::new_v4());
    for account in [ana.name, ana.email, without, nobody.clone(), format!("{nobody}@example.com"), ana.user.id] {
        let answer = log_in(server, &account, "wrong horse").await;
        answer.refused(401, WRONG);
        assert_eq!((answer.header("www-authenticate"), answer.header("retry-after")), ("Bearer", ""), "{account}");
    }
}

#[tokio::test]
async fn passwords_have_an_end_on_both_sides() {
    let server = Server::shared().await;
    let ana = Member::join(server).await;
    let (long, longer) = ("ü".repeat(256), "ü".repeat(257));
    for (account, password, kind, name) in [
        ("", PASSWORD, "string_too_short", "account"),
        (&"x".repeat(321), PASSWORD, "string_too_long", "account"),
        (&ana.email, "", "string_too_short", "password"),
        (&ana.email, &longer, "string_too_long", "password"),
    ] {
        assert_invalid_field(&log_in(server, account, password).await, kind, name);
    }
    for (new, kind) in [("7 signs", "string_too_short"), (&longer, "string_too_long")] {
        assert_invalid_field(&change_password(&ana.user, json!(PASSWORD), new).await, kind, "new_password");
        let invited = invite(server, json!({})).await.ok();
        assert_invalid_field(&accept(server, &invited, json!({ "password": new })).await, kind, "password");
    }
    let mut current = PASSWORD;
    for new in ["8 signs!", &long] {
        change_password(&ana.user, json!(current), new).await.ok();
        log_in(server, &ana.email, new).await.ok();
        current = new;
    }
}

#[tokio::test]
async fn ten_failures_throttle_the_account_alone() {
    let server = Server::shared().await;
    let ana = Member::join(server).await;
    let nobody = format!("Eve {}", uuid::Uuid::new_v4());
    for account in [&ana.name, &nobody] {
        fail_logins(server, account, 10).await;
        assert_login_throttled(&log_in(server, account, PASSWORD).await);
        assert_login_throttled(&log_in(server, account, "wrong horse").await);
    }
    let body = json!({ "account": ana.name, "password": PASSWORD });
    let elsewhere = ana.user.http.post(format!("{}/v1/auth/login", server.url)).json(&body);
    Answer::to(elsewhere.header("x-forwarded-for", "198.51.100.7")).await.ok();
    assert_login_throttled(&log_in(server, &ana.name, PASSWORD).await);
    me(&ana.user).await;
}

#[tokio::test]
async fn throttling_does_not_tell_which_names_exist() {
    let server = Server::shared().await;
    let ana = Member::join(server).await;
    let nobody = format!("Eve {}", uuid::Uuid::new_v4());
    for name in [&ana.name, &nobody] {
        fail_logins(server, name, 5).await;
        fail_logins(server, &format!(" {}\u{200b}", name.to_uppercase()), 5).await;
        for spelled in [name.clone(), name.to_lowercase(), name.to_uppercase()] {
            assert_login_throttled(&log_in(server, &spelled, "wrong horse").await);
        }
    }
}

#[tokio::test]
async fn a_right_password_resets_the_count() {
    let server = Server::shared().await;
    let ana = Member::join(server).await;
    for _ in 0..2 {
        fail_logins(server, &ana.email, 9).await;
        log_in(server, &ana.email, PASSWORD).await.ok();
    }
}

#[tokio::test]
async fn a_password_change_needs_the_current_one() {
    let server = Server::shared().await;
    let ana = Member::join(server).await;
    for wrong in [json!("wrong horse"), json!(""), Value::Null] {
        change_password(&ana.user, wrong, "another horse").await.refused(403, NOT_CURRENT);
    }
    log_in(server, &ana.email, PASSWORD).await.ok();
    assert_eq!(change_password(&ana.user, json!(PASSWORD), "another horse").await.ok(), json!({ "success": true }));
    log_in(server, &ana.email, PASSWORD).await.refused(401, WRONG);
    log_in(server, &ana.email, "another horse").await.ok();
}

#[tokio::test]
async fn ten_wrong_current_passwords_throttle_the_change() {
    let ana = Member::join(Server::shared().await).await;
    for _ in 0..10 {
        change_password(&ana.user, json!("wrong horse"), "another horse").await.refused(403, NOT_CURRENT);
    }
    assert_login_throttled(&change_password(&ana.user, json!(PASSWORD), "another horse").await);
}

#[tokio::test]
async fn the_first_password_needs_none_before_it() {
    let user = Server::shared().await.user().await;
    assert_eq!(me(&user).await["has_password"], false);
    change_password(&user, Value::Null, PASSWORD).await.ok();
    assert_eq!(me(&user).await["has_password"], true);
    change_password(&user, Value::Null, "another horse").await.refused(403, NOT_CURRENT);
}

#[tokio::test]
async fn a_new_password_ends_every_session_but_the_one_that_sets_it() {
    let server = Server::shared().await;
    let ana = Member::join(server).await;
    let tokens = log_in(server, &ana.email, PASSWORD).await.ok();
    let here = signed_in(server, &tokens);
    change_password(&here, json!(PASSWORD), "another horse").await.ok();
    ana.user.app().get("/v3/memories").await.refused(401, INVALID);
    refresh(server, &ana.refresh).await.refused(401, NO_REFRESH);
    here.app().get("/v3/memories").await.ok();
    refresh(server, &text(&tokens, "refresh_token")).await.ok();
    assert_eq!(here.app().get("/v1/auth/sessions").await.ok()["sessions"].as_array().unwrap().len(), 1);
}

#[tokio::test]
async fn a_new_password_set_by_a_token_ends_every_session_and_not_the_token() {
    let server = Server::shared().await;
    let user = server.user().await;
    let tokens = begin_session(server, &user).await;
    change_password(&user, Value::Null, PASSWORD).await.ok();
    signed_in(server, &tokens).app().get("/v3/memories").await.refused(401, INVALID);
    refresh(server, &text(&tokens, "refresh_token")).await.refused(401, NO_REFRESH);
    assert_eq!(user.app().get("/v1/auth/sessions").await.ok()["sessions"], json!([]));
}

#[tokio::test]
async fn password_sign_in_can_be_disabled() {
    let folder = TempDir::new().unwrap();
    let server = Server::boot(folder.path(), |config| {
        config.sign_in.passwords = false;
        config.sign_in.sign_up = SignUp::Open;
    })
    .await;
    let account = NewAccount { name: "Ana".into(), password: Some(PASSWORD.into()), ..NewAccount::default() };
    let resources = server.resources.clone();
    on_runtime(async move { resources.users().create(account).await.unwrap().unwrap() }).await;
    log_in(&server, "Ana", PASSWORD).await.refused(401, WRONG);
    let stranger = json!({ "name": "Eve", "email": "eve@example.com", "password": PASSWORD });
    post_auth(&server, "sign-up", stranger).await.refused(403, CLOSED);
    let invited = invite(&server, json!({ "name": "Ben" })).await.ok();
    accept(&server, &invited, json!({})).await.refused(403, NO_PASSWORDS);
    let left = server.owner().app().get("/v1/admin/invitations").await.ok();
    assert_eq!(left["invitations"][0]["id"], invited["id"], "it is not used up");
    change_password(&server.user().await, Value::Null, PASSWORD).await.refused(403, NO_PASSWORDS);
    server.stop().await;
}
