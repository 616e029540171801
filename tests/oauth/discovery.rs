//! Discovery: protected resource and authorization server metadata.

use reqwest::Method;
use serde_json::{Value, json};
use tempfile::TempDir;

use super::flow::grant_access;
use crate::{
    keys::rest::MCP_SCOPES,
    support::server::{Answer, Server},
};

async fn get(server: &Server, path: &str) -> Answer {
    Answer::to(reqwest::Client::new().get(format!("{}{path}", server.url))).await
}

#[tokio::test]
async fn the_endpoint_says_who_gives_tokens_for_it() {
    let server = Server::shared().await;
    for (suffix, endpoint) in [("", "/v1/mcp"), ("/v1/mcp", "/v1/mcp"), ("/v1/mcp/sse", "/v1/mcp/sse")] {
        let path = format!("/.well-known/oauth-protected-resource{suffix}");
        let answer = get(server, &path).await;
        assert_eq!(answer.header("content-type"), "application/json");
        let expected = json!({
            "resource": format!("{}{endpoint}", server.url),
            "authorization_servers": [server.url],
            "scopes_supported": MCP_SCOPES,
            "bearer_methods_supported": ["header"],
            "resource_name": "Recollect",
            "resource_documentation": format!("{}/docs", server.url),
        });
        assert_eq!(answer.ok(), expected, "{path}");
        let head = reqwest::Client::new().head(format!("{}{path}", server.url));
        let head = Answer::to(head).await;
        assert_eq!((head.status, head.body), (200, Value::Null));
    }
}

#[tokio::test]
async fn the_authorization_server_describes_itself() {
    let server = Server::shared().await;
    for path in ["oauth-authorization-server", "oauth-authorization-server/v1/mcp", "openid-configuration"] {
        let described = get(server, &format!("/.well-known/{path}")).await.ok();
        let base = &server.url;
        for (name, expected) in [
            ("issuer", json!(base)),
            ("authorization_endpoint", json!(format!("{base}/authorize"))),
            ("token_endpoint", json!(format!("{base}/token"))),
            ("revocation_endpoint", json!(format!("{base}/revoke"))),
            ("registration_endpoint", Value::Null),
            ("response_types_supported", json!(["code"])),
            ("grant_types_supported", json!(["authorization_code", "refresh_token"])),
            ("code_challenge_methods_supported", json!(["S256"])),
            ("scopes_supported", json!(MCP_SCOPES)),
            ("authorization_response_iss_parameter_supported", json!(true)),
            ("client_id_metadata_document_supported", json!(true)),
        ] {
            assert_eq!(described[name], expected, "{name}");
        }
        let methods = described["token_endpoint_auth_methods_supported"].as_array().unwrap();
        assert!(methods.contains(&json!("none")) && methods.contains(&json!("client_secret_post")));
    }
}

#[tokio::test]
async fn the_routes_beside_the_endpoint_challenge_too_and_those_of_sessions_do_not() {
    let server = Server::shared().await;
    let metadata = format!("resource_metadata=\"{}/.well-known/oauth-protected-resource/v1/mcp/sse\"", server.url);
    for (path, bearer, said) in [
        ("/v1/mcp/memories", None, "scope=\"memories.read"),
        ("/v1/mcp/conversations", Some("omi_oat_x"), "error=\"invalid_token\""),
    ] {
        let request = reqwest::Client::new().get(format!("{}{path}", server.url));
        let answer = Answer::to(bearer.iter().fold(request, |request, token| request.bearer_auth(token))).await;
        let challenge = answer.header("www-authenticate");
        assert!(
            answer.status == 401 && challenge.contains(&metadata) && challenge.contains(said),
            "{path}: {challenge}"
        );
    }
    for path in ["/v1/mcp/keys", "/v1/dev/user/memories", "/v3/memories"] {
        let request = reqwest::Client::new().get(format!("{}{path}", server.url)).bearer_auth("omi_oat_x");
        assert_eq!(Answer::to(request).await.header("www-authenticate"), "Bearer", "{path}");
    }
}

#[tokio::test]
async fn pages_from_anywhere_may_read_the_documents_and_ask_for_tokens_but_not_more() {
    let server = Server::shared().await;
    let (foreign, local) = ("https://inspector.example", "http://localhost:6274");
    for path in ["/token", "/register", "/revoke", "/.well-known/oauth-authorization-server"] {
        for page in [foreign, local] {
            let answer = preflight(server, path, page).await;
            assert_eq!((answer.status, answer.header("access-control-allow-origin")), (204, page), "{path}");
            assert_eq!(answer.header("access-control-allow-credentials"), "");
        }
    }
    for path in ["/authorize", "/v1/mcp"] {
        let answer = preflight(server, path, foreign).await;
        assert_eq!((answer.status, answer.header("access-control-allow-origin")), (403, ""), "{path}");
    }
    let metadata = "/.well-known/oauth-protected-resource/v1/mcp";
    for (path, page) in [("/.well-known/oauth-authorization-server", foreign), (metadata, local)] {
        let document = reqwest::Client::new().get(format!("{}{path}", server.url)).header("origin", page);
        let answer = Answer::to(document).await;
        assert_eq!((answer.status, answer.header("access-control-allow-origin")), (200, page));
    }
}

/// What a browser asks before it posts with a credential.
async fn preflight(server: &Server, path: &str, page: &str) -> Answer {
    let request = reqwest::Client::new().request(Method::OPTIONS, format!("{}{path}", server.url));
    let request = request.header("origin", page).header("access-control-request-method", "POST");
    Answer::to(request.header("access-control-request-headers", "authorization")).await
}

#[tokio::test]
async fn metadata_ignores_foreign_host_names() {
    let server = Server::shared().await;
    for path in ["/.well-known/oauth-protected-resource", "/.well-known/oauth-authorization-server"] {
        for (name, status) in [("host", 403), ("x-forwarded-host", 200)] {
            let request = reqwest::Client::new().get(format!("{}{path}", server.url)).header(name, "evil.example");
            let answer = Answer::to(request).await;
            assert_eq!(answer.status, status, "{path}");
            assert!(!answer.body.to_string().contains("https://evil"), "{path}");
            assert!(status == 403 || !answer.body.to_string().contains("evil.example"), "{path}");
        }
    }
}

#[tokio::test]
async fn a_configured_public_url_is_used_everywhere() {
    let folder = TempDir::new().unwrap();
    let server = Server::boot(folder.path(), |config| {
        config.server.public_url = Some("https://memory.example/".into());
    })
    .await;
    let described = get(&server, "/.well-known/oauth-authorization-server").await.ok();
    assert_eq!(described["issuer"], "https://memory.example");
    let request = reqwest::Client::new().post(format!("{}/v1/mcp", server.url)).header("host", "memory.example");
    let refused = Answer::to(request).await;
    let expected = "Bearer resource_metadata=\"https://memory.example/.well-known/oauth-protected-resource/v1/mcp\", ";
    assert!(refused.header("www-authenticate").starts_with(expected), "{refused:?}");
    let user = server.user().await;
    let (_, token) = grant_access(&server, &user, "memories.read").await;
    user.with(&token).get("/v1/mcp/memories").await.ok();
    server.stop().await;
}

#[tokio::test]
async fn the_endpoint_challenges_who_has_no_token() {
    let server = Server::shared().await;
    for endpoint in ["/v1/mcp", "/v1/mcp/sse"] {
        let request = || reqwest::Client::new().post(format!("{}{endpoint}", server.url)).json(&json!({}));
        let document = format!("{}/.well-known/oauth-protected-resource{endpoint}", server.url);
        let expected = format!("Bearer resource_metadata=\"{document}\", scope=\"{}\"", MCP_SCOPES.join(" "));
        let refused = Answer::to(request()).await;
        refused.refused(401, "Invalid or missing API key. Provide via Authorization header.");
        assert_eq!(
            refused.header("www-authenticate"),
            expected,
            "nothing is wrong with a credential that is not there"
        );
        for wrong in ["omi_mcp_wrong", "omi_oat_wrong", "omi_oat_ä"] {
            let refused = Answer::to(request().header("authorization", format!("Bearer {wrong}"))).await;
            let challenge = refused.headers["www-authenticate"].to_str().unwrap();
            assert!(challenge.starts_with(&expected) && challenge.contains("error=\"invalid_token\""), "{challenge}");
        }
    }
}

#[tokio::test]
async fn the_endpoint_s_description_names_oauth() {
    let server = Server::shared().await;
    let described = get(server, "/v1/mcp/sse/info").await.ok();
    assert_eq!(described["authentication"]["methods"], json!(["oauth2", "api_key"]));
    assert_eq!(described["authentication"]["oauth2"]["token_endpoint"], format!("{}/token", server.url));
}
