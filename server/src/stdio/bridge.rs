//! Standard input and output as one more client of the server that holds the data folder.
//!
//! What an older client begins with `initialize` is a session there, whose own messages come back too; should the server
//! forget the session, for it was started anew, another one is begun without the client's notice. From 2026-07-28 on
//! every message stands for itself.

use std::{borrow::Cow, collections::HashMap, pin::pin, sync::Arc, time::Duration};

use anyhow::Context as _;
use base64::{Engine, engine::general_purpose::STANDARD};
use futures::StreamExt;
use reqwest::{
    Client, ClientBuilder, Method, RequestBuilder, Response, StatusCode,
    header::{ACCEPT, CONTENT_TYPE},
};
use serde_json::{Value, json};
use tokio::{
    io::{AsyncBufReadExt, AsyncWriteExt, BufReader},
    sync::{Mutex, mpsc},
    task::{AbortHandle, JoinSet},
    time::timeout,
};

use crate::mcp::messages;

const SESSION_ID: &str = "mcp-session-id";
const BOTH_FORMS: &str = "application/json, text/event-stream";

/// What stands before and after a header's value that is in Base64 (SEP-2243).
const BASE64_MARK: &str = "=?base64?";
const BASE64_END: &str = "?=";

/// How long the server may go on with a call when standard input has ended: as long as an answer of the chat may take.
const LONGEST_CALL: Duration = Duration::from_secs(180);

/// How long the stream of a session that broke off is left alone.
const PAUSE: Duration = Duration::from_secs(1);

/// Passes messages on to `endpoint` (`http://127.0.0.1:8080/v1/mcp`) by `http`, signed in with `key`, until standard
/// input ends and every answer is written. Fails when standard input or output does.
pub(crate) async fn bridge_stdio(endpoint: String, key: &str, http: ClientBuilder) -> anyhow::Result<()> {
    let (answers, written) = mpsc::channel::<String>(16);
    let writer = tokio::spawn(write_lines(written));
    let bridge =
        Arc::new(Bridge { endpoint, key: key.to_owned(), http: http.build()?, answers, session: Mutex::default() });
    let mut lines = BufReader::new(tokio::io::stdin()).lines();
    let mut running = JoinSet::new();
    let mut cancellable = HashMap::<String, AbortHandle>::new();
    while let Some(line) = lines.next_line().await? {
        if line.trim().is_empty() {
            continue;
        }
        let message: Value = serde_json::from_str(&line).unwrap_or_default();
        if message["method"] == "initialize" {
            bridge.begin(message).await;
            continue;
        }
        if message["method"] == "notifications/cancelled" && bridge.session().await.is_none() {
            // Dropping the request is how a call that stands for itself is cancelled.
            let cancelled = cancellable.remove(&message["params"]["requestId"].to_string());
            cancelled.inspect(AbortHandle::abort);
            continue;
        }
        if message["id"].is_null() || message["method"].is_null() {
            // What is answered by nothing keeps its place among what comes after it.
            bridge.pass(message, line).await;
            continue;
        }
        cancellable.retain(|_, call| !call.is_finished());
        while running.try_join_next().is_some() {}
        let bridge = Arc::clone(&bridge);
        cancellable.insert(message["id"].to_string(), running.spawn(async move { bridge.pass(message, line).await }));
    }
    // Calls at work still count; a subscription would never end.
    let _ = timeout(LONGEST_CALL, async { while running.join_next().await.is_some() {} }).await;
    running.shutdown().await;
    bridge.end().await;
    drop(bridge);
    writer.await?
}

struct Bridge {
    endpoint: String,
    key: String,
    http: Client,
    answers: mpsc::Sender<String>,
    session: Mutex<Option<Session>>,
}

struct Session {
    id: String,
    /// What it was begun with.
    opening: Value,
    /// What reads its own messages.
    news: AbortHandle,
}

impl Bridge {
    /// Begins a session, and answers the client with what the server says.
    async fn begin(self: &Arc<Self>, opening: Value) {
        if let Err(error) = self.try_to_begin(&opening).await {
            self.answer(failure(&opening["id"], &error)).await;
        }
    }

    async fn try_to_begin(self: &Arc<Self>, opening: &Value) -> anyhow::Result<()> {
        let response = self.post(opening, opening.to_string(), None).await?;
        if let Some(id) = session_id(&response) {
            let news = tokio::spawn(Arc::clone(self).follow(id.clone())).abort_handle();
            *self.session.lock().await = Some(Session { id, opening: opening.clone(), news });
        }
        self.forward(response).await
    }

    /// Begins the session anew that the server has forgotten.
    async fn begin_again(self: &Arc<Self>, forgotten: &str) -> anyhow::Result<()> {
        let mut session = self.session.lock().await;
        let Some(known) = session.as_mut().filter(|known| known.id == forgotten) else { return Ok(()) };
        let response = self.post(&known.opening, known.opening.to_string(), None).await?;
        let id = session_id(&response).context("the server begins no session")?;
        response.bytes().await?;
        let begun = json!({ "jsonrpc": "2.0", "method": "notifications/initialized" });
        self.post(&begun, begun.to_string(), Some(&id)).await?;
        known.news.abort();
        known.news = tokio::spawn(Arc::clone(self).follow(id.clone())).abort_handle();
        known.id = id;
        Ok(())
    }

    /// Passes a message on, and the answers back.
    async fn pass(self: &Arc<Self>, message: Value, line: String) {
        let passed = async {
            let session = self.session().await;
            let mut response = self.post(&message, line.clone(), session.as_deref()).await?;
            if let Some(session) = session.filter(|_| response.status() == StatusCode::NOT_FOUND) {
                self.begin_again(&session).await?;
                response = self.post(&message, line, self.session().await.as_deref()).await?;
            }
            self.forward(response).await
        };
        if let Err(error) = passed.await {
            self.answer(failure(&message["id"], &error)).await;
        }
    }

    /// Passes back what a session says of itself.
    async fn follow(self: Arc<Self>, id: String) {
        loop {
            let request = self.request(Method::GET).header(ACCEPT, "text/event-stream").header(SESSION_ID, &id);
            let broken = match request.send().await {
                // Neither a session that is forgotten nor a key that is revoked comes back to who asks again.
                Ok(refused) if is_final(refused.status()) => return,
                Ok(news) => self.forward(news).await.err(),
                Err(error) => Some(error.into()),
            };
            if let Some(error) = broken {
                tracing::debug!("the session's own stream broke off: {error:#}");
            }
            tokio::time::sleep(PAUSE).await;
        }
    }

    async fn end(&self) {
        let Some(session) = self.session.lock().await.take() else { return };
        session.news.abort();
        if let Err(error) = self.request(Method::DELETE).header(SESSION_ID, session.id).send().await {
            tracing::debug!("the session was not ended: {error}");
        }
    }

    async fn session(&self) -> Option<String> {
        self.session.lock().await.as_ref().map(|session| session.id.clone())
    }

    async fn post(&self, message: &Value, line: String, session: Option<&str>) -> anyhow::Result<Response> {
        let request = describe(self.request(Method::POST), message).header(ACCEPT, BOTH_FORMS).body(line);
        let request = session.into_iter().fold(request, |request, id| request.header(SESSION_ID, id));
        request.header(CONTENT_TYPE, "application/json").send().await.context("the server is away")
    }

    fn request(&self, method: Method) -> RequestBuilder {
        self.http.request(method, &self.endpoint).bearer_auth(&self.key)
    }

    /// Writes whatever messages are in a response.
    async fn forward(&self, response: Response) -> anyhow::Result<()> {
        let status = response.status();
        let form = response.headers().get(CONTENT_TYPE).and_then(|form| form.to_str().ok()).unwrap_or_default();
        if status.is_success() && form.starts_with("text/event-stream") {
            let mut messages = pin!(messages(response.bytes_stream()));
            while let Some(message) = messages.next().await {
                self.answer(message?).await;
            }
            return Ok(());
        }
        let is_json = form.starts_with("application/json");
        let body = response.text().await?;
        match status {
            StatusCode::ACCEPTED => {}
            _ if is_json && body.contains("\"jsonrpc\"") => self.answer(body).await,
            _ => anyhow::bail!("the server answered {status}: {body}"),
        }
        Ok(())
    }

    async fn answer(&self, line: String) {
        if !line.is_empty() {
            // Nobody may be reading any more.
            let _ = self.answers.send(line).await;
        }
    }
}

/// Adds the headers by which 2026-07-28 describes a message; older revisions overlook them.
fn describe(request: RequestBuilder, message: &Value) -> RequestBuilder {
    let params = &message["params"];
    let version = &params["_meta"]["io.modelcontextprotocol/protocolVersion"];
    let name = if message["method"] == "resources/read" { &params["uri"] } else { &params["name"] };
    let described = [("mcp-protocol-version", version), ("mcp-method", &message["method"]), ("mcp-name", name)];
    described.into_iter().fold(request, |request, (header, value)| match value.as_str() {
        Some(value) => request.header(header, &*in_header(value)),
        None => request,
    })
}

/// A value as headers can have it: in Base64, and marked so, where it is not of printable ASCII.
fn in_header(value: &str) -> Cow<'_, str> {
    let is_printable = value.bytes().all(|byte| matches!(byte, b' '..=b'~'));
    let is_marked = value.starts_with(BASE64_MARK) && value.ends_with(BASE64_END);
    if is_printable && !is_marked && value.trim() == value {
        return Cow::Borrowed(value);
    }
    Cow::Owned(format!("{BASE64_MARK}{}{BASE64_END}", STANDARD.encode(value)))
}

/// Whether asking again will be answered no otherwise.
fn is_final(status: StatusCode) -> bool {
    status.is_client_error() && status != StatusCode::TOO_MANY_REQUESTS
}

fn session_id(response: &Response) -> Option<String> {
    response.headers().get(SESSION_ID)?.to_str().ok().map(str::to_owned)
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn headers_take_every_name() {
        for plain in ["", "create_memory", "omi://memories/1", "a b"] {
            assert_eq!(in_header(plain), plain);
        }
        assert_eq!(in_header("omi://memories/ä"), "=?base64?b21pOi8vbWVtb3JpZXMvw6Q=?=");
        for other in [" a", "a\n", "\u{7f}", "=?base64?YQ==?="] {
            let value = in_header(other);
            let coded = value.strip_prefix(BASE64_MARK).and_then(|value| value.strip_suffix(BASE64_END)).unwrap();
            assert_eq!(STANDARD.decode(coded).unwrap(), other.as_bytes());
        }
    }
}
