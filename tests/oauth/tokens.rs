//! Tokens: exchange, refresh, reuse detection, revocation.

use base64::{Engine, engine::general_purpose::STANDARD};
use reqwest::header::AUTHORIZATION;
use serde_json::{Value, json};

use super::{
    flow::{CALLBACK, OAuthClient, assert_oauth_error},
    support::add_client,
};
use crate::{
    keys::rest::MCP_SCOPES,
    support::{
        database::ServerWithDatabase,
        server::{Answer, Server, TestUser},
    },
};

fn text(tokens: &Value, name: &str) -> String {
    tokens[name].as_str().unwrap().to_owned()
}

/// Whether an access token is accepted.
async fn works(user: &TestUser, tokens: &Value) -> bool {
    let answer = user.with(&text(tokens, "access_token")).get("/v1/mcp/memories").await;
    assert!(matches!(answer.status, 200 | 401), "{answer:?}");
    answer.status == 200
}

#[tokio::test]
async fn a_code_is_good_for_tokens() {
    let server = Server::shared().await;
    let (client, user) = (OAuthClient::added(server).await, server.user().await);
    let code = client.consent_code(&user, &client.authorization_request("memories.read goals.read")).await;
    let answer = client.exchange(&code).await;
    assert_eq!((answer.header("cache-control"), answer.header("content-type")), ("no-store", "application/json"));
    let tokens = answer.ok();
    assert_eq!((&tokens["token_type"], &tokens["expires_in"]), (&json!("Bearer"), &json!(3600)));
    assert_eq!(tokens["scope"], "memories.read goals.read");
    assert!(text(&tokens, "access_token").starts_with("omi_oat_"));
    assert!(text(&tokens, "refresh_token").starts_with("omi_ort_"));
    assert!(works(&user, &tokens).await);
}

#[tokio::test]
async fn a_code_used_twice_ends_what_came_of_it() {
    let server = Server::shared().await;
    let (client, user) = (OAuthClient::added(server).await, server.user().await);
    let code = client.consent_code(&user, &client.authorization_request("")).await;
    let tokens = client.exchange(&code).await.ok();
    assert!(works(&user, &tokens).await);
    assert_oauth_error(&client.exchange(&code).await, 400, "invalid_grant");
    assert!(!works(&user, &tokens).await);
    assert_oauth_error(&client.refresh(&text(&tokens, "refresh_token")).await, 400, "invalid_grant");
    assert_eq!(user.app().get("/v1/mcp/oauth/grants").await.ok(), json!([]));
}

#[tokio::test]
async fn a_code_is_for_one_even_when_many_come_at_once() {
    let server = Server::shared().await;
    let (client, user) = (OAuthClient::added(server).await, server.user().await);
    let code = client.consent_code(&user, &client.authorization_request("")).await;
    let answers = futures::future::join_all((0..8).map(|_| client.exchange(&code))).await;
    assert!(answers.iter().filter(|answer| answer.status == 200).count() <= 1);
    assert_eq!(user.app().get("/v1/mcp/oauth/grants").await.ok(), json!([]), "what came of it is revoked");
}

#[tokio::test]
async fn a_code_is_bound_to_its_verifier() {
    let server = Server::shared().await;
    let (client, user) = (OAuthClient::added(server).await, server.user().await);
    let other = OAuthClient::added(server).await;
    let endpoint = format!("{}/v1/mcp", server.url);
    let mut asked = client.authorization_request("");
    asked.insert("resource".into(), endpoint.clone());
    let code = client.consent_code(&user, &asked).await;
    let verifier = "x".repeat(64);
    for (others, error) in [
        (&[("code_verifier", verifier.as_str())][..], "invalid_grant"),
        (&[("code_verifier", "short")], "invalid_request"),
        (&[("code_verifier", "")], "invalid_request"),
        (&[("redirect_uri", "https://evil.example/callback")], "invalid_grant"),
        (&[("client_id", &other.id)], "invalid_grant"),
        (&[("resource", "https://evil.example/v1/mcp")], "invalid_target"),
        (&[("code", "omi_oac_wrong")], "invalid_grant"),
        (&[("code", "omi")], "invalid_grant"),
        (&[("code", "")], "invalid_request"),
        (&[("grant_type", "password")], "unsupported_grant_type"),
        (&[("grant_type", "")], "invalid_request"),
        (&[("client_id", "")], "invalid_request"),
    ] {
        assert_oauth_error(&client.exchange_with(&code, others).await, 400, error);
    }
    assert_oauth_error(&client.exchange_with(&code, &[("client_id", "nobody")]).await, 401, "invalid_client");
    let tokens = client.exchange_with(&code, &[("resource", &format!("{endpoint}/"))]).await.ok();
    assert!(works(&user, &tokens).await, "nothing of that has used the code up");
}

#[tokio::test]
async fn a_code_may_come_as_json() {
    let server = Server::shared().await;
    let (client, user) = (OAuthClient::added(server).await, server.user().await);
    let code = client.consent_code(&user, &client.authorization_request("")).await;
    let body = json!({
        "grant_type": "authorization_code", "code": code, "client_id": client.id, "code_verifier": client.verifier,
    });
    let request = client.request(reqwest::Method::POST, "/token").json(&body);
    assert!(works(&user, &Answer::to(request).await.ok()).await);
}

#[tokio::test]
async fn a_refresh_token_is_used_once() {
    let server = Server::shared().await;
    let (client, user) = (OAuthClient::added(server).await, server.user().await);
    let first = client.authorize(&user, "memories.read memories.write").await;
    let second = client.refresh(&text(&first, "refresh_token")).await.ok();
    assert_eq!(second["scope"], "memories.read memories.write");
    assert_ne!(text(&first, "refresh_token"), text(&second, "refresh_token"));
    assert!(works(&user, &first).await && works(&user, &second).await);
    let third = client.refresh(&text(&second, "refresh_token")).await.ok();
    let sentence = assert_oauth_error(&client.refresh(&text(&first, "refresh_token")).await, 400, "invalid_grant");
    assert!(sentence.contains("used before"), "{sentence}");
    for tokens in [&first, &second, &third] {
        assert!(!works(&user, tokens).await);
    }
    assert_oauth_error(&client.refresh(&text(&third, "refresh_token")).await, 400, "invalid_grant");
    assert_eq!(user.app().get("/v1/mcp/oauth/grants").await.ok(), json!([]));
}

#[tokio::test]
async fn a_refresh_whose_answer_was_lost_is_answered_again() {
    let server = Server::shared().await;
    let (client, user) = (OAuthClient::added(server).await, server.user().await);
    let first = client.authorize(&user, "").await;
    let answers =
        futures::future::join_all((0..4).map(|_| client.refresh(first["refresh_token"].as_str().unwrap()))).await;
    let tokens: Vec<Value> = answers.into_iter().map(Answer::ok).collect();
    for tokens_again in &tokens {
        assert_eq!(tokens_again["refresh_token"], tokens[0]["refresh_token"], "a grant has one line of tokens");
        assert!(works(&user, tokens_again).await);
    }
    client.refresh(&text(&tokens[0], "refresh_token")).await.ok();
    assert_eq!(user.app().get("/v1/mcp/oauth/grants").await.ok().as_array().unwrap().len(), 1);
}

#[tokio::test]
async fn a_refresh_token_is_for_its_client_and_its_scopes() {
    let server = Server::shared().await;
    let (client, user) = (OAuthClient::added(server).await, server.user().await);
    let other = OAuthClient::added(server).await;
    let tokens = client.authorize(&user, "memories.read memories.write").await;
    let refresh = text(&tokens, "refresh_token");
    assert_oauth_error(&other.refresh(&refresh).await, 400, "invalid_grant");
    assert_oauth_error(&client.refresh("omi_ort_wrong").await, 400, "invalid_grant");
    assert_oauth_error(&client.refresh(&text(&tokens, "access_token")).await, 400, "invalid_grant");
    assert_oauth_error(&client.refresh_with(&refresh, &[("scope", "goals.read")]).await, 400, "invalid_scope");
    assert_oauth_error(
        &client.refresh_with(&refresh, &[("resource", "https://evil.example/v1/mcp")]).await,
        400,
        "invalid_target",
    );
    let whole = client.refresh_with(&refresh, &[("scope", "offline_access")]).await.ok();
    assert_ne!(whole["scope"], "", "who names no scope of the server's keeps all");
    let refresh = text(&whole, "refresh_token");
    let narrow = client.refresh_with(&refresh, &[("scope", "memories.read")]).await.ok();
    assert_eq!(narrow["scope"], "memories.read");
    let writer = user.with(&text(&narrow, "access_token"));
    let refused = writer.post("/v1/mcp/memories", json!({ "content": "x" })).await;
    refused.refused(403, "Insufficient permissions. Required scope: memories.write");
    let wide = client.refresh(&text(&narrow, "refresh_token")).await.ok();
    assert_eq!(wide["scope"], "memories.read memories.write", "what was granted is still granted");
}

#[tokio::test]
async fn scopes_of_other_servers_are_ignored_and_the_granted_ones_are_reported() {
    let server = Server::shared().await;
    let (client, user) = (OAuthClient::added(server).await, server.user().await);
    let all = MCP_SCOPES.join(" ");
    for (requested, granted) in [
        ("openid email profile memories.read offline_access", "memories.read"),
        ("memories.read memories.erase https://other.example/scope", "memories.read"),
        (" offline_access", all.as_str()),
        ("openid profile", all.as_str()),
        ("", "memories.read"),
    ] {
        let tokens = client.authorize(&user, requested).await;
        assert_eq!(tokens["scope"], granted, "{requested:?}");
        assert!(works(&user, &tokens).await);
        let refreshed = client.refresh_with(&text(&tokens, "refresh_token"), &[("scope", requested)]).await.ok();
        assert_eq!(refreshed["scope"], granted, "{requested:?} again");
    }
}

#[tokio::test]
async fn the_origin_of_the_server_means_its_mcp_endpoint() {
    let server = Server::shared().await;
    let (client, user) = (OAuthClient::added(server).await, server.user().await);
    let (origin, endpoint) = (server.url.clone(), format!("{}/v1/mcp", server.url));
    let forms =
        [origin.clone(), format!("{origin}/"), endpoint.clone(), format!("{endpoint}/"), format!("{endpoint}/sse")];
    for (first, second) in forms.iter().zip(forms.iter().rev()) {
        let mut asked = client.authorization_request("memories.read");
        asked.insert("resource".into(), first.clone());
        let code = client.consent_code(&user, &asked).await;
        let tokens = client.exchange_with(&code, &[("resource", second)]).await.ok();
        assert!(works(&user, &tokens).await, "{first} {second}");
        let next = client.refresh_with(&text(&tokens, "refresh_token"), &[("resource", first)]).await.ok();
        assert!(works(&user, &next).await, "{first} {second}");
        let other_port = [("resource", "http://127.0.0.1:1/v1/mcp")];
        let refused = client.refresh_with(&text(&next, "refresh_token"), &other_port).await;
        assert_oauth_error(&refused, 400, "invalid_target");
    }
}

/// Several windows of one client share its tokens.
#[tokio::test]
async fn a_late_second_use_of_the_previous_refresh_token_is_answered_for_some_minutes() {
    let setup = ServerWithDatabase::boot(|_| {}).await;
    let (server, database) = (&setup.server, &setup.database);
    let (client, user) = (OAuthClient::added(server).await, server.user().await);
    let first = client.authorize(&user, "memories.read").await;
    let second = client.refresh(&text(&first, "refresh_token")).await.ok();
    database.sql("UPDATE oauth_grant SET rotated_at = rotated_at - 4m").await;
    let late = client.refresh(&text(&first, "refresh_token")).await.ok();
    assert_eq!(late["refresh_token"], second["refresh_token"]);
    for tokens in [&first, &second, &late] {
        assert!(works(&user, tokens).await);
    }
    let third = client.refresh(&text(&second, "refresh_token")).await.ok();
    database.sql("UPDATE oauth_grant SET rotated_at = rotated_at - 5m").await;
    assert_oauth_error(&client.refresh(&text(&second, "refresh_token")).await, 400, "invalid_grant");
    assert!(!works(&user, &third).await, "one of the two is in the wrong hands");
    assert_oauth_error(&client.refresh(&text(&third, "refresh_token")).await, 400, "invalid_grant");
    setup.stop().await;
}

#[tokio::test]
async fn a_client_with_a_secret_has_to_know_it() {
    let server = Server::shared().await;
    let user = server.user().await;
    let made = add_client(server, CALLBACK, true).await;
    let mut client = OAuthClient::known(server, &made.client.id, CALLBACK);
    let code = client.consent_code(&user, &client.authorization_request("")).await;
    let refused = client.exchange(&code).await;
    assert_oauth_error(&refused, 401, "invalid_client");
    assert!(refused.header("www-authenticate").starts_with("Basic"));
    assert_oauth_error(
        &client.exchange_with(&code, &[("client_secret", "omi_ocs_wrong")]).await,
        401,
        "invalid_client",
    );
    let secret = made.secret.unwrap();
    let basic = |secret: &str| format!("Basic {}", STANDARD.encode(format!("{}:{secret}", client.id)));
    let form = [("grant_type", "authorization_code"), ("code", &code), ("code_verifier", &client.verifier)];
    let with = |header: String| Answer::to(client.form("/token", &form).header(AUTHORIZATION, header));
    assert_oauth_error(&with(basic("wrong")).await, 401, "invalid_client");
    assert_oauth_error(&with("Bearer x".into()).await, 401, "invalid_client");
    let tokens = with(basic(&secret)).await.ok();
    client.secret = Some(secret);
    client.refresh(&text(&tokens, "refresh_token")).await.ok();
}

#[tokio::test]
async fn a_token_can_be_given_back() {
    let server = Server::shared().await;
    let (client, user) = (OAuthClient::added(server).await, server.user().await);
    let other = OAuthClient::added(server).await;
    let give_back = async |client: &OAuthClient, token: &str| {
        Answer::to(client.form("/revoke", &[("client_id", &client.id), ("token", token)])).await
    };
    let tokens = client.authorize(&user, "").await;
    let (access, refresh) = (text(&tokens, "access_token"), text(&tokens, "refresh_token"));
    assert_oauth_error(&give_back(&other, &access).await, 400, "invalid_grant");
    assert_oauth_error(&give_back(&other, &refresh).await, 400, "invalid_grant");
    assert!(works(&user, &tokens).await);
    assert_eq!(give_back(&client, &access).await.status, 200);
    assert!(!works(&user, &tokens).await);
    let next = client.refresh(&refresh).await.ok();
    assert!(works(&user, &next).await);
    assert_eq!(give_back(&client, &text(&next, "refresh_token")).await.status, 200);
    assert!(!works(&user, &next).await);
    for unknown in [access.as_str(), refresh.as_str(), "nonsense"] {
        assert_eq!(give_back(&client, unknown).await.status, 200, "what is not there is as good as revoked");
    }
    assert_eq!(user.app().get("/v1/mcp/oauth/grants").await.ok(), json!([]));
}

#[tokio::test]
async fn tokens_end_when_their_time_has_come() {
    let folder = tempfile::TempDir::new().unwrap();
    let server = Server::boot(folder.path(), |config| {
        config.oauth.access_seconds = 1;
        config.oauth.code_seconds = 1;
    })
    .await;
    let (client, user) = (OAuthClient::added(&server).await, server.user().await);
    let stale = client.consent_code(&user, &client.authorization_request("")).await;
    let tokens = client.authorize(&user, "").await;
    while works(&user, &tokens).await {
        tokio::time::sleep(std::time::Duration::from_millis(50)).await;
    }
    assert_oauth_error(&client.exchange(&stale).await, 400, "invalid_grant");
    let next = client.refresh(&text(&tokens, "refresh_token")).await.ok();
    assert_eq!(next["expires_in"], 1);
    let grant = user.app().get("/v1/mcp/oauth/grants").await.ok()[0]["id"].as_str().unwrap().to_owned();
    assert_eq!(user.app().delete(&format!("/v1/mcp/oauth/grants/{grant}")).await.status, 204);
    assert_oauth_error(&client.refresh(&text(&next, "refresh_token")).await, 400, "invalid_grant");
    server.stop().await;
}
