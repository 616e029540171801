//! HTTP: unknown paths, wrong methods, HEAD, and invalid bodies.

use reqwest::Method;
use serde_json::{Value, json};

use crate::support::{
    json::assert_invalid,
    server::{Answer, Server},
};

#[tokio::test]
async fn unknown_paths_and_wrong_methods() {
    let user = Server::shared().await.user().await;
    for path in ["/nowhere", "/v1/dev/user", "/v3/memories/a/b/c", "/v3/memories/", "/v1/dev/user/memories/vector/"] {
        user.app().get(path).await.refused(404, "Not Found");
    }
    let cases = [
        (Method::PUT, "/v3/memories", "DELETE, GET, HEAD, POST"),
        (Method::POST, "/v3/memories/x", "DELETE, GET, HEAD, PATCH"),
        (Method::GET, "/v3/memories/batch", "DELETE, POST"),
        (Method::GET, "/v3/memories/x/visibility", "PATCH"),
        (Method::PATCH, "/v1/dev/user/memories", "DELETE, GET, HEAD, POST"),
        (Method::POST, "/v1/dev/user/memories/vector/search", "GET, HEAD"),
        (Method::POST, "/v1/dev/user/memories/from_segments", "DELETE, GET, HEAD, PATCH"),
        (Method::DELETE, "/v1/mcp/memories", "GET, HEAD, POST"),
        (Method::DELETE, "/v1/dev/keys", "GET, HEAD, POST"),
        (Method::GET, "/v1/mcp/keys/x", "DELETE"),
        (Method::POST, "/healthz", "GET, HEAD"),
        (Method::PATCH, "/v2/messages", "DELETE, GET, HEAD, POST"),
    ];
    for (method, path, allowed) in cases {
        let answer = user.app().bare(method.clone(), path).await;
        answer.refused(405, "Method Not Allowed");
        assert_eq!(answer.header("allow"), allowed, "{method} {path}");
    }
}

#[tokio::test]
async fn head_answers_as_get_without_a_body() {
    let user = Server::shared().await.user().await;
    for path in ["/v3/memories", "/healthz"] {
        let answer = user.app().bare(Method::HEAD, path).await;
        assert_eq!((answer.status, answer.body), (200, Value::Null), "{path}");
        assert!(answer.headers["content-type"].to_str().unwrap().starts_with("application/json"));
    }
    let answer = user.developer().bare(Method::HEAD, "/v1/dev/user/memories/unknown").await;
    assert_eq!((answer.status, answer.body), (404, Value::Null));
}

#[tokio::test]
async fn bodies_that_are_none() {
    let user = Server::shared().await.user().await;
    let cases = [
        (user.app(), Method::POST, "/v3/memories"),
        (user.app(), Method::PATCH, "/v3/memories/x"),
        (user.app(), Method::DELETE, "/v3/memories/batch"),
        (user.developer(), Method::POST, "/v1/dev/user/memories"),
        (user.developer(), Method::POST, "/v1/dev/user/memories/batch"),
        (user.developer(), Method::PATCH, "/v1/dev/user/memories/x"),
        (user.mcp(), Method::POST, "/v1/mcp/memories"),
        (user.app(), Method::POST, "/v1/dev/keys"),
    ];
    for (caller, method, path) in cases {
        let send = async |body: Vec<u8>| Answer::to(caller.request(method.clone(), path).body(body)).await;
        let broken = send(br#"{"content": }"#.to_vec()).await;
        assert_invalid(&broken, &[("json_invalid", json!(["body", 12]))]);
        assert_eq!(broken.body["detail"][0]["msg"], "JSON decode error");
        assert!(broken.body["detail"][0]["ctx"]["error"].is_string());
        assert_invalid(&send(b"{\"content\": \"\xff\"}".to_vec()).await, &[("json_invalid", json!(["body", 13]))]);
        assert_invalid(&send(b"[1]".to_vec()).await, &[("model_attributes_type", json!(["body"]))]);
        let large = send(vec![b' '; (1 << 20) + 1]).await;
        large.refused(413, "The request body is larger than 1048576 bytes");
        if method == Method::POST {
            assert_invalid(&send(Vec::new()).await, &[("missing", json!(["body"]))]);
        }
    }
}

#[tokio::test]
async fn a_body_needs_no_content_type() {
    let user = Server::shared().await.user().await;
    let request = user.developer().request(Method::POST, "/v1/dev/user/memories").body(r#"{"content": "Ana rows"}"#);
    assert_eq!(Answer::to(request).await.ok()["content"], "Ana rows");
}

#[tokio::test]
async fn health_needs_no_sign_in() {
    let server = Server::shared().await;
    let answer = Answer::to(reqwest::Client::new().get(format!("{}/healthz", server.url))).await.ok();
    assert_eq!((&answer["status"], &answer["model"]), (&json!("ok"), &Value::Null));
    assert_eq!((&answer["embedder"], &answer["version"]), (&json!("all-MiniLM-L6-v2"), &json!("0.1.0")));
    assert!(answer["index"]["pending"].is_u64());
}
