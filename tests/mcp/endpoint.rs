//! The MCP endpoint: revisions, sessions and their owners, content types, errors.

use reqwest::{
    Method, StatusCode,
    header::{ACCEPT, AUTHORIZATION, CONTENT_TYPE, HOST, ORIGIN, WWW_AUTHENTICATE},
};
use serde_json::{Value, json};
use tempfile::TempDir;

use super::{
    client::{JSON_AND_SSE, McpClient, STATELESS_REVISION, initialize, list_tools, message_of},
    events::EventStream,
};
use crate::{
    oauth::flow::{OAuthClient, grant_access},
    support::server::Server,
};

#[tokio::test]
async fn sessions_speak_every_older_revision() {
    let client = McpClient::of_new_user().await;
    for version in ["2024-11-05", "2025-03-26", "2025-06-18", "2025-11-25"] {
        let (answer, session) = client.initialize(version).await;
        assert_eq!(answer["result"]["protocolVersion"], version);
        assert_eq!(answer["result"]["serverInfo"]["name"], "recollect");
        assert!(answer["result"]["instructions"].as_str().is_some_and(|text| text.len() > 50));
        let listed = message_of(client.post(JSON_AND_SSE, Some(&session), list_tools()).await).await;
        assert!(listed["result"]["tools"].as_array().is_some_and(|tools| tools.len() > 5), "{listed}");
        let pong =
            client.post(JSON_AND_SSE, Some(&session), json!({"jsonrpc": "2.0", "id": 2, "method": "ping"})).await;
        assert_eq!(message_of(pong).await, json!({"jsonrpc": "2.0", "id": 2, "result": {}}));
    }
    let (answer, _) = client.initialize("1999-01-01").await;
    assert_eq!(answer["result"]["protocolVersion"], "2025-11-25", "an unknown revision is answered by the newest");
}

#[tokio::test]
async fn the_newest_revision_needs_no_session() {
    let client = McpClient::of_new_user().await;
    let discovered = client.ask("server/discover", json!({})).await;
    let versions = discovered["result"]["supportedVersions"].as_array().unwrap();
    assert!(versions.contains(&json!(STATELESS_REVISION)) && versions.contains(&json!("2024-11-05")), "{discovered}");
    let listed = client.ask("tools/list", json!({})).await;
    assert_eq!(listed["result"]["resultType"], "complete");
    assert_eq!(listed["result"]["cacheScope"], "private");
    let id = client.remember("Ada keeps bees").await;
    let read = client.call("get_memory", json!({ "memory_id": id })).await;
    let structured = &read["result"]["structuredContent"];
    assert_eq!(structured["memory"]["content"], "Ada keeps bees");
    let text = read["result"]["content"][0]["text"].as_str().unwrap();
    assert_eq!(&serde_json::from_str::<Value>(text).unwrap(), structured);
    assert_eq!(read["result"]["isError"], false);
}

#[tokio::test]
async fn tools_describe_themselves() {
    let client = McpClient::of_new_user().await;
    let listed = client.ask("tools/list", json!({})).await;
    let tools = listed["result"]["tools"].as_array().unwrap();
    for tool in tools {
        for part in ["name", "title", "description"] {
            assert!(tool[part].as_str().is_some_and(|text| !text.is_empty()), "{part} of {tool}");
        }
        for schema in ["inputSchema", "outputSchema"] {
            assert_eq!(tool[schema]["type"], "object", "{schema} of {}", tool["name"]);
            assert!(tool[schema]["properties"].is_object(), "{schema} of {}", tool["name"]);
        }
        assert_eq!(tool["annotations"]["openWorldHint"], false);
    }
    let hints = |name: &str| tools.iter().find(|tool| tool["name"] == name).unwrap()["annotations"].clone();
    assert_eq!(hints("get_memories")["readOnlyHint"], true);
    assert_eq!(hints("delete_memory")["destructiveHint"], true);
    assert_eq!(hints("create_memory")["readOnlyHint"], false);
    let keys = tools.iter().filter(|tool| tool["name"].as_str().unwrap().ends_with("_key"));
    assert!(keys.clone().all(|tool| tool["name"] == "get_key"), "a key must not mint keys");
}

#[tokio::test]
async fn a_session_belongs_to_its_user() {
    let (owner, other) = (McpClient::of_new_user().await, McpClient::of_new_user().await);
    let (_, session) = owner.initialize("2025-06-18").await;
    let bees = owner.remember("Ada keeps bees").await;
    let call = json!({ "name": "get_memory", "arguments": { "memory_id": bees } });
    let read = json!({ "jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": call });
    for foreign in [session.as_str(), "no-such-session"] {
        for version in ["2025-03-26", "2025-06-18", "2025-11-25"] {
            for message in [list_tools(), json!([list_tools()])] {
                let refused = other.post_as(version, foreign, message).await;
                assert_eq!(refused.status(), StatusCode::NOT_FOUND, "{version}");
                assert_eq!(refused.json::<Value>().await.unwrap(), json!({ "detail": "Session not found" }));
            }
            let stream = other.request(Method::GET).header("mcp-protocol-version", version);
            let stream = stream.header("mcp-session-id", foreign).send().await.unwrap();
            assert_eq!(stream.status(), StatusCode::NOT_FOUND, "{version}");
        }
        let deleted = other.request(Method::DELETE).header("mcp-session-id", foreign).send().await.unwrap();
        assert_eq!(deleted.status(), StatusCode::NOT_FOUND);
        assert_eq!(deleted.json::<Value>().await.unwrap(), json!({ "detail": "Session not found" }));
        let answer = message_of(other.post(JSON_AND_SSE, Some(foreign), read.clone()).await).await;
        assert_eq!(answer["result"]["structuredContent"]["error"]["code"], "not_found", "{answer}");
    }
    let listed = owner.post(JSON_AND_SSE, Some(&session), list_tools()).await;
    assert_eq!(listed.headers()[CONTENT_TYPE], "text/event-stream", "the owner's session is still there");
}

#[tokio::test]
async fn an_unknown_session_is_ignored_where_the_client_names_no_version_with_sessions() {
    let client = McpClient::of_new_user().await;
    for message in [list_tools(), json!([list_tools()])] {
        let answer = client.post(JSON_AND_SSE, Some("no-such-session"), message).await;
        assert_eq!(answer.status(), StatusCode::OK);
        assert!(!answer.headers().contains_key("mcp-session-id"));
        assert!(answer.text().await.unwrap().contains("search_memories"));
    }
    let mut stream = client.request(Method::GET).header("mcp-session-id", "no-such-session").send().await.unwrap();
    assert_eq!(stream.chunk().await.unwrap().unwrap(), "event: ping\ndata: {}\n\n");
    let modern = client.describe("tools/list", json!({})).header("mcp-session-id", "no-such-session");
    let modern: Value = modern.send().await.unwrap().json().await.unwrap();
    assert!(modern["result"]["tools"].is_array(), "{modern}");
}

#[tokio::test]
async fn a_client_opens_a_new_session_whatever_id_it_sends() {
    let client = McpClient::of_new_user().await;
    let (_, live) = client.initialize("2025-11-25").await;
    for id in [live.as_str(), "no-such-session"] {
        for version in ["2024-11-05", "2025-03-26", "2025-06-18", "2025-11-25"] {
            let opened = client.post_as(version, id, initialize(version)).await;
            assert_eq!(opened.status(), StatusCode::OK, "{version}");
            let new = opened.headers()["mcp-session-id"].to_str().unwrap().to_owned();
            assert!(new != id, "{version}");
            assert_eq!(message_of(opened).await["result"]["protocolVersion"], version);
            assert_eq!(client.post_as(version, &new, list_tools()).await.status(), StatusCode::OK, "{version}");
        }
    }
    let listed = client.post(JSON_AND_SSE, Some(&live), list_tools()).await;
    assert_eq!(listed.headers()[CONTENT_TYPE], "text/event-stream", "the first session is still there");
}

#[tokio::test]
async fn clients_go_on_after_a_restart() {
    let folder = TempDir::new().unwrap();
    let server = Server::boot(folder.path(), |_| ()).await;
    let mut client = McpClient::at(&server).await;
    let id = client.remember("Ada keeps bees").await;
    let (_, session) = client.initialize("2025-11-25").await;
    server.stop().await;
    let server = Server::boot(folder.path(), |_| ()).await;
    client.endpoint = format!("{}/v1/mcp", server.url);
    let refused = client.post_as("2025-11-25", &session, list_tools()).await;
    assert_eq!(refused.status(), StatusCode::NOT_FOUND, "what tells a client to open a new session");
    let opened = client.post_as("2025-11-25", &session, initialize("2025-11-25")).await;
    let new = opened.headers()["mcp-session-id"].to_str().unwrap().to_owned();
    let call = json!({ "name": "get_memory", "arguments": { "memory_id": id } });
    let read = json!({ "jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": call });
    for answer in [
        client.post_as("2025-11-25", &new, read.clone()).await,
        client.post(JSON_AND_SSE, Some(&session), read.clone()).await,
    ] {
        let answer = message_of(answer).await;
        assert_eq!(answer["result"]["structuredContent"]["memory"]["content"], "Ada keeps bees", "{answer}");
    }
    server.stop().await;
}

#[tokio::test]
async fn a_session_belongs_to_its_key() {
    let client = McpClient::of_new_user().await;
    let (_, session) = client.initialize("2025-11-25").await;
    let mut stream = EventStream::of(client.post(JSON_AND_SSE, Some(&session), list_tools()).await);
    let event = stream.next().await.unwrap().id;
    let made = json!({ "name": "another", "scopes": ["memories.read"] });
    let made = client.user.app().post("/v1/mcp/keys", made).await.ok();
    let key = made["key"].as_str().unwrap().to_owned();
    let (_, granted) = grant_access(Server::shared().await, &client.user, "memories.read").await;
    for key in [key, granted] {
        let other = McpClient { endpoint: client.endpoint.clone(), key, user: client.user.clone() };
        for method in [Method::GET, Method::DELETE] {
            let request = other.request(method).header("mcp-session-id", &session).header("last-event-id", &event);
            let response = request.header("mcp-protocol-version", "2025-11-25").send().await.unwrap();
            assert_eq!(response.status(), StatusCode::NOT_FOUND);
            assert_eq!(response.json::<Value>().await.unwrap(), json!({ "detail": "Session not found" }));
        }
        let response = other.post_as("2025-11-25", &session, list_tools()).await;
        assert_eq!(response.status(), StatusCode::NOT_FOUND);
    }
    let listed = client.post(JSON_AND_SSE, Some(&session), list_tools()).await;
    assert_eq!(listed.status(), StatusCode::OK, "the session is still there for its own key");
}

#[tokio::test]
async fn a_session_outlives_the_refresh_of_its_token() {
    let server = Server::shared().await;
    let user = server.user().await;
    let oauth = OAuthClient::added(server).await;
    let first = oauth.authorize(&user, "memories.read").await;
    let token = |tokens: &Value| tokens["access_token"].as_str().unwrap().to_owned();
    let mut client = McpClient { endpoint: format!("{}/v1/mcp", server.url), key: token(&first), user };
    let (_, session) = client.initialize("2025-11-25").await;
    client.key = token(&oauth.refresh(first["refresh_token"].as_str().unwrap()).await.ok());
    let listed = client.post(JSON_AND_SSE, Some(&session), list_tools()).await;
    assert_eq!(listed.status(), StatusCode::OK);
}

/// A client that asks for more scopes gets another grant, and goes on with its session.
#[tokio::test]
async fn a_session_is_continued_by_a_grant_with_more_scopes() {
    let server = Server::shared().await;
    let user = server.user().await;
    let oauth = OAuthClient::added(server).await;
    let client = async |oauth: &OAuthClient, scope: &str| {
        let tokens = oauth.authorize(&user, scope).await;
        let key = tokens["access_token"].as_str().unwrap().to_owned();
        McpClient { endpoint: format!("{}/v1/mcp", server.url), key, user: user.clone() }
    };
    let first = client(&oauth, "memories.read").await;
    let (_, session) = first.initialize("2025-11-25").await;
    let other_scope = client(&oauth, "goals.read").await;
    let other_client = client(&OAuthClient::added(server).await, "memories.read goals.read").await;
    let more = client(&oauth, "memories.read goals.read").await;
    for (caller, status) in [
        (&other_scope, StatusCode::NOT_FOUND),
        (&other_client, StatusCode::NOT_FOUND),
        (&more, StatusCode::OK),
        (&first, StatusCode::NOT_FOUND),
        (&more, StatusCode::OK),
    ] {
        assert_eq!(caller.post_as("2025-11-25", &session, list_tools()).await.status(), status);
    }
}

#[tokio::test]
async fn a_session_ends_with_delete() {
    let client = McpClient::of_new_user().await;
    let (_, session) = client.initialize("2025-03-26").await;
    let nameless = client.request(Method::DELETE).send().await.unwrap();
    assert_eq!(nameless.status(), StatusCode::BAD_REQUEST);
    assert_eq!(nameless.json::<Value>().await.unwrap()["detail"], "Mcp-Session-Id header required");
    let delete = || client.request(Method::DELETE).header("mcp-session-id", &session).send();
    assert_eq!(delete().await.unwrap().status(), StatusCode::NO_CONTENT);
    assert_eq!(delete().await.unwrap().status(), StatusCode::NOT_FOUND);
    assert_eq!(client.post_as("2025-03-26", &session, list_tools()).await.status(), StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn clients_get_the_form_they_accept() {
    let client = McpClient::of_new_user().await;
    let (_, session) = client.initialize("2025-03-26").await;
    let cases = [
        (JSON_AND_SSE, Some(session.as_str()), "text/event-stream"),
        ("application/json", Some(session.as_str()), "application/json"),
        ("*/*", Some(session.as_str()), "application/json"),
        ("application/json", None, "application/json"),
        ("text/event-stream", None, "text/event-stream"),
    ];
    for (accept, session, form) in cases {
        let response = client.post(accept, session, list_tools()).await;
        assert_eq!(response.status(), StatusCode::OK, "{accept}");
        assert_eq!(response.headers()[CONTENT_TYPE], form, "{accept} with session {session:?}");
        assert!(message_of(response).await["result"]["tools"].is_array(), "{accept}");
    }
    let opened = client.post("application/json", None, initialize("2025-03-26")).await;
    assert!(opened.headers().contains_key("mcp-session-id"), "who takes only JSON gets a session all the same");
    assert_eq!(opened.json::<Value>().await.unwrap()["result"]["protocolVersion"], "2025-03-26");
}

#[tokio::test]
async fn the_older_path_and_the_bare_key_work() {
    let client = McpClient::of_new_user().await;
    let request = reqwest::Client::new().post(format!("{}/sse", client.endpoint)).header(AUTHORIZATION, &client.key);
    let response = request.json(&list_tools()).send().await.unwrap();
    assert_eq!(response.status(), StatusCode::OK);
    assert!(response.json::<Value>().await.unwrap()["result"]["tools"].is_array());
    let info = reqwest::get(format!("{}/sse/info", client.endpoint)).await.unwrap().json::<Value>().await.unwrap();
    assert_eq!(info["endpoint"], "/v1/mcp/sse");
    assert!(info["instructions"]["step2"].as_str().unwrap().contains("http://127.0.0.1:"), "{info}");
}

#[tokio::test]
async fn a_get_without_a_session_pings() {
    let client = McpClient::of_new_user().await;
    let mut response = client.request(Method::GET).send().await.unwrap();
    assert_eq!(response.headers()[CONTENT_TYPE], "text/event-stream");
    assert_eq!(response.chunk().await.unwrap().unwrap(), "event: ping\ndata: {}\n\n");
    let modern = client.request(Method::GET).header("mcp-protocol-version", STATELESS_REVISION).send().await.unwrap();
    assert_eq!(modern.status(), StatusCode::METHOD_NOT_ALLOWED);
}

#[tokio::test]
async fn a_key_is_required() {
    let server = Server::shared().await;
    let endpoint = format!("{}/v1/mcp", server.url);
    let user = server.user().await;
    for credential in [None, Some("Bearer omi_mcp_00000000000000000000000000000000"), Some(user.developer_key.as_str())]
    {
        for method in [Method::POST, Method::GET, Method::DELETE, Method::HEAD] {
            let request = reqwest::Client::new().request(method, &endpoint).json(&list_tools());
            let request = credential.into_iter().fold(request, |request, value| request.header(AUTHORIZATION, value));
            let response = request.send().await.unwrap();
            assert_eq!(response.status(), StatusCode::UNAUTHORIZED);
            let challenge = response.headers()[WWW_AUTHENTICATE].to_str().unwrap();
            assert!(challenge.starts_with("Bearer resource_metadata=\"http"), "{challenge}");
            assert_eq!(challenge.contains("error=\"invalid_token\""), credential.is_some(), "{challenge}");
        }
    }
}

#[tokio::test]
async fn foreign_pages_and_hosts_are_refused() {
    let client = McpClient::of_new_user().await;
    let cases = [
        (ORIGIN, "https://evil.example", StatusCode::FORBIDDEN),
        (ORIGIN, "null", StatusCode::FORBIDDEN),
        (ORIGIN, "http://localhost:5173", StatusCode::OK),
        (HOST, "evil.example", StatusCode::FORBIDDEN),
        (HOST, "localhost:1", StatusCode::OK),
    ];
    for (name, value, status) in cases {
        let response = client.request(Method::POST).header(&name, value).json(&list_tools()).send().await.unwrap();
        assert_eq!(response.status(), status, "{name}: {value}");
        let get = client.request(Method::GET).header(&name, value).send().await.unwrap();
        assert_eq!(get.status(), status, "GET with {name}: {value}");
    }
}

#[tokio::test]
async fn invalid_messages_are_refused() {
    let client = McpClient::of_new_user().await;
    let cases = [("{", "Invalid JSON body"), ("3", "JSON object"), (r#"{"a": 1}"#, "JSON-RPC"), ("[]", "1 to 20")];
    for (body, sentence) in cases {
        let response = client.request(Method::POST).header(ACCEPT, JSON_AND_SSE).body(body).send().await.unwrap();
        assert_eq!(response.status(), StatusCode::BAD_REQUEST, "{body}");
        let text = response.text().await.unwrap();
        assert!(text.contains(sentence), "{body}: {text}");
    }
    let large = "x".repeat((1 << 20) + 1);
    let response = client.request(Method::POST).body(large).send().await.unwrap();
    assert_eq!(response.status(), StatusCode::PAYLOAD_TOO_LARGE);
}

#[tokio::test]
async fn the_first_revisions_may_batch() {
    let client = McpClient::of_new_user().await;
    let ping = |id: u32| json!({ "jsonrpc": "2.0", "id": id, "method": "ping" });
    let notice = json!({ "jsonrpc": "2.0", "method": "notifications/initialized" });
    let both = client.post(JSON_AND_SSE, None, json!([ping(1), notice, ping(2)])).await.json::<Value>().await.unwrap();
    assert_eq!(both.as_array().unwrap().iter().map(|answer| &answer["id"]).collect::<Vec<_>>(), [1, 2]);
    assert_eq!(client.post(JSON_AND_SSE, None, json!([notice])).await.status(), StatusCode::ACCEPTED);
    let request = client.request(Method::POST).header("mcp-protocol-version", "2025-06-18");
    let later = request.json(&json!([ping(1)])).send().await.unwrap();
    assert_eq!(later.status(), StatusCode::BAD_REQUEST);
    assert_eq!(later.json::<Value>().await.unwrap()["error"]["code"], -32600);
}

#[tokio::test]
async fn tool_errors_are_results_and_protocol_errors_are_not() {
    let client = McpClient::of_new_user().await;
    let missing = client.call("get_memory", json!({ "memory_id": "nothing" })).await;
    assert_eq!(missing["result"]["isError"], true);
    assert_eq!(
        missing["result"]["structuredContent"]["error"],
        json!({ "code": "not_found", "message": "Memory not found" })
    );
    assert_eq!(missing["result"]["content"][0]["text"], "Memory not found");
    let invalid = client.call("search_memories", json!({ "query": "x", "limit": 1000 })).await;
    assert_eq!(invalid["result"]["structuredContent"]["error"]["code"], "invalid_arguments");
    let unknown = client.call("no_such_tool", json!({})).await;
    assert_eq!(unknown["error"]["code"], -32602);
    let malformed = client.ask("tools/call", json!({ "name": "get_memories", "arguments": [1] })).await;
    assert_eq!(malformed["error"]["code"], -32602);
    let session_only = client.call("create_key", json!({ "family": "mcp", "name": "x" })).await;
    assert_eq!(session_only["error"]["code"], -32003);
    let cursor = client.ask("tools/list", json!({ "cursor": "nowhere" })).await;
    assert_eq!(cursor["error"]["message"], "Invalid cursor");
}
