//! Dynamic client registration.

use reqwest::Method;
use serde_json::{Value, json};
use tempfile::TempDir;

use super::flow::{CALLBACK, OAuthClient, assert_oauth_error};
use crate::support::server::{Answer, Server};

async fn register(server: &Server, body: Value) -> Answer {
    let request = reqwest::Client::new().request(Method::POST, format!("{}/register", server.url)).json(&body);
    Answer::to(request).await
}

#[tokio::test]
async fn registration_is_off() {
    let answer = register(Server::shared().await, json!({ "redirect_uris": [CALLBACK] })).await;
    assert_oauth_error(&answer, 404, "access_denied");
}

#[tokio::test]
async fn a_client_registers_itself_where_that_is_on() {
    let folder = TempDir::new().unwrap();
    let server = Server::boot(folder.path(), |config| config.oauth.registration = true).await;
    let user = server.user().await;
    let path = format!("{}/.well-known/oauth-authorization-server", server.url);
    let described: Value = reqwest::get(path).await.unwrap().json().await.unwrap();
    assert_eq!(described["registration_endpoint"], format!("{}/register", server.url));

    let public = register(&server, json!({
        "client_name": "Some\u{202e}body", "redirect_uris": [CALLBACK], "token_endpoint_auth_method": "none",
        "grant_types": ["authorization_code", "refresh_token"], "response_types": ["code"], "scope": "memories.read",
    }))
    .await;
    assert_eq!(public.status, 201, "{}", public.body);
    assert_eq!((&public.body["client_name"], public.body.get("client_secret")), (&json!("Somebody"), None));
    let client = OAuthClient::known(&server, public.body["client_id"].as_str().unwrap(), CALLBACK);
    client.authorize(&user, "memories.read memories.write").await;

    let mut invalid = client.authorization_request("memories.read");
    invalid.insert("code_challenge_method".into(), "plain".into());
    let answer = client.open_authorize(&invalid).await;
    assert_eq!((answer.status, answer.header("location")), (400, ""), "it is not verified");

    let secret = register(&server, json!({ "redirect_uris": ["http://localhost:1/"], "client_name": "x" })).await.body;
    assert_eq!(secret["token_endpoint_auth_method"], "client_secret_basic");
    assert_eq!(secret["client_secret_expires_at"], 0);
    let mut client = OAuthClient::known(&server, secret["client_id"].as_str().unwrap(), "http://localhost:2/");
    let code = client.consent_code(&user, &client.authorization_request("")).await;
    assert_oauth_error(&client.exchange(&code).await, 401, "invalid_client");
    client.secret = Some(secret["client_secret"].as_str().unwrap().into());
    client.exchange(&code).await.ok();

    for app in ["cursor://anysphere.cursor-mcp/oauth/callback", "com.example.app:/callback"] {
        assert_eq!(register(&server, json!({ "redirect_uris": [app] })).await.status, 201, "{app}");
    }
    for (body, error) in [
        (json!({}), "invalid_redirect_uri"),
        (json!({ "redirect_uris": [] }), "invalid_redirect_uri"),
        (json!({ "redirect_uris": ["http://client.example/cb"] }), "invalid_redirect_uri"),
        (json!({ "redirect_uris": [CALLBACK, "javascript:alert(1)"] }), "invalid_redirect_uri"),
        (json!({ "redirect_uris": ["microsoft-edge:https://evil.example"] }), "invalid_redirect_uri"),
        (json!({ "redirect_uris": ["itms-services://x"] }), "invalid_redirect_uri"),
        (json!({ "redirect_uris": ["myapp://callback"] }), "invalid_redirect_uri"),
        (json!({ "redirect_uris": ["https://client.example/#x"] }), "invalid_redirect_uri"),
        (json!({ "redirect_uris": vec![CALLBACK; 21] }), "invalid_redirect_uri"),
        (json!({ "redirect_uris": CALLBACK }), "invalid_client_metadata"),
        (json!({ "redirect_uris": [CALLBACK], "grant_types": ["password"] }), "invalid_client_metadata"),
        (json!({ "redirect_uris": [CALLBACK], "response_types": ["token"] }), "invalid_client_metadata"),
        (json!({ "redirect_uris": [CALLBACK], "token_endpoint_auth_method": "tls" }), "invalid_client_metadata"),
        (json!({ "redirect_uris": [CALLBACK], "client_name": "x".repeat(20 << 10) }), "invalid_client_metadata"),
        (json!([]), "invalid_client_metadata"),
    ] {
        assert_oauth_error(&register(&server, body).await, 400, error);
    }
    server.stop().await;
}
