//! Host and origin checks, CORS, and security headers.

use reqwest::{
    Method,
    header::{AUTHORIZATION, HOST, ORIGIN},
};
use serde_json::json;
use tokio::sync::OnceCell;

use crate::support::server::{Answer, Server, fresh_folder};

const PAGE: &str = "https://app.example";

/// A server that allows one foreign host and one foreign origin.
async fn shared() -> &'static Server {
    static SHARED: OnceCell<Server> = OnceCell::const_new();
    let adjust = |config: &mut server::Config| {
        config.server.allowed_hosts = vec!["memory.example".into()];
        config.server.allowed_origins = vec![PAGE.into()];
    };
    SHARED.get_or_init(|| async { Server::boot(&fresh_folder("hosts"), adjust).await }).await
}

#[tokio::test]
async fn foreign_hosts_and_origins_are_refused_on_every_route() {
    let server = shared().await;
    let user = server.user().await;
    let paths =
        ["/", "/docs", "/openapi.json", "/healthz", "/v3/memories", "/v1/dev/user/memories", "/v1/mcp", "/nowhere"];
    for path in paths {
        for method in [Method::GET, Method::POST, Method::OPTIONS, Method::DELETE] {
            for (header, value) in [(HOST, "evil.example"), (ORIGIN, "https://evil.example"), (ORIGIN, "null")] {
                let request = user.app().request(method.clone(), path).header(&header, value).json(&json!({}));
                let answer = Answer::to(request).await;
                assert_eq!(answer.status, 403, "{method} {path} {header}: {value}");
                assert!(answer.body["detail"].as_str().unwrap().contains("server.allowed_"), "{}", answer.body);
                assert_eq!(answer.header("access-control-allow-origin"), "");
            }
        }
    }
    let create = |header, value| {
        let request = user.app().request(Method::POST, "/v3/memories").header(header, value);
        Answer::to(request.json(&json!({ "content": "The kettle is blue" })))
    };
    for (header, value) in
        [(HOST, "memory.example"), (ORIGIN, "https://memory.example"), (ORIGIN, &server.url), (ORIGIN, PAGE)]
    {
        create(header, value).await.ok();
    }
}

#[tokio::test]
async fn only_allowed_pages_may_read_answers() {
    let server = shared().await;
    let user = server.user().await;
    let preflight = |origin: &str| {
        let request = user.http.request(Method::OPTIONS, format!("{}/v3/memories", user.url)).header(ORIGIN, origin);
        let request = request.header("access-control-request-method", "POST");
        Answer::to(request.header("access-control-request-headers", "authorization, content-type"))
    };
    let allowed = preflight(PAGE).await;
    assert_eq!((allowed.status, allowed.header("access-control-allow-origin")), (204, PAGE));
    assert!(allowed.header("access-control-allow-methods").contains("PATCH"));
    assert_eq!(allowed.header("access-control-allow-headers"), "authorization, content-type");
    assert_eq!(allowed.header("access-control-allow-credentials"), "");
    let near = preflight("http://localhost:5173").await;
    assert_eq!((near.status, near.header("access-control-allow-origin")), (405, ""));

    let read = |origin| Answer::to(user.app().request(Method::GET, "/v3/memories").header(ORIGIN, origin));
    let answer = read(PAGE).await;
    assert_eq!((answer.status, answer.header("access-control-allow-origin")), (200, PAGE));
    assert!(answer.header("access-control-expose-headers").contains("X-Next-Cursor"));
    assert!(answer.header("vary").contains("Origin"));
    let refused = Answer::to(user.http.get(format!("{}/v3/memories", user.url)).header(ORIGIN, PAGE)).await;
    assert_eq!((refused.status, refused.header("access-control-allow-origin")), (401, PAGE));
    assert_eq!(read("http://localhost:5173").await.header("access-control-allow-origin"), "");
}

#[tokio::test]
async fn mcp_clients_in_a_page_of_this_machine_read_answers() {
    let server = shared().await;
    let user = server.user().await;
    let requested = "authorization,content-type,mcp-protocol-version,mcp-session-id";
    let ping = json!({ "jsonrpc": "2.0", "id": 1, "method": "ping" });
    for origin in ["http://localhost:6274", "http://127.0.0.1:6274", "http://[::1]:6274"] {
        for path in ["/v1/mcp", "/v1/mcp/sse"] {
            let request = user.http.request(Method::OPTIONS, format!("{}{path}", user.url)).header(ORIGIN, origin);
            let request = request.header("access-control-request-method", "POST");
            let preflight = Answer::to(request.header("access-control-request-headers", requested)).await;
            assert_eq!((preflight.status, preflight.header("access-control-allow-origin")), (204, origin));
            assert_eq!(preflight.header("access-control-allow-headers"), requested);
        }
        let post = |key: &str| {
            let request = user.http.post(format!("{}/v1/mcp", user.url)).header(ORIGIN, origin).json(&ping);
            let accept = "application/json, text/event-stream";
            Answer::to(request.header("accept", accept).header(AUTHORIZATION, format!("Bearer {key}")))
        };
        let answer = post(&user.mcp_key).await;
        assert_eq!((answer.status, answer.header("access-control-allow-origin")), (200, origin));
        assert!(answer.header("access-control-expose-headers").contains("Mcp-Session-Id"));
        let refused = post("omi_mcp_wrong").await;
        assert_eq!((refused.status, refused.header("access-control-allow-origin")), (401, origin));
        assert!(refused.header("access-control-expose-headers").contains("WWW-Authenticate"));
        assert!(!refused.header("www-authenticate").is_empty());
    }
    let foreign = user.http.post(format!("{}/v1/mcp", user.url)).header(ORIGIN, "http://localhost.evil.example");
    assert_eq!(Answer::to(foreign.json(&ping)).await.status, 403);
}

#[tokio::test]
async fn an_origin_of_this_machine_that_is_configured_reads_every_route() {
    let adjust = |config: &mut server::Config| config.server.allowed_origins = vec!["http://localhost:6274".into()];
    let server = Server::boot(&fresh_folder("local-origin"), adjust).await;
    let user = server.user().await;
    for (origin, allowed) in [("http://localhost:6274", "http://localhost:6274"), ("http://localhost:6275", "")] {
        let answer = Answer::to(user.app().request(Method::GET, "/v3/memories").header(ORIGIN, origin)).await;
        assert_eq!((answer.status, answer.header("access-control-allow-origin")), (200, allowed));
    }
}

#[tokio::test]
async fn a_json_rpc_message_to_the_root_gets_the_address_of_the_endpoint() {
    let user = shared().await.user().await;
    let ping = json!({ "jsonrpc": "2.0", "id": 1, "method": "ping" });
    let answer = Answer::to(user.http.post(format!("{}/", user.url)).json(&ping)).await;
    assert_eq!(answer.status, 404);
    let message = format!("The MCP endpoint is {}/v1/mcp", user.url);
    assert_eq!(answer.body["error"], json!({ "code": -32601, "message": message }));
    assert_eq!((&answer.body["detail"], &answer.body["jsonrpc"]), (&json!(message), &json!("2.0")));
}

#[tokio::test]
async fn every_answer_has_security_headers() {
    let user = Server::shared().await.user().await;
    for path in [
        "/",
        "/docs",
        "/openapi.json",
        "/healthz",
        "/v3/memories",
        "/v1/mcp",
        "/v2/messages",
        "/nowhere",
        "/web/page.js",
    ] {
        for credential in [Some(&user.token), None] {
            let request = user.http.get(format!("{}{path}", user.url));
            let request = credential
                .iter()
                .fold(request, |request, token| request.header(AUTHORIZATION, format!("Bearer {token}")));
            let answer = Answer::to(request.timeout(std::time::Duration::from_secs(20))).await;
            assert_eq!(answer.header("x-content-type-options"), "nosniff", "{path}");
            assert_eq!(answer.header("x-frame-options"), "DENY", "{path}");
            assert!(answer.header("content-security-policy").contains("frame-ancestors 'none'"), "{path}");
            assert!(!answer.header("referrer-policy").is_empty(), "{path}");
            assert_eq!(answer.header("cache-control"), "no-store", "{path}");
            assert_eq!(answer.header("strict-transport-security"), "", "{path}");
            assert_eq!(answer.header("server"), "", "{path}");
        }
    }
    let docs = Answer::to(user.http.get(format!("{}/docs", user.url))).await.ok();
    assert!(docs.as_str().unwrap().contains("api-reference"));
}
