//! Limits of addresses, headers, bodies, nesting, pages, streams and connections.

use std::time::Duration;

use reqwest::{
    Body, Method,
    header::{ACCEPT, CONTENT_TYPE},
};
use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
};

use crate::support::server::{Answer, Server, TestUser};

/// The most that a page may have.
const MAX_PAGE: u64 = 1000;

/// Each operation of the document, with its method and path.
fn operations(document: &Value) -> Vec<(&str, &str, &Value)> {
    let paths = document["paths"].as_object().unwrap();
    let methods = ["get", "post", "patch", "put", "delete"];
    let within =
        |(path, item)| methods.iter().filter_map(move |method| Some((*method, path, Value::get(item, *method)?)));
    paths.iter().map(|(path, item)| (path.as_str(), item)).flat_map(within).collect()
}

/// The schema that a reference leads to, or itself.
fn resolve<'a>(document: &'a Value, schema: &'a Value) -> &'a Value {
    let reference = schema["$ref"].as_str().and_then(|reference| reference.strip_prefix('#'));
    reference.map_or(schema, |pointer| document.pointer(pointer).unwrap())
}

/// The largest value of a parameter or field: a bound that is enforced, or one that values beyond are pulled to.
fn maximum(described: &Value) -> Option<u64> {
    let bound = described["maximum"].as_u64().or_else(|| described["schema"]["maximum"].as_u64());
    let pulled =
        || described["description"].as_str()?.split_once("A number outside 1 to ")?.1.split(' ').next()?.parse().ok();
    bound.or_else(pulled)
}

#[test]
fn every_page_has_a_largest_size() {
    let document = server::openapi_document();
    let mut seen = 0;
    for (method, path, operation) in operations(&document) {
        let parameters = operation["parameters"].as_array().into_iter().flatten();
        let parameters = parameters.map(|parameter| (parameter["name"].as_str().unwrap(), parameter));
        let body = resolve(&document, &operation["requestBody"]["content"]["application/json"]["schema"]);
        let fields = body["properties"].as_object().into_iter().flatten().map(|(name, schema)| (name.as_str(), schema));
        for (name, described) in parameters.chain(fields).filter(|(name, _)| matches!(*name, "limit" | "per_page")) {
            let most =
                maximum(described).unwrap_or_else(|| panic!("{method} {path}: {name} has no maximum: {described}"));
            assert!(most <= MAX_PAGE, "{method} {path}: {name} may be {most}");
            seen += 1;
        }
    }
    assert!(seen > 20, "{seen}");
}

#[test]
fn every_list_that_is_sent_has_a_largest_length() {
    let document = server::openapi_document();
    for (method, path, operation) in operations(&document) {
        let schema = resolve(&document, &operation["requestBody"]["content"]["application/json"]["schema"]);
        let fields = schema["properties"].as_object().into_iter().flatten();
        let lists = fields.map(|(name, schema)| (name.as_str(), schema)).chain([("the body", schema)]);
        for (name, list) in lists.filter(|(_, schema)| schema["type"] == "array") {
            assert!(list["maxItems"].is_u64(), "{method} {path}: {name} has no maxItems");
        }
    }
}

#[tokio::test]
async fn every_body_has_a_largest_size() {
    let server = Server::shared().await;
    let (user, owner) = (server.user().await, server.owner());
    let document = server::openapi_document();
    for (method, path, operation) in operations(&document) {
        if operation["requestBody"]["content"]["application/json"].is_null() {
            continue;
        }
        let mut routes = tools::all().iter().flat_map(|tool| &tool.routes);
        let route = routes.find(|route| route.path == path && route.method.as_str().eq_ignore_ascii_case(method));
        let limit = route.map_or(1 << 20, |route| route.max_body);
        let path: String = path.replace(['{', '}'], "");
        let caller = match &path {
            path if path.starts_with("/v1/dev/user") => user.developer(),
            path if path.starts_with("/v1/mcp") && !path.starts_with("/v1/mcp/keys") => user.mcp(),
            path if path.starts_with("/v1/admin") => owner.app(),
            _ => user.app(),
        };
        let method = Method::from_bytes(method.to_uppercase().as_bytes()).unwrap();
        let large = vec![b' '; limit + 1];
        let answer =
            Answer::to(caller.request(method.clone(), &path).header(CONTENT_TYPE, "application/json").body(large))
                .await;
        assert_eq!(answer.status, 413, "{method} {path}: {}", answer.body);
    }
}

#[tokio::test]
async fn bodies_without_a_credential_are_small() {
    let user = Server::shared().await.user().await;
    for path in [
        "/v1/auth/login",
        "/v1/auth/sign-up",
        "/v1/auth/invitations/accept",
        "/v1/auth/refresh",
        "/v1/auth/logout",
        "/v1/auth/token",
        "/v1/oauth/authorize",
        "/v1/oauth/token",
        "/authorize",
        "/token",
        "/revoke",
    ] {
        let content_type = match path.strip_prefix("/v1/auth/") {
            Some(rest) if rest != "token" => "application/json",
            _ => "application/x-www-form-urlencoded",
        };
        let request = user.http.post(format!("{}{path}", user.url)).header(CONTENT_TYPE, content_type);
        let answer = Answer::to(request.body(vec![b' '; (8 << 10) + 1])).await;
        let text = answer.body.to_string();
        match content_type {
            "application/json" => answer.refused(413, "The request body is larger than 8192 bytes"),
            _ => assert!(
                matches!(answer.status, 400 | 422) && text.contains("too large"),
                "{path}: {} {text}",
                answer.status
            ),
        }
    }
}

#[tokio::test]
async fn addresses_headers_and_nesting_have_an_end() {
    let user = Server::shared().await.user().await;
    let ask = |path: String| user.app().request(Method::GET, &path);
    Answer::to(ask(format!("/v3/memories?x={}", "x".repeat(15_000)))).await.ok();
    let long = Answer::to(ask(format!("/v3/memories?x={}", "x".repeat(20_000)))).await;
    long.refused(414, "The URL is longer than 16384 bytes");
    let many = Answer::to(ask(format!("/v3/memories?{}", "a=1&".repeat(300)))).await;
    many.refused(400, "The URL has more than 256 query parameters");
    let large = Answer::to(ask("/v3/memories".into()).header("x-large", "x".repeat(40_000))).await;
    large.refused(431, "The headers are larger than 32768 bytes");
    let larger = Answer::to(ask("/v3/memories".into()).header("x-large", "x".repeat(1_000_000))).await;
    assert_eq!(larger.status, 431);
    let request = ask("/v3/memories".into());
    let many = Answer::to((0..120).fold(request, |request, number| request.header(format!("x-{number}"), "1"))).await;
    assert_eq!(many.status, 431);

    let deep = format!("{}{}", "[".repeat(100_000), "]".repeat(100_000));
    let body = format!(r#"{{"content": {deep}}}"#);
    let rest = Answer::to(user.app().request(Method::POST, "/v3/memories").body(body)).await;
    assert_eq!((rest.status, &rest.body["detail"][0]["type"]), (422, &json!("json_invalid")));
    let reason = rest.body["detail"][0]["ctx"]["error"].as_str().unwrap();
    assert!(reason.contains("more than 64 levels deep"), "{reason}");
    let question = format!(r#"{{"text": {}}}"#, &deep[..1000]);
    let asked = Answer::to(user.app().request(Method::POST, "/v2/messages").body(question)).await;
    assert_eq!(asked.status, 422);
    let body = format!(r#"{{"jsonrpc":"2.0","id":1,"method":"tools/list","params":{{"x":{deep}}}}}"#);
    let mcp = Answer::to(user.mcp().request(Method::POST, "/v1/mcp").body(body)).await;
    assert_eq!(mcp.status, 400);
    assert!(mcp.body["error"]["message"].as_str().unwrap().contains("more than 64 levels deep"), "{}", mcp.body);
}

#[tokio::test]
async fn a_body_that_breaks_off_is_no_defect() {
    let user = Server::shared().await.user().await;
    let pieces = futures::stream::iter([Ok("{\"content\":"), Err(std::io::Error::other("gone"))]);
    let request = user.app().request(Method::POST, "/v3/memories").body(Body::wrap_stream(pieces));
    assert!(request.send().await.is_err());
    user.app().get("/v3/memories").await.ok();
}

/// A stream of pings, which lasts as long as it is held.
async fn stream(user: &TestUser) -> reqwest::Response {
    let request = user.mcp().request(Method::GET, "/v1/mcp").header(ACCEPT, "text/event-stream");
    request.send().await.unwrap()
}

#[tokio::test]
async fn each_user_has_so_many_streams() {
    let folder = TempDir::new().unwrap();
    let server = Server::boot(folder.path(), |config| config.limits.streams = 2).await;
    let (user, other) = (server.user().await, server.user().await);
    let (first, _second) = (stream(&user).await, stream(&user).await);
    assert_eq!(first.status(), 200);
    let third = stream(&user).await;
    assert_eq!(third.status(), 503);
    assert_eq!(third.headers()["retry-after"], "5");
    let refused: Value = third.json().await.unwrap();
    assert_eq!(refused, json!({ "detail": "2 streams are open for this user already" }));
    let asked = user.app().post("/v2/messages", json!({ "text": "Which colour has the kettle?" })).await;
    assert_eq!(asked.status, 503);
    assert_eq!(user.app().get("/v1/users/export").await.status, 503);
    user.app().get("/v3/memories").await.ok();
    assert_eq!(stream(&other).await.status(), 200);
    drop(first);
    let began = std::time::Instant::now();
    while stream(&user).await.status() != 200 {
        assert!(began.elapsed() < Duration::from_secs(30), "the place is not given back");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    server.stop().await;
}

#[tokio::test]
async fn the_server_holds_so_many_connections() {
    let folder = TempDir::new().unwrap();
    let server = Server::boot(folder.path(), |config| config.limits.connections = 2).await;
    let address = server.url.strip_prefix("http://").unwrap().to_owned();
    let ask = async |stream: &mut TcpStream| {
        stream.write_all(b"GET /healthz HTTP/1.1\r\nhost: localhost\r\n\r\n").await.unwrap();
        let mut start = [0; 15];
        stream.read_exact(&mut start).await.unwrap();
        assert_eq!(&start, b"HTTP/1.1 200 OK");
    };
    let mut held = Vec::new();
    for _ in 0..2 {
        let mut stream = TcpStream::connect(&address).await.unwrap();
        ask(&mut stream).await;
        held.push(stream);
    }
    let mut third = TcpStream::connect(&address).await.unwrap();
    let waiting = tokio::time::timeout(Duration::from_millis(300), ask(&mut third)).await;
    assert!(waiting.is_err(), "the third is answered while there is no room");
    held.clear();
    let mut start = [0; 15];
    third.read_exact(&mut start).await.unwrap();
    assert_eq!(&start, b"HTTP/1.1 200 OK");
    drop(third);
    server.stop().await;
}
