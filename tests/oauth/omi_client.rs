//! The old client `omi`, whose secret is an MCP key.

use reqwest::Method;
use serde_json::json;

use super::flow::{OAuthClient, assert_oauth_error, parameter};
use crate::support::server::{Answer, Server};

#[tokio::test]
async fn its_secret_comes_back_as_its_token() {
    let server = Server::shared().await;
    let user = server.user().await;
    let client = OAuthClient::known(server, "omi", "https://claude.ai/api/mcp/auth_callback");
    let answer = client.exchange_with("omi", &[("client_secret", &user.mcp_key)]).await;
    assert_eq!(answer.header("cache-control"), "no-store");
    assert_eq!(answer.ok(), json!({ "access_token": user.mcp_key, "token_type": "Bearer" }));
    let body = json!({ "client_id": "omi", "client_secret": user.mcp_key });
    let request = client.request(Method::POST, "/token").json(&body);
    assert_eq!(Answer::to(request).await.ok()["access_token"], user.mcp_key);
    for wrong in ["omi_mcp_0123", &user.developer_key, &user.token] {
        assert_oauth_error(&client.exchange_with("omi", &[("client_secret", wrong)]).await, 401, "invalid_client");
    }
    assert_oauth_error(&client.exchange("omi").await, 400, "invalid_request");
}

#[tokio::test]
async fn it_is_sent_to_known_addresses_alone() {
    let server = Server::shared().await;
    for known in [
        "https://claude.ai/api/mcp/auth_callback",
        "https://chatgpt.com/connector_platform_oauth_redirect",
        "http://localhost:7000/callback",
    ] {
        let client = OAuthClient::known(server, "omi", known);
        let answer = client.open_authorize(&client.authorization_request("")).await;
        assert_eq!(answer.status, 303, "{known}: {}", answer.body);
        let address = answer.header("location");
        assert!(address.starts_with(&format!("{known}?code=omi&state=a+state")), "{address}");
        assert_eq!(parameter(address, "iss").as_deref(), Some(server.url.as_str()));
    }
    for wrong in ["https://evil.example/", "https://claude.ai/elsewhere", "http://localhost.evil.example/callback", ""]
    {
        let client = OAuthClient::known(server, "omi", wrong);
        let answer = client.open_authorize(&client.authorization_request("")).await;
        assert_eq!((answer.status, answer.header("location")), (400, ""), "{wrong}");
    }
}
