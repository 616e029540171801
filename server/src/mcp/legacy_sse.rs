//! The HTTP+SSE transport of 2024-11-05: one event stream for everything the server sends, and a second URL that the
//! client posts its messages to.
//!
//! It is a proxy of a streamable HTTP session: what is posted to the URL is posted to the session, and the session's
//! messages are sent on the stream. Omi's clients hold the same stream open for its pings. The stream begins with the URL
//! for both; each kind of client ignores the events meant for the other.

use std::{
    collections::HashMap,
    io,
    pin::pin,
    sync::{Arc, OnceLock},
    time::Duration,
};

use futures::StreamExt;
use parking_lot::Mutex;
use poem::{
    Body, Endpoint, Request, Response,
    http::{HeaderValue, Method, StatusCode},
};
use rmcp::transport::common::http_header::HEADER_SESSION_ID;
use tokio::{
    sync::mpsc::{self, Receiver, Sender},
    time::interval,
};
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

use super::{
    endpoint::{RmcpEndpoint, with_body},
    sessions::{McpSessions, SessionOwner},
    sse::{self, event, messages},
};

/// A keep-alive event that Omi's clients know.
const PING: &str = "event: ping\ndata: {}\n\n";

const PING_INTERVAL: Duration = Duration::from_secs(30);

/// How many messages wait for a client that reads slowly.
const CHANNEL_CAPACITY: usize = 64;

/// The open streams, by the id in their URLs.
#[derive(Default)]
pub(super) struct SseConnections(Mutex<HashMap<String, Arc<SseSender>>>);

/// The sending side of a stream.
pub(super) struct SseSender {
    owner: SessionOwner,
    /// The session behind it, once the client has opened one.
    session: OnceLock<HeaderValue>,
    messages: Sender<String>,
    closed: CancellationToken,
}

/// The receiving side of a stream: what the HTTP response is made of.
pub(super) struct SseStream {
    sender: Arc<SseSender>,
    messages: Receiver<String>,
    id: String,
    /// The part of the query that filters tools, as `&toolsets=goals`; empty where there is none.
    toolsets: String,
    connections: Arc<SseConnections>,
}

impl SseConnections {
    /// Opens a stream of `owner`, requested with this query.
    pub(super) fn open(self: &Arc<Self>, owner: SessionOwner, query: &str) -> SseStream {
        let (sender, messages) = mpsc::channel(CHANNEL_CAPACITY);
        let closed = CancellationToken::new();
        let sender = SseSender { owner, session: OnceLock::new(), messages: sender, closed };
        let (id, sender) = (Uuid::new_v4().to_string(), Arc::new(sender));
        self.0.lock().insert(id.clone(), Arc::clone(&sender));
        let toolsets = query.split('&').find(|pair| pair.starts_with("toolsets="));
        let toolsets = toolsets.map(|pair| format!("&{pair}")).unwrap_or_default();
        SseStream { sender, messages, id, toolsets, connections: Arc::clone(self) }
    }

    /// The stream with this id, if `caller` may use it.
    pub(super) fn find(&self, id: &str, caller: &SessionOwner) -> Option<Arc<SseSender>> {
        self.0.lock().get(id).filter(|sender| caller.may_continue(&sender.owner)).cloned()
    }
}

/// The event stream of a GET without a session: pings, at once and every half minute. With `stream` it is also the stream
/// of the HTTP+SSE transport, and begins with the URL for messages.
pub(super) fn stream(stream: Option<SseStream>, closing: &CancellationToken) -> Response {
    let mut ticks = interval(PING_INTERVAL);
    let events = async_stream::stream! {
        let Some(mut stream) = stream else {
            loop {
                ticks.tick().await;
                yield Ok::<_, io::Error>(PING.to_owned());
            }
        };
        yield Ok(stream.endpoint_event());
        loop {
            tokio::select! {
                _ = ticks.tick() => yield Ok(stream.ping().to_owned()),
                message = stream.messages.recv() => match message {
                    Some(message) => yield Ok(message),
                    None => return,
                }
            }
        }
    };
    sse::response(events.take_until(closing.clone().cancelled_owned()))
}

impl SseStream {
    fn endpoint_event(&self) -> String {
        format!("event: endpoint\ndata: /v1/mcp/messages?session_id={}{}\n\n", self.id, self.toolsets)
    }

    /// A keep-alive; for MCP clients a comment, since they know no ping event.
    fn ping(&self) -> &'static str {
        if self.sender.session.get().is_some() { ": ping\n\n" } else { PING }
    }
}

impl Drop for SseStream {
    fn drop(&mut self) {
        self.connections.0.lock().remove(&self.id);
        self.sender.closed.cancel();
    }
}

impl SseSender {
    /// Posts a message to the session, and sends the response on the stream.
    pub(super) async fn post(
        self: &Arc<Self>,
        mut request: Request,
        rmcp: &RmcpEndpoint,
        sessions: &Arc<McpSessions>,
    ) -> poem::Result<Response> {
        if let Some(session) = self.session.get() {
            sessions.record_request(session.to_str().unwrap_or_default(), &mut request);
            request.headers_mut().insert(HEADER_SESSION_ID, session.clone());
        }
        let head = with_body(&request, Body::empty());
        let response = rmcp.call(request).await?;
        if !response.status().is_success() {
            return Ok(response);
        }
        let opened = response.headers().get(HEADER_SESSION_ID).cloned();
        tokio::spawn(Arc::clone(self).forward(response.into_body()));
        if let Some(session) = opened.filter(|session| self.session.set(session.clone()).is_ok()) {
            self.follow_session(head, session, rmcp, sessions).await?;
        }
        Ok(StatusCode::ACCEPTED.into())
    }

    /// Sends a response that did not come from the session. Fails when it breaks off.
    pub(super) async fn send_response(&self, response: Response) -> poem::Result<Response> {
        self.send(&response.into_body().into_string().await?).await;
        Ok(StatusCode::ACCEPTED.into())
    }

    /// Sends the messages of the session's own stream, and ends the session when the stream is closed.
    async fn follow_session(
        self: &Arc<Self>,
        mut request: Request,
        session: HeaderValue,
        rmcp: &RmcpEndpoint,
        sessions: &Arc<McpSessions>,
    ) -> poem::Result<()> {
        let id = session.to_str().unwrap_or_default().to_owned();
        sessions.set_owner(&id, &self.owner).await;
        let (closed, sessions) = (self.closed.clone(), Arc::clone(sessions));
        tokio::spawn(async move {
            closed.cancelled().await;
            sessions.close(&id).await;
        });
        request.headers_mut().insert(HEADER_SESSION_ID, session);
        request.set_method(Method::GET);
        let response = rmcp.call(request).await?;
        tokio::spawn(Arc::clone(self).forward(response.into_body()));
        Ok(())
    }

    /// Sends the messages of another stream; events without a message have no meaning in this transport.
    async fn forward(self: Arc<Self>, body: Body) {
        let mut messages = pin!(messages(body.into_bytes_stream()));
        while let Some(Some(Ok(message))) = self.closed.run_until_cancelled(messages.next()).await {
            self.send(&message).await;
        }
    }

    async fn send(&self, message: &str) {
        // The client may be gone.
        let _ = self.closed.run_until_cancelled(self.messages.send(event(message))).await;
    }
}
