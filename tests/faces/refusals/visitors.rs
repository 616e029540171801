//! The routes that open to everybody, and what each says to whoever has nothing to show: what it is there to tell, or
//! no.

use reqwest::{Client, Method, header::CONTENT_TYPE, redirect::Policy};
use serde_json::Value;

use crate::support::server::{Answer, Server};

/// What a visitor brings.
pub(super) enum Brought {
    Bare,
    Form(&'static str),
    Json(&'static str),
}

use Brought::{Bare, Form, Json};

/// A route, the address that is opened where it is another than the route's path, what is brought there, and the status
/// and a part of the answer.
pub(super) type Visit = (&'static str, &'static str, Brought, u16, &'static str);

const METADATA: &str = "\"code_challenge_methods_supported\"";
const STRANGE_SIGN_IN: &str = "This sign-in is not known here";

pub(super) const VISITS: &[Visit] = &[
    ("GET /", "", Bare, 200, "<title>Recollect</title>"),
    ("GET /docs", "", Bare, 200, "id=\"api-reference\""),
    ("GET /healthz", "", Bare, 200, "\"index\""),
    ("GET /openapi.json", "", Bare, 200, "\"openapi\""),
    ("GET /web/consent.css", "", Bare, 200, ".consent"),
    ("GET /web/page.js", "", Bare, 200, "document.getElementById"),
    ("GET /web/style.css", "", Bare, 200, ":root"),
    // How clients find the way in.
    ("GET /v1/mcp/sse/info", "", Bare, 200, "\"authentication\""),
    ("GET /.well-known/oauth-protected-resource", "", Bare, 200, "/v1/mcp\""),
    ("GET /.well-known/oauth-protected-resource/v1/mcp", "", Bare, 200, "/v1/mcp\""),
    ("GET /.well-known/oauth-protected-resource/v1/mcp/sse", "", Bare, 200, "/v1/mcp/sse\""),
    ("GET /.well-known/oauth-authorization-server", "", Bare, 200, METADATA),
    ("GET /.well-known/oauth-authorization-server/v1/mcp", "", Bare, 200, METADATA),
    ("GET /.well-known/oauth-authorization-server/v1/mcp/sse", "", Bare, 200, METADATA),
    ("GET /.well-known/openid-configuration", "", Bare, 200, METADATA),
    ("GET /.well-known/openid-configuration/v1/mcp", "", Bare, 200, METADATA),
    ("GET /.well-known/openid-configuration/v1/mcp/sse", "", Bare, 200, METADATA),
    // The way in, for whoever is none of the clients.
    ("GET /authorize", "", Bare, 400, "client_id is missing"),
    ("POST /authorize", "", Form(""), 400, "client_id is missing"),
    ("GET /authorize/signed-in", "/authorize/signed-in?code=x", Bare, 400, STRANGE_SIGN_IN),
    ("POST /token", "", Form(""), 400, "\"invalid_request\""),
    ("POST /revoke", "", Form(""), 400, "\"invalid_request\""),
    (
        "POST /register",
        "",
        Json(r#"{"redirect_uris": ["https://client.example/"]}"#),
        404,
        "do not register themselves",
    ),
    // Signing in with a browser.
    (
        "GET /v1/auth/authorize",
        "/v1/auth/authorize?provider=google&redirect_uri=https%3A%2F%2Fevil.example%2F",
        Bare,
        400,
        "redirect_uri is not one that browsers may be sent to",
    ),
    ("GET /v1/auth/callback/{provider}", "/v1/auth/callback/google?state=x&code=x", Bare, 400, STRANGE_SIGN_IN),
    (
        "POST /v1/auth/token",
        "",
        Form("grant_type=authorization_code&code=x&redirect_uri=http%3A%2F%2F127.0.0.1%2F"),
        400,
        "Invalid or expired code",
    ),
    ("GET /v1/oauth/authorize", "/v1/oauth/authorize?app_id=unknown", Bare, 404, "App not found"),
    ("POST /v1/oauth/authorize", "", Form("app_id=unknown&account=x&password=x"), 404, "App not found"),
    ("POST /v1/oauth/token", "", Form("firebase_id_token=x&app_id=unknown"), 401, "Invalid authorization token"),
    // Signing in with what only one knows.
    (
        "POST /v1/auth/login",
        "",
        Json(r#"{"account": "a visitor", "password": "a guess"}"#),
        401,
        "The name or the password is wrong",
    ),
    (
        "POST /v1/auth/sign-up",
        "",
        Json(r#"{"name": "Eve", "email": "eve@visitors.example", "password": "long enough"}"#),
        403,
        "Sign-up is by invitation only",
    ),
    (
        "POST /v1/auth/invitations/accept",
        "",
        Json(r#"{"code": "omi_invite_x", "password": "long enough"}"#),
        404,
        "Invitation not found",
    ),
    ("POST /v1/auth/refresh", "", Json(r#"{"refresh_token": "omi_refresh_x"}"#), 401, "Invalid refresh token"),
    ("POST /v1/auth/logout", "", Json(r#"{"refresh_token": "omi_refresh_x"}"#), 200, "\"success\""),
    // What others have shared.
    ("GET /v1/action-items/shared/{token}", "/v1/action-items/shared/x", Bare, 404, "Shared action items not found"),
    ("GET /v1/conversations/{conversation_id}/shared", "/v1/conversations/x/shared", Bare, 404, "is private"),
    ("GET /v1/public-conversations", "", Bare, 200, "["),
    ("GET /v2/messages/shared/{token}", "/v2/messages/shared/x", Bare, 404, "Shared messages not found"),
];

#[tokio::test]
async fn visitors_hear_what_is_for_them_and_are_sent_nowhere() {
    let url = &Server::shared().await.url;
    let http = Client::builder().redirect(Policy::none()).build().unwrap();
    for (name, address, brought, status, says) in VISITS {
        let (method, path) = name.split_once(' ').unwrap();
        let address = if address.is_empty() { path } else { *address };
        let request = http.request(method.parse::<Method>().unwrap(), format!("{url}{address}"));
        let answer = Answer::to(match brought {
            Bare => request,
            Form(fields) => request.header(CONTENT_TYPE, "application/x-www-form-urlencoded").body(*fields),
            Json(object) => request.header(CONTENT_TYPE, "application/json").body(*object),
        });
        let answer = answer.await;
        let text = match &answer.body {
            Value::String(text) => text.clone(),
            body => body.to_string(),
        };
        assert_eq!((answer.status, answer.header("location")), (*status, ""), "{name}: {text}");
        assert!(text.contains(says), "{name} does not say {says}: {text}");
    }
}
