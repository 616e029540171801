//! MCP over standard input and output, for clients that start their servers themselves. Nothing but protocol goes to
//! standard output.

use std::collections::HashMap;

use anyhow::Context as _;
use reqwest::{
    Client, RequestBuilder, StatusCode,
    header::{ACCEPT, CONTENT_TYPE},
};
use rmcp::{ServiceExt, transport::stdio_pipes};
use serde_json::{Value, json};
use tokio::{
    io::{AsyncBufReadExt, AsyncWriteExt, BufReader},
    sync::mpsc,
    task::{AbortHandle, JoinSet},
};

use crate::mcp::{Handler, McpSettings};

/// Serves one caller from this process, until standard input ends. Fails when the client breaks the protocol at once.
pub(crate) async fn serve_stdio(caller: tools::Context) -> anyhow::Result<()> {
    let handler = Handler::for_caller(caller, McpSettings::default().page_size);
    let running = handler.serve(stdio_pipes()).await.context("the client did not begin an MCP conversation")?;
    running.waiting().await?;
    Ok(())
}

/// Passes messages on to the server at `url` (`http://127.0.0.1:8080`), which holds the data folder, signed in with
/// `key`, until standard input ends and every answer is written. Fails when standard input or output does.
pub(crate) async fn bridge_stdio(url: &str, key: &str) -> anyhow::Result<()> {
    let endpoint = format!("{url}/v1/mcp");
    // The certificate names the server as others reach it, not as this machine does. Who it is says the announcement,
    // which only this user and the server could have written.
    let client = Client::builder().no_proxy().tls_danger_accept_invalid_certs(true).build()?;
    let mut lines = BufReader::new(tokio::io::stdin()).lines();
    let (answers, written) = mpsc::channel::<String>(16);
    let writer = tokio::spawn(write_lines(written));
    let mut running = JoinSet::new();
    let mut cancellable = HashMap::<String, AbortHandle>::new();
    while let Some(line) = lines.next_line().await? {
        if line.trim().is_empty() {
            continue;
        }
        let message: Value = serde_json::from_str(&line).unwrap_or_default();
        if message["method"] == "notifications/cancelled" {
            // Dropping the request is how a stateless call is cancelled.
            let cancelled = cancellable.remove(&message["params"]["requestId"].to_string());
            cancelled.inspect(AbortHandle::abort);
            continue;
        }
        let post = describe(client.post(&endpoint).bearer_auth(key), &message).body(line);
        let (id, answers) = (message["id"].clone(), answers.clone());
        cancellable.retain(|_, call| !call.is_finished());
        let call = async move {
            let answer = ask(post).await.unwrap_or_else(|error| failure(&id, &error));
            if !answer.is_empty() {
                let _ = answers.send(answer).await;
            }
        };
        cancellable.insert(message["id"].to_string(), running.spawn(call));
    }
    while running.join_next().await.is_some() {}
    drop(answers);
    writer.await?
}

/// Adds the headers by which 2026-07-28 describes a message; older revisions overlook them.
fn describe(request: RequestBuilder, message: &Value) -> RequestBuilder {
    let request = request.header(ACCEPT, "application/json").header(CONTENT_TYPE, "application/json");
    let params = &message["params"];
    let version = &params["_meta"]["io.modelcontextprotocol/protocolVersion"];
    let name = if message["method"] == "resources/read" { &params["uri"] } else { &params["name"] };
    let described = [("mcp-protocol-version", version), ("mcp-method", &message["method"]), ("mcp-name", name)];
    described.into_iter().fold(request, |request, (header, value)| match value.as_str() {
        Some(value) => request.header(header, value),
        None => request,
    })
}

/// One line of JSON-RPC, or nothing where nothing is to be said.
async fn ask(post: RequestBuilder) -> anyhow::Result<String> {
    let response = post.send().await.context("the server is away")?;
    let status = response.status();
    let is_json = response.headers().get(CONTENT_TYPE).is_some_and(|kind| kind == "application/json");
    let body = response.text().await?;
    match status {
        StatusCode::ACCEPTED => Ok(String::new()),
        _ if is_json && body.contains("\"jsonrpc\"") => Ok(body),
        _ => anyhow::bail!("the server answered {status}: {body}"),
    }
}

/// The error that a client gets when the server gave no answer to the request `id`; notifications get none.
fn failure(id: &Value, error: &anyhow::Error) -> String {
    if id.is_null() {
        tracing::warn!("a notification was lost: {error:#}");
        return String::new();
    }
    json!({ "jsonrpc": "2.0", "id": id, "error": { "code": -32603, "message": format!("{error:#}") } }).to_string()
}

async fn write_lines(mut lines: mpsc::Receiver<String>) -> anyhow::Result<()> {
    let mut output = tokio::io::stdout();
    while let Some(line) = lines.recv().await {
        output.write_all((line + "\n").as_bytes()).await?;
        output.flush().await?;
    }
    Ok(())
}
