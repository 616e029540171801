//! A proxy from standard input and output to the HTTP endpoint of the server that holds the data folder.
//!
//! `initialize` from an older client opens a session there, whose notifications come back too; when the server no longer
//! knows the session, after a restart, another one is opened without the client's notice. From 2026-07-28 on every
//! message is stateless.
//!
//! Messages pass through as they are. rmcp's `StreamableHttpClientTransport` parses them into its own types, and drops the
//! fields that it does not know.

use std::{borrow::Cow, collections::HashMap, pin::pin, sync::Arc, time::Duration};

use anyhow::Context as _;
use base64::{Engine, engine::general_purpose::STANDARD};
use futures::StreamExt;
use reqwest::{
    Client, ClientBuilder, Method, RequestBuilder, Response, StatusCode,
    header::{ACCEPT, CONTENT_TYPE},
};
use rmcp::{
    model::ProtocolVersion,
    transport::common::http_header::{
        BASE64_HEADER_PREFIX, BASE64_HEADER_SUFFIX, EVENT_STREAM_MIME_TYPE, HEADER_MCP_METHOD, HEADER_MCP_NAME,
        HEADER_MCP_PROTOCOL_VERSION, HEADER_SESSION_ID, JSON_MIME_TYPE,
    },
};
use serde_json::{Value, json};
use tokio::{
    io::{AsyncBufReadExt, AsyncWriteExt, BufReader},
    sync::{Mutex, mpsc},
    task::{AbortHandle, JoinSet},
    time::timeout,
};

use super::sse;

const JSON_OR_EVENT_STREAM: &str = "application/json, text/event-stream";

/// How long calls may run on when standard input has ended: as long as an answer of the chat may take.
const SHUTDOWN_GRACE: Duration = Duration::from_secs(180);

/// After how long a broken notification stream is opened again.
const RECONNECT_DELAY: Duration = Duration::from_secs(1);

/// Forwards messages to `endpoint` (`http://127.0.0.1:8080/v1/mcp`) by `http`, authenticated with `key`, until
/// standard input ends and every response is written. Fails when standard input or output does.
pub(crate) async fn bridge_stdio(endpoint: String, key: &str, http: ClientBuilder) -> anyhow::Result<()> {
    let (output, lines) = mpsc::channel::<String>(16);
    let writer = tokio::spawn(write_lines(lines));
    let bridge =
        Arc::new(Bridge { endpoint, key: key.to_owned(), http: http.build()?, output, session: Mutex::default() });
    let mut lines = BufReader::new(tokio::io::stdin()).lines();
    let mut running = JoinSet::new();
    let mut cancellable = HashMap::<String, AbortHandle>::new();
    while let Some(line) = lines.next_line().await? {
        // Editors and shells on Windows put a byte order mark before the first line.
        let line = line.strip_prefix('\u{feff}').map(str::to_owned).unwrap_or(line);
        if line.trim().is_empty() {
            continue;
        }
        let message: Value = serde_json::from_str(&line).unwrap_or_default();
        if message["method"] == "initialize" {
            bridge.initialize(message).await;
            continue;
        }
        if message["method"] == "notifications/cancelled" && bridge.session().await.is_none() {
            // A stateless call is cancelled by closing its request.
            let cancelled = cancellable.remove(&message["params"]["requestId"].to_string());
            cancelled.inspect(AbortHandle::abort);
            continue;
        }
        if message["id"].is_null() || message["method"].is_null() {
            // What gets no response is sent before the messages after it.
            bridge.forward(message, line).await;
            continue;
        }
        cancellable.retain(|_, call| !call.is_finished());
        while running.try_join_next().is_some() {}
        let bridge = Arc::clone(&bridge);
        cancellable
            .insert(message["id"].to_string(), running.spawn(async move { bridge.forward(message, line).await }));
    }
    // Running calls are waited for, but a subscription would never end.
    let _ = timeout(SHUTDOWN_GRACE, async { while running.join_next().await.is_some() {} }).await;
    running.shutdown().await;
    bridge.close_session().await;
    drop(bridge);
    writer.await?
}

struct Bridge {
    endpoint: String,
    key: String,
    http: Client,
    output: mpsc::Sender<String>,
    session: Mutex<Option<UpstreamSession>>,
}

/// The session at the server.
struct UpstreamSession {
    headers: SessionHeaders,
    /// The `initialize` request that opened it.
    initialize: Value,
    /// The task that reads its notifications.
    notifications: AbortHandle,
}

/// The headers of requests in a session. With the version, the server refuses a session that it does not know.
#[derive(Clone)]
struct SessionHeaders {
    id: String,
    version: ProtocolVersion,
}

impl SessionHeaders {
    /// The headers after the response to an `initialize` request; `None` if it has opened no session.
    fn of(initialize: &Value, response: &Response) -> Option<Self> {
        let id = response.headers().get(HEADER_SESSION_ID)?.to_str().ok()?.to_owned();
        // The server agrees to every version with sessions that it knows, and proposes the newest of them otherwise.
        let requested = initialize["params"]["protocolVersion"].as_str();
        let known = ProtocolVersion::KNOWN_VERSIONS.iter().filter(|known| **known < ProtocolVersion::V_2026_07_28);
        let agreed = known.clone().find(|known| Some(known.as_str()) == requested);
        Some(Self { id, version: agreed.cloned().unwrap_or(ProtocolVersion::V_2025_11_25) })
    }

    fn add_to(&self, request: RequestBuilder) -> RequestBuilder {
        request.header(HEADER_SESSION_ID, &self.id).header(HEADER_MCP_PROTOCOL_VERSION, self.version.as_str())
    }
}

impl Bridge {
    /// Opens a session, and writes the server's response.
    async fn initialize(self: &Arc<Self>, request: Value) {
        if let Err(error) = self.open_session(&request).await {
            self.write(error_line(&request["id"], &error)).await;
        }
    }

    async fn open_session(self: &Arc<Self>, initialize: &Value) -> anyhow::Result<()> {
        let response = self.post(initialize, initialize.to_string(), None).await?;
        if let Some(headers) = SessionHeaders::of(initialize, &response) {
            let notifications = self.follow(&headers);
            *self.session.lock().await =
                Some(UpstreamSession { headers, initialize: initialize.clone(), notifications });
        }
        self.write_messages(response).await
    }

    /// Opens another session in place of one that the server no longer knows.
    async fn reopen_session(self: &Arc<Self>, expired: &str) -> anyhow::Result<()> {
        let mut session = self.session.lock().await;
        let Some(session) = session.as_mut().filter(|session| session.headers.id == expired) else { return Ok(()) };
        let response = self.post(&session.initialize, session.initialize.to_string(), None).await?;
        let headers =
            SessionHeaders::of(&session.initialize, &response).context("the server did not open a session")?;
        response.bytes().await?;
        let initialized = json!({ "jsonrpc": "2.0", "method": "notifications/initialized" });
        self.post(&initialized, initialized.to_string(), Some(&headers)).await?;
        session.notifications.abort();
        session.notifications = self.follow(&headers);
        session.headers = headers;
        Ok(())
    }

    /// Sends a message to the server, and writes the response.
    async fn forward(self: &Arc<Self>, message: Value, line: String) {
        let forwarded = async {
            let session = self.session().await;
            let mut response = self.post(&message, line.clone(), session.as_ref()).await?;
            if let Some(session) = session.filter(|_| response.status() == StatusCode::NOT_FOUND) {
                self.reopen_session(&session.id).await?;
                response = self.post(&message, line, self.session().await.as_ref()).await?;
            }
            self.write_messages(response).await
        };
        if let Err(error) = forwarded.await {
            self.write(error_line(&message["id"], &error)).await;
        }
    }

    /// Starts to write the notifications of a session.
    fn follow(self: &Arc<Self>, session: &SessionHeaders) -> AbortHandle {
        let (bridge, session) = (Arc::clone(self), session.clone());
        tokio::spawn(async move { bridge.write_notifications(&session).await }).abort_handle()
    }

    async fn write_notifications(&self, session: &SessionHeaders) {
        loop {
            let request = session.add_to(self.request(Method::GET).header(ACCEPT, EVENT_STREAM_MIME_TYPE));
            let broken = match request.send().await {
                // A session that has expired or a key that is revoked does not come back.
                Ok(refused) if is_permanent(refused.status()) => return,
                Ok(response) => self.write_messages(response).await.err(),
                Err(error) => Some(error.into()),
            };
            if let Some(error) = broken {
                tracing::debug!("the notification stream broke off: {error:#}");
            }
            tokio::time::sleep(RECONNECT_DELAY).await;
        }
    }

    async fn close_session(&self) {
        let Some(session) = self.session.lock().await.take() else { return };
        session.notifications.abort();
        if let Err(error) = session.headers.add_to(self.request(Method::DELETE)).send().await {
            tracing::debug!("the session was not closed: {error}");
        }
    }

    async fn session(&self) -> Option<SessionHeaders> {
        self.session.lock().await.as_ref().map(|session| session.headers.clone())
    }

    async fn post(&self, message: &Value, line: String, session: Option<&SessionHeaders>) -> anyhow::Result<Response> {
        let request =
            with_standard_headers(self.request(Method::POST), message).header(ACCEPT, JSON_OR_EVENT_STREAM).body(line);
        // A message that names its own version is stateless.
        let session = session.filter(|_| version_of(message).is_null());
        let request = session.into_iter().fold(request, |request, session| session.add_to(request));
        request.header(CONTENT_TYPE, JSON_MIME_TYPE).send().await.context("the server is unreachable")
    }

    fn request(&self, method: Method) -> RequestBuilder {
        self.http.request(method, &self.endpoint).bearer_auth(&self.key)
    }

    /// Writes the messages of a response.
    async fn write_messages(&self, response: Response) -> anyhow::Result<()> {
        let status = response.status();
        let media_type = response.headers().get(CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
        if status.is_success() && media_type.starts_with(EVENT_STREAM_MIME_TYPE) {
            let mut messages = pin!(sse::messages(response.bytes_stream()));
            while let Some(message) = messages.next().await {
                self.write(message?).await;
            }
            return Ok(());
        }
        let is_json = media_type.starts_with(JSON_MIME_TYPE);
        let body = response.text().await?;
        match status {
            StatusCode::ACCEPTED => {}
            _ if is_json && body.contains("\"jsonrpc\"") => self.write(body).await,
            _ => anyhow::bail!("the server answered {status}: {body}"),
        }
        Ok(())
    }

    async fn write(&self, line: String) {
        if !line.is_empty() {
            // Standard output may be closed.
            let _ = self.output.send(line).await;
        }
    }
}

/// Adds the headers that describe a message since 2026-07-28; older versions ignore them.
fn with_standard_headers(request: RequestBuilder, message: &Value) -> RequestBuilder {
    let params = &message["params"];
    let name = match message["method"].as_str() {
        Some("resources/read") => &params["uri"],
        Some("tasks/get" | "tasks/update" | "tasks/cancel") => &params["taskId"],
        _ => &params["name"],
    };
    let headers = [
        (HEADER_MCP_PROTOCOL_VERSION, version_of(message)),
        (HEADER_MCP_METHOD, &message["method"]),
        (HEADER_MCP_NAME, name),
    ];
    headers.into_iter().fold(request, |request, (header, value)| match value.as_str() {
        Some(value) => request.header(header, &*header_value(value)),
        None => request,
    })
}

/// The protocol version that a message of 2026-07-28 or newer names.
fn version_of(message: &Value) -> &Value {
    &message["params"]["_meta"]["io.modelcontextprotocol/protocolVersion"]
}

/// A string as a header value: in Base64, and marked so, where it is not printable ASCII.
fn header_value(value: &str) -> Cow<'_, str> {
    let is_printable = value.bytes().all(|byte| matches!(byte, b' '..=b'~'));
    let is_marked = value.starts_with(BASE64_HEADER_PREFIX) && value.ends_with(BASE64_HEADER_SUFFIX);
    if is_printable && !is_marked && value.trim() == value {
        return Cow::Borrowed(value);
    }
    Cow::Owned(format!("{BASE64_HEADER_PREFIX}{}{BASE64_HEADER_SUFFIX}", STANDARD.encode(value)))
}

/// Whether the same request will fail again.
fn is_permanent(status: StatusCode) -> bool {
    status.is_client_error() && status != StatusCode::TOO_MANY_REQUESTS
}

/// The JSON-RPC error for the request `id` that the server did not answer; empty for notifications.
fn error_line(id: &Value, error: &anyhow::Error) -> String {
    if id.is_null() {
        tracing::warn!("a notification was not sent: {error:#}");
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn header_values_encode_every_name() {
        for plain in ["", "create_memory", "omi://memories/1", "a b"] {
            assert_eq!(header_value(plain), plain);
        }
        assert_eq!(header_value("omi://memories/ä"), "=?base64?b21pOi8vbWVtb3JpZXMvw6Q=?=");
        for other in [" a", "a\n", "\u{7f}", "=?base64?YQ==?="] {
            let value = header_value(other);
            let coded = value
                .strip_prefix(BASE64_HEADER_PREFIX)
                .and_then(|value| value.strip_suffix(BASE64_HEADER_SUFFIX))
                .unwrap();
            assert_eq!(STANDARD.decode(coded).unwrap(), other.as_bytes());
        }
    }
}
