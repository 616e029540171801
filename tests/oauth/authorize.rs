//! Authorization requests: what is accepted, and how errors are reported.

use schemas::{key::KeyFamily, scope::Scope};

use super::flow::{OAuthClient, parameter};
use crate::support::server::{Answer, Server};

/// Asserts that the error is shown on a page, since there is no redirect URI to trust.
async fn assert_error_page(client: &OAuthClient, change: &[(&str, Option<&str>)], sentence: &str) {
    let answer = client.open_authorize(&with_changes(client, change)).await;
    assert_eq!((answer.status, answer.header("location")), (400, ""), "{change:?}");
    assert!(answer.body.as_str().unwrap().contains(sentence), "{change:?}: {}", answer.body);
}

fn with_changes(client: &OAuthClient, change: &[(&str, Option<&str>)]) -> std::collections::HashMap<String, String> {
    let mut asked = client.authorization_request("memories.read");
    for (name, value) in change {
        match value {
            Some(value) => drop(asked.insert((*name).to_owned(), (*value).to_owned())),
            None => drop(asked.remove(*name)),
        }
    }
    asked
}

#[tokio::test]
async fn an_unknown_client_or_address_is_shown_and_never_followed() {
    let server = Server::shared().await;
    let client = OAuthClient::added(server).await;
    assert_error_page(&client, &[("client_id", None)], "client_id is missing").await;
    assert_error_page(&client, &[("client_id", Some("nobody"))], "unknown client_id").await;
    assert_error_page(&client, &[("client_id", Some("<script>alert(1)</script>"))], "unknown client_id").await;
    let not_its_own = "is not registered for this client";
    for wrong in [
        "https://evil.example/callback",
        "https://client.example/callback/",
        "https://client.example/callback?x=1",
        "https://client.example:8443/callback",
        "https://client.example.evil.example/callback",
        "https://client.example@evil.example/callback",
        "http://client.example/callback",
        "//evil.example",
        "javascript:alert(1)",
    ] {
        assert_error_page(&client, &[("redirect_uri", Some(wrong))], not_its_own).await;
        // Not even where the rest is wrong too.
        assert_error_page(&client, &[("redirect_uri", Some(wrong)), ("response_type", Some("token"))], not_its_own)
            .await;
    }
    let address = client.authorize_url(&client.authorization_request("memories.read"));
    for twice in ["client_id=x", "redirect_uri=https://evil.example", "state=x"] {
        let answer = Answer::to(reqwest::Client::new().get(format!("{address}&{twice}"))).await;
        assert_eq!(answer.status, 400, "{twice}");
        assert!(answer.body.as_str().unwrap().contains("is given more than once"));
    }
}

#[tokio::test]
async fn errors_of_a_known_client_are_redirected() {
    let server = Server::shared().await;
    let client = OAuthClient::added(server).await;
    for (change, error) in [
        (("response_type", None), "invalid_request"),
        (("response_type", Some("token")), "unsupported_response_type"),
        (("code_challenge", None), "invalid_request"),
        (("code_challenge", Some("short")), "invalid_request"),
        (("code_challenge_method", None), "invalid_request"),
        (("code_challenge_method", Some("plain")), "invalid_request"),
        (("resource", Some("https://evil.example/v1/mcp")), "invalid_target"),
        (("resource", Some("http://127.0.0.1/v1/dev")), "invalid_target"),
        (("resource", Some("nonsense")), "invalid_target"),
        (("resource", Some("http://127.0.0.1:1/v1/mcp")), "invalid_target"),
        (("resource", Some("http://127.0.0.1:1/")), "invalid_target"),
        (("response_mode", Some("fragment")), "invalid_request"),
        (("request", Some("a.b.c")), "request_not_supported"),
        (("prompt", Some("none")), "interaction_required"),
    ] {
        let answer = client.open_authorize(&with_changes(&client, &[change])).await;
        assert_eq!(answer.status, 303, "{change:?}: {}", answer.body);
        let address = answer.header("location");
        assert!(address.starts_with("https://client.example/callback?"), "{address}");
        assert_eq!(parameter(address, "error").as_deref(), Some(error), "{change:?}");
        assert_eq!(parameter(address, "state").as_deref(), Some("a state & more"));
        assert_eq!(parameter(address, "iss").as_deref(), Some(server.url.as_str()));
        assert_eq!(parameter(address, "code"), None);
    }
}

#[tokio::test]
async fn only_the_port_of_an_app_on_this_machine_may_differ() {
    let server = Server::shared().await;
    let client = OAuthClient::at(server, "http://127.0.0.1:33418/callback").await;
    for right in ["http://127.0.0.1:33418/callback", "http://127.0.0.1:50000/callback", "http://127.0.0.1/callback"] {
        let answer = client.open_authorize(&with_changes(&client, &[("redirect_uri", Some(right))])).await;
        assert_eq!(answer.status, 200, "{right}");
    }
    for wrong in ["http://localhost:33418/callback", "http://127.0.0.1:33418/other", "https://127.0.0.1:33418/callback"]
    {
        assert_error_page(&client, &[("redirect_uri", Some(wrong))], "is not registered for this client").await;
    }
    // The only address need not be said.
    assert_eq!(client.open_authorize(&with_changes(&client, &[("redirect_uri", None)])).await.status, 200);
}

#[tokio::test]
async fn the_default_scope_is_to_read_memories() {
    let server = Server::shared().await;
    let (client, user) = (OAuthClient::added(server).await, server.user().await);
    assert_eq!(client.authorize(&user, "").await["scope"], "memories.read");
    let all: Vec<String> =
        Scope::available(KeyFamily::Mcp).iter().map(|scope| scope.spelling(KeyFamily::Mcp)).collect();
    for foreign in ["offline_access", " offline_access", "openid profile"] {
        assert_eq!(client.authorize(&user, foreign).await["scope"], all.join(" "), "what the challenge names");
    }
    let more = client.authorize(&user, "goals.read memories.write offline_access goals.read").await;
    assert_eq!(more["scope"], "memories.write goals.read");
}
