//! Sessions whose answers wait for a client that has lost its connection: rmcp's own sessions, with a log before each
//! stream that answers a request. The stream is read into the log whether somebody listens or not, and whoever comes
//! back with the id of the last event they saw reads on from there.

use std::{
    cmp::Reverse,
    collections::HashMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::{Duration, Instant},
};

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
    session_state::Presence,
    stream_log::{KEPT_BYTES, StreamLog},
};

/// How long an answer is kept for a client that lost its connection.
const KEPT_FOR: Duration = Duration::from_secs(60);

/// How many answers of a session are kept that have come to their end; together they have no more than [`KEPT_BYTES`].
const KEPT_ANSWERS: usize = 8;

/// After how long a client should come back.
const COME_BACK_AFTER: Duration = Duration::from_secs(1);

/// The sessions.
#[derive(Default)]
pub(super) struct Replay {
    /// rmcp's own.
    pub(super) inner: LocalSessionManager,
    sessions: Arc<Mutex<Kept>>,
}

/// What is kept of each session beside what rmcp keeps.
type Kept = HashMap<SessionId, Session>;

#[derive(Default)]
struct Session {
    /// Whether its revision knows events without a message, which tell a client from where to read on before anything
    /// has come. Older ones take them for messages.
    knows_empty_events: bool,
    logs: HashMap<u64, Arc<StreamLog>>,
    presence: Arc<Presence>,
}

impl Replay {
    /// Forgets the sessions that rmcp has not any more, and of the others the answers that have been kept long enough.
    pub(super) async fn sweep(&self) {
        let live = self.inner.sessions.read().await;
        let mut sessions = lock(&self.sessions);
        sessions.retain(|id, _| live.contains_key(id));
        sessions.values_mut().for_each(Session::forget_old_answers);
    }

    /// What is known of the client of a session.
    pub(super) fn presence(&self, id: &str) -> Option<Arc<Presence>> {
        lock(&self.sessions).get(id).map(|session| Arc::clone(&session.presence))
    }

    /// A log for the stream of this number, which the events of `source` go to.
    fn log(&self, id: &SessionId, stream: u64, source: Receiver<ServerSseMessage>) -> Arc<StreamLog> {
        let log = Arc::new(StreamLog::new(stream));
        let mut sessions = lock(&self.sessions);
        let session = sessions.entry(id.clone()).or_default();
        session.logs.insert(stream, Arc::clone(&log));
        if session.knows_empty_events {
            log.push(ServerSseMessage::retry(COME_BACK_AFTER));
        }
        tokio::spawn(fill(Arc::clone(&log), source, Arc::clone(&self.sessions), id.clone()));
        log
    }

    /// The stream, which is one on which the client of the session `id` hears what it says of itself.
    fn heard<S: Stream>(&self, id: &str, stream: S) -> impl Stream<Item = S::Item> + use<S> {
        let listening = self.presence(id).map(|presence| presence.listen());
        stream.inspect(move |_| {
            let _lasts = &listening;
        })
    }
}

impl Session {
    fn forget_old_answers(&mut self) {
        let of_log = |log: &Arc<StreamLog>| log.ended().map(|(ended, bytes)| (ended, log.stream, bytes));
        let mut ended: Vec<(Instant, u64, usize)> = self.logs.values().filter_map(of_log).collect();
        ended.sort_unstable_by_key(|answer| Reverse(*answer));
        let mut together = 0;
        for (place, (end, stream, bytes)) in ended.into_iter().enumerate() {
            together += bytes;
            // The last one is kept for whoever comes back for it, however long it is.
            if end.elapsed() >= KEPT_FOR || place >= KEPT_ANSWERS || (place > 0 && together > KEPT_BYTES) {
                self.logs.remove(&stream);
            }
        }
    }
}

/// Writes down what comes from `source`.
async fn fill(log: Arc<StreamLog>, mut source: Receiver<ServerSseMessage>, sessions: Arc<Mutex<Kept>>, id: SessionId) {
    while let Some(event) = source.recv().await {
        log.push(event);
    }
    log.end();
    if let Some(session) = lock(&sessions).get_mut(&id) {
        session.forget_old_answers();
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl SessionManager for Replay {
    type Error = LocalSessionManagerError;
    type Transport = <LocalSessionManager as SessionManager>::Transport;

    async fn create_session(&self) -> Result<(SessionId, Self::Transport), Self::Error> {
        self.inner.create_session().await
    }

    async fn initialize_session(
        &self,
        id: &SessionId,
        message: ClientJsonRpcMessage,
    ) -> Result<ServerJsonRpcMessage, Self::Error> {
        let answer = self.inner.initialize_session(id, message).await?;
        if let ServerJsonRpcMessage::Response(response) = &answer
            && let ServerResult::InitializeResult(agreed) = &response.result
        {
            let knows_empty_events = agreed.protocol_version >= ProtocolVersion::V_2025_11_25;
            lock(&self.sessions).insert(id.clone(), Session { knows_empty_events, ..Session::default() });
        }
        Ok(answer)
    }

    async fn has_session(&self, id: &SessionId) -> Result<bool, Self::Error> {
        self.inner.has_session(id).await
    }

    async fn close_session(&self, id: &SessionId) -> Result<(), Self::Error> {
        lock(&self.sessions).remove(id);
        self.inner.close_session(id).await
    }

    async fn create_stream(
        &self,
        id: &SessionId,
        message: ClientJsonRpcMessage,
    ) -> Result<impl Stream<Item = ServerSseMessage> + Send + Sync + 'static, Self::Error> {
        let handle = self.inner.sessions.read().await.get(id).cloned();
        let handle = handle.ok_or_else(|| LocalSessionManagerError::SessionNotFound(id.clone()))?;
        let source = handle.establish_request_wise_channel().await?;
        let stream = source.http_request_id.unwrap_or_default();
        let log = self.log(id, stream, source.inner);
        handle.push_message(message, source.http_request_id).await?;
        Ok(log.read(0))
    }

    async fn accept_message(&self, id: &SessionId, message: ClientJsonRpcMessage) -> Result<(), Self::Error> {
        self.inner.accept_message(id, message).await
    }

    async fn create_standalone_stream(
        &self,
        id: &SessionId,
    ) -> Result<impl Stream<Item = ServerSseMessage> + Send + Sync + 'static, Self::Error> {
        Ok(self.heard(id, self.inner.create_standalone_stream(id).await?))
    }

    async fn resume(
        &self,
        id: &SessionId,
        last_event_id: String,
    ) -> Result<impl Stream<Item = ServerSseMessage> + Send + Sync + 'static, Self::Error> {
        let Some((number, stream)) = last_event_id.split_once('/') else {
            return Ok(self.heard(id, self.inner.resume(id, after(&last_event_id)).await?).left_stream());
        };
        let log = stream.parse().ok().and_then(|stream: u64| {
            let sessions = lock(&self.sessions);
            sessions.get(id)?.logs.get(&stream).cloned()
        });
        // Who comes too late, or with an id that never was, reads a stream that ends at once.
        let log = log.unwrap_or_else(|| {
            let nothing = Arc::new(StreamLog::new(0));
            nothing.end();
            nothing
        });
        Ok(log.read(number.parse::<u64>().map_or(0, |number| number.saturating_add(1))).right_stream())
    }
}

/// The event after this one; rmcp itself would begin with it once more.
fn after(event_id: &str) -> String {
    event_id.parse::<u64>().map_or_else(|_| event_id.to_owned(), |number| number.saturating_add(1).to_string())
}
