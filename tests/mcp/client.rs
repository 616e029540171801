//! A minimal MCP client.

use reqwest::{
    Method, RequestBuilder, Response, StatusCode,
    header::{ACCEPT, CONTENT_TYPE},
};
use serde_json::{Value, json};

use crate::support::server::{Server, TestUser};

pub(crate) const JSON_AND_SSE: &str = "application/json, text/event-stream";
pub(crate) const STATELESS_REVISION: &str = "2026-07-28";

/// A minimal client of the MCP endpoint.
pub(crate) struct McpClient {
    pub(crate) endpoint: String,
    pub(crate) key: String,
    pub(crate) user: TestUser,
}

impl McpClient {
    pub(crate) async fn of_new_user() -> Self {
        Self::at(Server::shared().await).await
    }

    /// A client of a new user of this server.
    pub(crate) async fn at(server: &Server) -> Self {
        let user = server.user().await;
        Self { endpoint: format!("{}/v1/mcp", server.url), key: user.mcp_key.clone(), user }
    }

    pub(crate) fn request(&self, method: Method) -> RequestBuilder {
        self.to(method, &self.endpoint)
    }

    /// A request to another address, signed in.
    pub(crate) fn to(&self, method: Method, url: &str) -> RequestBuilder {
        reqwest::Client::new().request(method, url).bearer_auth(&self.key)
    }

    pub(crate) async fn post(&self, accept: &str, session: Option<&str>, message: Value) -> Response {
        let request = self.request(Method::POST).header(ACCEPT, accept).json(&message);
        let request = session.into_iter().fold(request, |request, id| request.header("mcp-session-id", id));
        request.send().await.unwrap()
    }

    /// Posts a message with the headers that clients since 2025-06-18 send: the agreed version, and the session.
    pub(crate) async fn post_as(&self, version: &str, session: &str, message: Value) -> Response {
        let request = self.request(Method::POST).header(ACCEPT, JSON_AND_SSE).json(&message);
        request.header("mcp-protocol-version", version).header("mcp-session-id", session).send().await.unwrap()
    }

    /// Opens a session of an older revision; gives the answer and the session's id.
    pub(crate) async fn initialize(&self, version: &str) -> (Value, String) {
        let response = self.post(JSON_AND_SSE, None, initialize(version)).await;
        assert_eq!(response.status(), StatusCode::OK);
        let id = response.headers()["mcp-session-id"].to_str().unwrap().to_owned();
        let answer = message_of(response).await;
        let noted =
            self.post(JSON_AND_SSE, Some(&id), json!({"jsonrpc": "2.0", "method": "notifications/initialized"})).await;
        assert_eq!(noted.status(), StatusCode::ACCEPTED);
        (answer, id)
    }

    /// A request of 2026-07-28, which carries all that it needs.
    pub(crate) async fn ask(&self, method: &str, params: Value) -> Value {
        let response = self.describe(method, params).send().await.unwrap();
        assert_eq!(response.status(), StatusCode::OK);
        assert_eq!(response.headers()[CONTENT_TYPE], "application/json", "stateless calls are answered as plain JSON");
        response.json().await.unwrap()
    }

    pub(crate) fn describe(&self, method: &str, mut params: Value) -> RequestBuilder {
        for (name, value) in [
            ("protocolVersion", json!(STATELESS_REVISION)),
            ("clientCapabilities", json!({})),
            ("clientInfo", json!({ "name": "test", "version": "1" })),
        ] {
            let said = &mut params["_meta"][format!("io.modelcontextprotocol/{name}")];
            if said.is_null() {
                *said = value;
            }
        }
        let name = params["name"]
            .as_str()
            .or(params["uri"].as_str())
            .or(params["taskId"].as_str())
            .unwrap_or_default()
            .to_owned();
        let request = self.request(Method::POST).header(ACCEPT, JSON_AND_SSE);
        let request = request.header("mcp-protocol-version", STATELESS_REVISION).header("mcp-method", method);
        request.header("mcp-name", name).json(&json!({"jsonrpc": "2.0", "id": 1, "method": method, "params": params}))
    }

    pub(crate) async fn call(&self, tool: &str, arguments: Value) -> Value {
        self.ask("tools/call", json!({ "name": tool, "arguments": arguments })).await
    }

    pub(crate) async fn remember(&self, content: &str) -> String {
        let answer = self.call("create_memory", json!({ "content": content })).await;
        answer["result"]["structuredContent"]["memory"]["id"].as_str().unwrap().to_owned()
    }
}

pub(crate) fn initialize(version: &str) -> Value {
    let client = json!({ "name": "test", "version": "1" });
    let params = json!({ "protocolVersion": version, "capabilities": {}, "clientInfo": client });
    json!({ "jsonrpc": "2.0", "id": 0, "method": "initialize", "params": params })
}

pub(crate) fn list_tools() -> Value {
    json!({ "jsonrpc": "2.0", "id": 1, "method": "tools/list" })
}

/// The one message of an answer, whether it is plain JSON or a stream.
pub(crate) async fn message_of(response: Response) -> Value {
    let text = response.text().await.unwrap();
    let data = text.lines().filter_map(|line| line.strip_prefix("data:")).rfind(|data| !data.trim().is_empty());
    serde_json::from_str(data.unwrap_or(&text)).unwrap_or_else(|_| panic!("no message in {text:?}"))
}
