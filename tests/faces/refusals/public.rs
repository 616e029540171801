//! Public routes, and what each answers without a credential: its content, or a refusal.

use reqwest::{Client, Method, header::CONTENT_TYPE, redirect::Policy};
use serde_json::Value;

use crate::support::server::{Answer, Server};

/// The body of a request without a credential.
pub(super) enum Body {
    Empty,
    Form(&'static str),
    Json(&'static str),
}

use Body::{Empty, Form, Json};

/// A route, the URL where it differs from the route's path, the body, and the status and a part of the answer.
pub(super) type PublicRoute = (&'static str, &'static str, Body, u16, &'static str);

const METADATA: &str = "\"code_challenge_methods_supported\"";
const UNKNOWN_SIGN_IN: &str = "This sign-in is unknown or has expired";

pub(super) const PUBLIC_ROUTES: &[PublicRoute] = &[
    ("GET /", "", Empty, 200, "<title>Recollect</title>"),
    ("POST /", "", Empty, 404, "The MCP endpoint is"),
    ("GET /docs", "", Empty, 200, "id=\"api-reference\""),
    ("GET /healthz", "", Empty, 200, "\"index\""),
    ("GET /openapi.json", "", Empty, 200, "\"openapi\""),
    ("GET /web/consent.css", "", Empty, 200, ".consent"),
    ("GET /web/page.js", "", Empty, 200, "document.getElementById"),
    ("GET /web/style.css", "", Empty, 200, ":root"),
    // OAuth metadata.
    ("GET /v1/mcp/sse/info", "", Empty, 200, "\"authentication\""),
    ("GET /.well-known/oauth-protected-resource", "", Empty, 200, "/v1/mcp\""),
    ("GET /.well-known/oauth-protected-resource/v1/mcp", "", Empty, 200, "/v1/mcp\""),
    ("GET /.well-known/oauth-protected-resource/v1/mcp/sse", "", Empty, 200, "/v1/mcp/sse\""),
    ("GET /.well-known/oauth-authorization-server", "", Empty, 200, METADATA),
    ("GET /.well-known/oauth-authorization-server/v1/mcp", "", Empty, 200, METADATA),
    ("GET /.well-known/oauth-authorization-server/v1/mcp/sse", "", Empty, 200, METADATA),
    ("GET /.well-known/openid-configuration", "", Empty, 200, METADATA),
    ("GET /.well-known/openid-configuration/v1/mcp", "", Empty, 200, METADATA),
    ("GET /.well-known/openid-configuration/v1/mcp/sse", "", Empty, 200, METADATA),
    // OAuth routes, called by no known client.
    ("GET /authorize", "", Empty, 400, "client_id is missing"),
    ("POST /authorize", "", Form(""), 400, "client_id is missing"),
    ("GET /authorize/signed-in", "/authorize/signed-in?code=x", Empty, 400, UNKNOWN_SIGN_IN),
    ("POST /token", "", Form(""), 400, "\"invalid_request\""),
    ("POST /revoke", "", Form(""), 400, "\"invalid_request\""),
    (
        "POST /register",
        "",
        Json(r#"{"redirect_uris": ["https://client.example/"]}"#),
        404,
        "Client registration is disabled",
    ),
    // Signing in with a browser.
    (
        "GET /v1/auth/authorize",
        "/v1/auth/authorize?provider=google&redirect_uri=https%3A%2F%2Fevil.example%2F",
        Empty,
        400,
        "redirect_uri is not allowed",
    ),
    ("GET /v1/auth/callback/{provider}", "/v1/auth/callback/google?state=x&code=x", Empty, 400, UNKNOWN_SIGN_IN),
    (
        "POST /v1/auth/token",
        "",
        Form("grant_type=authorization_code&code=x&redirect_uri=http%3A%2F%2F127.0.0.1%2F"),
        400,
        "Invalid or expired code",
    ),
    ("GET /v1/oauth/authorize", "/v1/oauth/authorize?app_id=unknown", Empty, 404, "App not found"),
    ("POST /v1/oauth/authorize", "", Form("app_id=unknown&account=x&password=x"), 404, "App not found"),
    ("POST /v1/oauth/token", "", Form("firebase_id_token=x&app_id=unknown"), 401, "Invalid authorization token"),
    // Sign-in with a secret.
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
    // Shared items.
    ("GET /v1/action-items/shared/{token}", "/v1/action-items/shared/x", Empty, 404, "Shared action items not found"),
    ("GET /v1/conversations/{conversation_id}/shared", "/v1/conversations/x/shared", Empty, 404, "is private"),
    ("GET /v1/public-conversations", "", Empty, 200, "["),
    ("GET /v2/messages/shared/{token}", "/v2/messages/shared/x", Empty, 404, "Shared messages not found"),
];

#[tokio::test]
async fn public_routes_answer_without_a_credential() {
    let url = &Server::shared().await.url;
    let http = Client::builder().redirect(Policy::none()).build().unwrap();
    for (name, address, body, status, says) in PUBLIC_ROUTES {
        let (method, path) = name.split_once(' ').unwrap();
        let address = if address.is_empty() { path } else { *address };
        let request = http.request(method.parse::<Method>().unwrap(), format!("{url}{address}"));
        let answer = Answer::to(match body {
            Empty => request,
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
