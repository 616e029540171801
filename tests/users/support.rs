//! Members, and the requests of the authentication routes.

use futures::StreamExt;
use serde_json::{Value, json};
use tokio_tungstenite::{
    connect_async,
    tungstenite::{Message, client::IntoClientRequest},
};

use crate::support::server::{Answer, Server, TestUser, on_runtime};

/// The password of every member.
pub(crate) const PASSWORD: &str = "correct horse";

/// The refusal of a wrong name or password.
pub(crate) const WRONG: &str = "The name or the password is wrong";
/// The refusal of an invalid token on the app's routes.
pub(crate) const INVALID: &str = "Invalid authorization token";
pub(crate) const NO_REFRESH: &str = "Invalid refresh token";
pub(crate) const DISABLED: &str = "This account is disabled";
pub(crate) const CLOSED: &str = "Sign-up is by invitation only; ask the owner for one";
pub(crate) const TAKEN: &str = "An account with this e-mail address already exists";
pub(crate) const NAME_TAKEN: &str = "name: another user signs in with this name; choose another one";
pub(crate) const NO_INVITATION: &str = "Invitation not found";

/// An invited user with a password.
pub(crate) struct Member {
    pub(crate) name: String,
    pub(crate) email: String,
    /// Signed in by the session that began with the account; without keys.
    pub(crate) user: TestUser,
    /// The refresh token of that session.
    pub(crate) refresh: String,
}

impl Member {
    /// A member with a unique name.
    pub(crate) async fn join(server: &Server) -> Self {
        Self::named(server, &format!("Ana {}", uuid::Uuid::new_v4())).await
    }

    pub(crate) async fn named(server: &Server, name: &str) -> Self {
        let email = fresh_email();
        let invited = invite(server, json!({ "email": email, "name": name })).await.ok();
        let tokens = accept(server, &invited, json!({})).await.ok();
        let (user, refresh) = (signed_in(server, &tokens), text(&tokens, "refresh_token"));
        Self { name: name.to_owned(), email, user, refresh }
    }
}

pub(crate) fn fresh_email() -> String {
    format!("{}@example.com", uuid::Uuid::new_v4())
}

/// A text field of an object.
pub(crate) fn text(object: &Value, name: &str) -> String {
    object[name].as_str().unwrap_or_else(|| panic!("no {name} in {object}")).to_owned()
}

/// Calls a route of `/v1/auth` without a credential.
pub(crate) async fn post_auth(server: &Server, path: &str, body: Value) -> Answer {
    Answer::to(reqwest::Client::new().post(format!("{}/v1/auth/{path}", server.url)).json(&body)).await
}

pub(crate) async fn log_in(server: &Server, account: &str, password: &str) -> Answer {
    post_auth(server, "login", json!({ "account": account, "password": password })).await
}

pub(crate) async fn refresh(server: &Server, token: &str) -> Answer {
    post_auth(server, "refresh", json!({ "refresh_token": token })).await
}

/// Creates an invitation as the owner.
pub(crate) async fn invite(server: &Server, body: Value) -> Answer {
    server.owner().app().post("/v1/admin/invitations", body).await
}

/// Accepts an invitation with the password of all members, and the fields of `more`.
pub(crate) async fn accept(server: &Server, invited: &Value, more: Value) -> Answer {
    let mut body = json!({ "code": invited["code"], "password": PASSWORD });
    body.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    post_auth(server, "invitations/accept", body).await
}

/// Has the owner `disable` or `enable` a user.
pub(crate) async fn set_access(server: &Server, user: &str, verdict: &str) -> Answer {
    server.owner().app().post(&format!("/v1/admin/users/{user}/{verdict}"), json!({})).await
}

/// The profile of the signed-in user.
pub(crate) async fn me(user: &TestUser) -> Value {
    user.app().get("/v1/users/me").await.ok()["user"].take()
}

/// The user whom these tokens sign in.
pub(crate) fn signed_in(server: &Server, tokens: &Value) -> TestUser {
    TestUser {
        url: server.url.clone(),
        id: text(tokens, "uid"),
        token: text(tokens, "access_token"),
        developer_key: String::new(),
        developer_key_id: String::new(),
        mcp_key: String::new(),
        mcp_key_id: String::new(),
        http: reqwest::Client::new(),
    }
}

/// The tokens of a new session of a user, who need not have a password.
pub(crate) async fn begin_session(server: &Server, user: &TestUser) -> Value {
    let (resources, id) = (server.resources.clone(), user.id.clone());
    let tokens = on_runtime(async move { resources.users().begin_session(&id, None).await.unwrap() }).await;
    serde_json::to_value(tokens).unwrap()
}

/// The close frame of a WebSocket for an invalid token: the code, and the reason.
pub(crate) async fn close_frame(server: &Server, token: &str) -> (u16, String) {
    let address = format!("{}/v2/voice-message/transcribe-stream", server.url.replace("http://", "ws://"));
    let mut request = address.into_client_request().unwrap();
    request.headers_mut().insert("authorization", format!("Bearer {token}").parse().unwrap());
    let (mut socket, _) = connect_async(request).await.unwrap();
    match socket.next().await {
        Some(Ok(Message::Close(Some(frame)))) => (frame.code.into(), frame.reason.to_string()),
        other => panic!("{other:?}"),
    }
}

/// Asserts that a request was refused with 422 for one reason, at this argument of its body.
#[track_caller]
pub(crate) fn assert_invalid_field(answer: &Answer, kind: &str, name: &str) {
    assert_eq!(answer.status, 422, "{}", answer.body);
    let issues = answer.body["detail"].as_array().unwrap_or_else(|| panic!("no list: {}", answer.body));
    let found: Vec<_> = issues.iter().map(|issue| (issue["type"].clone(), issue["loc"].clone())).collect();
    assert_eq!(found, [(json!(kind), json!(["body", name]))]);
}

/// Asserts the 429 after ten wrong passwords.
#[track_caller]
pub(crate) fn assert_login_throttled(answer: &Answer) {
    assert_rate_limited(answer, 10);
}

/// Asserts the contract's 429 for a limit of so many.
#[track_caller]
pub(crate) fn assert_rate_limited(answer: &Answer, most: u32) {
    let seconds: u64 = answer.header("retry-after").parse().unwrap_or_else(|_| panic!("no Retry-After: {answer:?}"));
    assert!((1..=901).contains(&seconds), "a quarter of an hour at most: {seconds}");
    answer.refused(429, &format!("Rate limit exceeded. Try again in {seconds}s."));
    let most = most.to_string();
    assert_eq!((answer.header("x-ratelimit-limit"), answer.header("x-ratelimit-remaining")), (most.as_str(), "0"));
}
