//! rmcp's session manager with replay: a response waits for a client that lost its connection. Each stream that answers a
//! request is read into a buffer whether its client listens or not, and a client that sends the id of the last event it
//! received resumes after it.
//!
//! rmcp's own `EventStore` does not fit: it does not know of sessions, so that the id of an event would open the stream of
//! another user; nor of the end of a stream whose request was cancelled; it takes one setting of empty events for clients
//! of all versions; a client that reads slowly would block the session; and what was sent before the client opened its
//! stream would be lost.

use std::{sync::Arc, time::Duration};

use futures::{Stream, StreamExt};
use rmcp::{
    model::{ClientJsonRpcMessage, ProtocolVersion, ServerJsonRpcMessage, ServerResult},
    transport::streamable_http_server::{
        SessionManager,
        session::{
            ServerSseMessage, SessionId,
            local::{LocalSessionManager, LocalSessionManagerError},
        },
    },
};
use tokio::sync::mpsc::Receiver;

use super::{
    replay_buffer::ReplayBuffer,
    sessions::{McpSessions, SessionRecord},
};

/// After how long a client should reconnect.
const RECONNECT_DELAY: Duration = Duration::from_secs(1);

impl McpSessions {
    /// A buffer for the stream of this number, filled with the events of `source`.
    fn buffer(&self, id: &SessionId, stream: u64, source: Receiver<ServerSseMessage>) -> Arc<ReplayBuffer> {
        let buffer = Arc::new(ReplayBuffer::new(stream));
        if let Some(record) = self.records.lock().get_mut(id) {
            record.buffers.insert(stream, Arc::clone(&buffer));
            if record.has_empty_events {
                buffer.push(ServerSseMessage::retry(RECONNECT_DELAY));
            }
        }
        let (records, id) = (Arc::clone(&self.records), id.clone());
        let filled = fill(Arc::clone(&buffer), source);
        tokio::spawn(async move {
            filled.await;
            if let Some(record) = records.lock().get_mut(&id) {
                record.drop_old_buffers();
            }
        });
        buffer
    }

    /// The stream, counted as open while it is read: it carries the notifications of the session `id`.
    fn count<S: Stream>(&self, id: &str, stream: S) -> impl Stream<Item = S::Item> + use<S> {
        let open = self.state(id).map(|state| state.open_stream());
        stream.inspect(move |_| {
            let _guard = &open;
        })
    }
}

/// Reads the events of `source` into a buffer.
async fn fill(buffer: Arc<ReplayBuffer>, mut source: Receiver<ServerSseMessage>) {
    while let Some(event) = source.recv().await {
        buffer.push(event);
    }
    buffer.end();
}

impl SessionManager for McpSessions {
    type Error = LocalSessionManagerError;
    type Transport = <LocalSessionManager as SessionManager>::Transport;

    async fn create_session(&self) -> Result<(SessionId, Self::Transport), Self::Error> {
        let (id, transport) = self.rmcp.create_session().await?;
        self.records.lock().insert(id.clone(), SessionRecord::default());
        Ok((id, transport))
    }

    async fn initialize_session(
        &self,
        id: &SessionId,
        message: ClientJsonRpcMessage,
    ) -> Result<ServerJsonRpcMessage, Self::Error> {
        let answer = self.rmcp.initialize_session(id, message).await?;
        if let ServerJsonRpcMessage::Response(response) = &answer
            && let ServerResult::InitializeResult(agreed) = &response.result
            && let Some(record) = self.records.lock().get_mut(id)
        {
            record.has_empty_events = agreed.protocol_version >= ProtocolVersion::V_2025_11_25;
        }
        Ok(answer)
    }

    async fn has_session(&self, id: &SessionId) -> Result<bool, Self::Error> {
        self.rmcp.has_session(id).await
    }

    async fn close_session(&self, id: &SessionId) -> Result<(), Self::Error> {
        self.records.lock().remove(id);
        self.rmcp.close_session(id).await
    }

    async fn create_stream(
        &self,
        id: &SessionId,
        message: ClientJsonRpcMessage,
    ) -> Result<impl Stream<Item = ServerSseMessage> + Send + Sync + 'static, Self::Error> {
        let handle = self.rmcp.sessions.read().await.get(id).cloned();
        let handle = handle.ok_or_else(|| LocalSessionManagerError::SessionNotFound(id.clone()))?;
        let source = handle.establish_request_wise_channel().await?;
        let buffer = self.buffer(id, source.http_request_id.unwrap_or_default(), source.inner);
        handle.push_message(message, source.http_request_id).await?;
        Ok(buffer.read_from(0))
    }

    async fn accept_message(&self, id: &SessionId, message: ClientJsonRpcMessage) -> Result<(), Self::Error> {
        self.rmcp.accept_message(id, message).await
    }

    async fn create_standalone_stream(
        &self,
        id: &SessionId,
    ) -> Result<impl Stream<Item = ServerSseMessage> + Send + Sync + 'static, Self::Error> {
        Ok(self.count(id, self.rmcp.create_standalone_stream(id).await?))
    }

    async fn resume(
        &self,
        id: &SessionId,
        last_event_id: String,
    ) -> Result<impl Stream<Item = ServerSseMessage> + Send + Sync + 'static, Self::Error> {
        let Some((number, stream)) = last_event_id.split_once('/') else {
            return Ok(self.count(id, self.rmcp.resume(id, next_event(&last_event_id)).await?).left_stream());
        };
        let buffer = stream.parse().ok().and_then(|stream: u64| {
            let records = self.records.lock();
            records.get(id)?.buffers.get(&stream).cloned()
        });
        // A client that comes too late, or with an unknown id, gets a stream that ends at once.
        let buffer = buffer.unwrap_or_else(ReplayBuffer::ended_empty);
        Ok(buffer.read_from(number.parse::<u64>().map_or(0, |number| number.saturating_add(1))).right_stream())
    }
}

/// The id of the event after this one; rmcp itself would begin with this one again.
fn next_event(event_id: &str) -> String {
    event_id.parse::<u64>().map_or_else(|_| event_id.to_owned(), |number| number.saturating_add(1).to_string())
}
