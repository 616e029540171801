//! Open sign-up.

use futures::future::join_all;
use resources::identity::SignUp;
use serde_json::{Value, json};
use tokio::sync::OnceCell;

use super::support::{
    CLOSED, NAME_TAKEN, PASSWORD, TAKEN, WRONG, assert_invalid_field, assert_rate_limited, fresh_email, log_in, me,
    post_auth, signed_in,
};
use crate::support::server::{Answer, Server, fresh_folder};

/// A name that no other user has.
fn fresh_name() -> String {
    format!("Eve {}", uuid::Uuid::new_v4())
}

/// A server with open sign-up.
async fn open() -> &'static Server {
    static OPEN: OnceCell<Server> = OnceCell::const_new();
    let boot = || async { Server::boot(&fresh_folder("open"), |config| config.sign_in.sign_up = SignUp::Open).await };
    OPEN.get_or_init(boot).await
}

async fn sign_up(server: &Server, name: &str, email: &str, password: &str) -> Answer {
    post_auth(server, "sign-up", json!({ "name": name, "email": email, "password": password })).await
}

#[tokio::test]
async fn a_server_is_closed_unless_it_says_otherwise() {
    let (server, email) = (Server::shared().await, fresh_email());
    sign_up(server, "Eve", &email, PASSWORD).await.refused(403, CLOSED);
    log_in(server, &email, PASSWORD).await.refused(401, WRONG);
}

#[tokio::test]
async fn open_sign_up_creates_accounts() {
    let (server, email, name) = (open().await, fresh_email(), fresh_name());
    let tokens = sign_up(server, &format!(" {name} "), &email.to_uppercase(), PASSWORD).await.ok();
    let known = me(&signed_in(server, &tokens)).await;
    assert_eq!((&known["id"], &known["name"]), (&tokens["uid"], &json!(name)));
    assert_eq!((&known["email"], &known["email_verified"]), (&json!(email), &json!(false)), "it is not verified");
    assert_eq!((&known["role"], &known["has_password"]), (&json!("member"), &json!(true)));
    assert_eq!(log_in(server, &email, PASSWORD).await.ok()["uid"], tokens["uid"]);
    sign_up(server, "Eva", &format!(" {email} "), "another horse").await.refused(409, TAKEN);
    log_in(server, &email, "another horse").await.refused(401, WRONG);
}

#[tokio::test]
async fn an_address_makes_one_account_however_many_come_at_once() {
    let (server, email, name) = (open().await, fresh_email(), fresh_name());
    let answers = join_all((0..6).map(|_| sign_up(server, &name, &email, PASSWORD))).await;
    let mut statuses: Vec<u16> = answers.iter().map(|answer| answer.status).collect();
    statuses.sort_unstable();
    assert_eq!(statuses, [200, 409, 409, 409, 409, 409]);
    let users = server.owner().app().get("/v1/admin/users").await.ok();
    let found = users["users"].as_array().unwrap().iter().filter(|user| user["email"] == email);
    let made = answers.iter().find(|answer| answer.status == 200).unwrap();
    assert_eq!(found.map(|user| user["id"].clone()).collect::<Vec<Value>>(), [made.body["uid"].clone()]);
}

#[tokio::test]
async fn an_account_needs_a_name_an_address_and_a_password() {
    let server = open().await;
    let (email, long) = (fresh_email(), "x".repeat(257));
    for (name, email, password, kind, place) in [
        ("", email.as_str(), PASSWORD, "string_too_short", "name"),
        (&"x".repeat(201), &email, PASSWORD, "string_too_long", "name"),
        ("Eve", "a@", PASSWORD, "string_too_short", "email"),
        ("Eve", &format!("{}@example.com", "x".repeat(309)), PASSWORD, "string_too_long", "email"),
        ("Eve", &email, "7 signs", "string_too_short", "password"),
        ("Eve", &email, &long, "string_too_long", "password"),
    ] {
        assert_invalid_field(&sign_up(server, name, email, password).await, kind, place);
    }
    sign_up(server, "  ", &email, PASSWORD).await.refused(422, "Name cannot be empty");
    sign_up(server, "Eve", "nobody", PASSWORD).await.refused(422, "email is not a valid e-mail address");
    sign_up(server, &fresh_name(), &email, PASSWORD).await.ok();
}

#[tokio::test]
async fn a_name_that_somebody_signs_in_by_is_refused() {
    let server = open().await;
    let (name, email) = (fresh_name(), fresh_email());
    let tokens = sign_up(server, &name, &email, PASSWORD).await.ok();
    let spaced = format!(" {name}\u{200b} ");
    for taken in [name.as_str(), &spaced, "owner"] {
        sign_up(server, taken, &fresh_email(), "another horse").await.refused(409, NAME_TAKEN);
    }
    assert_eq!(log_in(server, &name, PASSWORD).await.ok()["uid"], tokens["uid"]);
    sign_up(server, &fresh_name(), &fresh_email(), PASSWORD).await.ok();
}

#[tokio::test]
async fn twenty_attempts_throttle_the_address_alone() {
    let (server, taken, other) = (open().await, fresh_email(), fresh_email());
    sign_up(server, &fresh_name(), &taken, PASSWORD).await.ok();
    // As a proxy on this machine passes them on.
    let come = |from: Option<&str>, email: &str| {
        let body = json!({ "name": "Eve", "email": email, "password": PASSWORD });
        let request = reqwest::Client::new().post(format!("{}/v1/auth/sign-up", server.url)).json(&body);
        Answer::to(from.into_iter().fold(request, |request, from| request.header("x-forwarded-for", from)))
    };
    let from = Some("203.0.113.30");
    for _ in 0..20 {
        come(from, &taken).await.refused(409, TAKEN);
    }
    assert_rate_limited(&come(from, &other).await, 20);
    log_in(server, &other, PASSWORD).await.refused(401, WRONG);
    come(Some("203.0.113.31"), &taken).await.refused(409, TAKEN);
    for _ in 0..=20 {
        come(None, &taken).await.refused(409, TAKEN);
    }
}
