//! An MCP client that starts its server itself and speaks to it over standard input and output.

use std::process::Stdio;

use serde_json::{Value, json};
use tokio::{
    io::{AsyncBufReadExt, AsyncWriteExt, BufReader, Lines},
    process::{Child, ChildStdin, ChildStdout, Command},
};

/// A session with a server that this process started.
pub(crate) struct StdioClient {
    child: Child,
    input: ChildStdin,
    output: Lines<BufReader<ChildStdout>>,
    requests: u32,
}

impl StdioClient {
    /// Starts the server and initializes the session; gives the answer, too.
    pub(crate) async fn start(mut command: Command) -> (Self, Value) {
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::null()).kill_on_drop(true);
        let mut child = command.spawn().unwrap();
        let output = BufReader::new(child.stdout.take().unwrap()).lines();
        let mut client = Self { input: child.stdin.take().unwrap(), child, output, requests: 0 };
        let info = json!({ "name": "test", "version": "1" });
        let opening = json!({ "protocolVersion": "2025-06-18", "capabilities": {}, "clientInfo": info });
        let initialized = client.request("initialize", opening).await;
        client.send(json!({ "jsonrpc": "2.0", "method": "notifications/initialized" })).await;
        (client, initialized)
    }

    async fn send(&mut self, message: Value) {
        self.input.write_all(format!("{message}\n").as_bytes()).await.unwrap();
    }

    /// A request that succeeds.
    pub(crate) async fn request(&mut self, method: &str, params: Value) -> Value {
        self.requests += 1;
        let id = self.requests;
        self.send(json!({ "jsonrpc": "2.0", "id": id, "method": method, "params": params })).await;
        loop {
            let line = self.output.next_line().await.unwrap().expect("an answer");
            let mut answer: Value = serde_json::from_str(&line).unwrap_or_else(|_| panic!("not JSON: {line}"));
            // A server may report on its own meanwhile.
            if answer["id"] == id {
                assert_eq!(answer["error"], Value::Null);
                return answer["result"].take();
            }
        }
    }

    /// What the next notification with this method says.
    pub(crate) async fn notification(&mut self, method: &str) -> Value {
        loop {
            let line = self.output.next_line().await.unwrap().expect("a notification");
            let mut message: Value = serde_json::from_str(&line).unwrap_or_else(|_| panic!("not JSON: {line}"));
            if message["method"] == method {
                return message["params"].take();
            }
        }
    }

    /// The names of the server's tools.
    pub(crate) async fn tools(&mut self) -> Vec<String> {
        let listed = self.request("tools/list", json!({})).await;
        let name = |tool: &Value| tool["name"].as_str().unwrap().to_owned();
        listed["tools"].as_array().unwrap().iter().map(name).collect()
    }

    /// A tool call that succeeds; gives its structured content or, where there is none, its text.
    pub(crate) async fn call(&mut self, tool: &str, arguments: Value) -> Value {
        let mut result = self.request("tools/call", json!({ "name": tool, "arguments": arguments })).await;
        assert_ne!(result["isError"], true, "{tool}: {result}");
        match result["structuredContent"].take() {
            Value::Null => result["content"][0]["text"].take(),
            structured => structured,
        }
    }

    /// A tool call that fails; gives its text.
    pub(crate) async fn refused(&mut self, tool: &str, arguments: Value) -> String {
        let result = self.request("tools/call", json!({ "name": tool, "arguments": arguments })).await;
        assert_eq!(result["isError"], true, "{tool}: {result}");
        result["content"][0]["text"].as_str().unwrap().to_owned()
    }

    /// Closes standard input; asserts that nothing but protocol came out.
    pub(crate) async fn close(self) {
        let Self { mut child, input, mut output, .. } = self;
        drop(input);
        assert_eq!(output.next_line().await.unwrap(), None);
        assert!(child.wait().await.unwrap().success());
    }
}
