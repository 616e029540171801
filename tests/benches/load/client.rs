//! The requests, over connections that are kept.

use std::time::{Duration, Instant};

use serde_json::{Value, json};

const MODERN: &str = "2026-07-28";

/// A client of one server.
#[derive(Clone)]
pub(crate) struct Client {
    /// Where the server is.
    pub(crate) url: String,
    developer_key: String,
    mcp_key: String,
    http: reqwest::Client,
}

/// What to ask.
#[derive(Clone)]
pub(crate) enum Request {
    /// Write one memory, by the Developer API.
    Create(String),
    /// Write up to 25 memories at once, by the Developer API.
    CreateBatch(Vec<String>),
    /// Find ten memories, by the Developer API.
    Search(String),
    /// List 100 memories in an order, by the app's name for it, by the Developer API.
    List(&'static str),
    /// One memory by id, by the Developer API.
    Get(String),
    /// One memory by id, by a stateless MCP call.
    GetByMcp(String),
}

impl Client {
    pub(crate) fn new(url: String, developer_key: String, mcp_key: String) -> Self {
        Self { url, developer_key, mcp_key, http: reqwest::Client::new() }
    }

    /// Sends a request and reads the whole answer, which must be a success; gives the time it took and the answer.
    pub(crate) async fn send(&self, request: &Request) -> (Duration, Vec<u8>) {
        let built = self.build(request).build().expect("a request");
        let begun = Instant::now();
        let response = self.http.execute(built).await.expect("an answer");
        let status = response.status();
        let body = response.bytes().await.expect("a body");
        let took = begun.elapsed();
        assert!(status.is_success(), "{status}: {}", String::from_utf8_lossy(&body));
        (took, body.to_vec())
    }

    /// How many rows the vector index has yet to learn.
    pub(crate) async fn pending(&self) -> u64 {
        let response = self.http.get(format!("{}/healthz", self.url)).send().await.expect("an answer");
        let health: Value = response.json().await.expect("JSON");
        health["index"]["pending"].as_u64().expect("a number")
    }

    fn build(&self, request: &Request) -> reqwest::RequestBuilder {
        let memories = format!("{}/v1/dev/user/memories", self.url);
        let built = match request {
            Request::Create(content) => self.http.post(memories).json(&json!({ "content": content })),
            Request::CreateBatch(contents) => {
                let items: Vec<Value> = contents.iter().map(|content| json!({ "content": content })).collect();
                self.http.post(format!("{memories}/batch")).json(&json!({ "memories": items }))
            }
            Request::Search(query) => {
                let query = query.replace(' ', "+");
                self.http.get(format!("{memories}/vector/search?limit=10&query={query}"))
            }
            Request::List(sort) => self.http.get(format!("{memories}?limit=100&sort={sort}")),
            Request::Get(id) => self.http.get(format!("{memories}/{id}")),
            Request::GetByMcp(id) => return self.call("get_memory", json!({ "memory_id": id })),
        };
        built.bearer_auth(&self.developer_key)
    }

    fn call(&self, tool: &str, arguments: Value) -> reqwest::RequestBuilder {
        let meta = json!({
            "io.modelcontextprotocol/protocolVersion": MODERN,
            "io.modelcontextprotocol/clientCapabilities": {},
            "io.modelcontextprotocol/clientInfo": { "name": "load", "version": "1" },
        });
        let params = json!({ "name": tool, "arguments": arguments, "_meta": meta });
        self.http
            .post(format!("{}/v1/mcp", self.url))
            .bearer_auth(&self.mcp_key)
            .header("accept", "application/json, text/event-stream")
            .header("mcp-protocol-version", MODERN)
            .header("mcp-method", "tools/call")
            .header("mcp-name", tool)
            .json(&json!({ "jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": params }))
    }
}
