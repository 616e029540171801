//! Sessions whose answers wait for a client that has lost its connection: rmcp's own sessions, with a log before each
//! stream that answers a request. The stream is read into the log whether somebody listens or not, and whoever comes
//! back with the id of the last event they saw reads on from there.

use std::{
    collections::{HashMap, VecDeque},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::{Duration, Instant},
};

use futures::{Stream, StreamExt, stream};
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
use tokio::sync::{mpsc::Receiver, watch};

/// How long an answer is kept for a client that lost its connection.
const KEPT_FOR: Duration = Duration::from_secs(60);

/// How many answers of a session are kept that have come to their end.
const KEPT_ANSWERS: usize = 8;

/// How many events of one stream are kept.
const KEPT_EVENTS: usize = 256;

/// After how long a client should come back.
const COME_BACK_AFTER: Duration = Duration::from_secs(1);

/// The sessions.
#[derive(Default)]
pub(super) struct Replay {
    /// rmcp's own.
    pub(super) inner: LocalSessionManager,
    sessions: Mutex<HashMap<SessionId, Session>>,
}

#[derive(Default)]
struct Session {
    /// Whether its revision knows events without a message, which tell a client from where to read on before anything
    /// has come. Older ones take them for messages.
    knows_empty_events: bool,
    logs: HashMap<u64, Arc<Log>>,
}

/// What one stream has said.
struct Log {
    stream: u64,
    said: Mutex<Said>,
    /// How many events there were.
    count: watch::Sender<u64>,
}

#[derive(Default)]
struct Said {
    /// The last events, of which the first has the number `first`.
    events: VecDeque<ServerSseMessage>,
    first: u64,
    ended: Option<Instant>,
}

impl Log {
    fn new(stream: u64) -> Self {
        Self { stream, said: Mutex::default(), count: watch::Sender::default() }
    }

    fn push(&self, mut event: ServerSseMessage) {
        let mut said = lock(&self.said);
        let number = said.first + said.events.len() as u64;
        event.event_id = Some(format!("{number}/{}", self.stream));
        said.events.push_back(event);
        if said.events.len() > KEPT_EVENTS {
            said.events.pop_front();
            said.first += 1;
        }
        self.count.send_replace(number + 1);
    }

    fn end(&self) {
        lock(&self.said).ended = Some(Instant::now());
        self.count.send_modify(|_| {});
    }

    /// The events from this number on, those to come too.
    fn read(self: Arc<Self>, number: u64) -> impl Stream<Item = ServerSseMessage> + Send + Sync + use<> {
        let news = self.count.subscribe();
        stream::unfold((self, number, news), |(log, number, mut news)| async move {
            loop {
                {
                    let said = lock(&log.said);
                    let number = number.max(said.first);
                    if let Some(event) = said.events.get((number - said.first) as usize) {
                        let event = event.clone();
                        drop(said);
                        return Some((event, (log, number + 1, news)));
                    }
                    if said.ended.is_some() {
                        return None;
                    }
                }
                news.changed().await.ok()?;
            }
        })
    }
}

impl Replay {
    /// Forgets the sessions that rmcp has not any more.
    pub(super) async fn sweep(&self) {
        let live = self.inner.sessions.read().await;
        lock(&self.sessions).retain(|id, _| live.contains_key(id));
    }

    /// A log for the stream of this number, which the events of `source` go to.
    fn log(&self, id: &SessionId, stream: u64, source: Receiver<ServerSseMessage>) -> Arc<Log> {
        let log = Arc::new(Log::new(stream));
        let mut sessions = lock(&self.sessions);
        let session = sessions.entry(id.clone()).or_default();
        session.forget_old_answers();
        session.logs.insert(stream, Arc::clone(&log));
        if session.knows_empty_events {
            log.push(ServerSseMessage::retry(COME_BACK_AFTER));
        }
        tokio::spawn(fill(Arc::clone(&log), source));
        log
    }
}

impl Session {
    fn forget_old_answers(&mut self) {
        self.logs.retain(|_, log| lock(&log.said).ended.is_none_or(|ended| ended.elapsed() < KEPT_FOR));
        let mut ended: Vec<(Instant, u64)> =
            self.logs.values().filter_map(|log| Some((lock(&log.said).ended?, log.stream))).collect();
        ended.sort_unstable();
        let surplus = ended.len().saturating_sub(KEPT_ANSWERS);
        for (_, stream) in ended.into_iter().take(surplus) {
            self.logs.remove(&stream);
        }
    }
}

async fn fill(log: Arc<Log>, mut source: Receiver<ServerSseMessage>) {
    while let Some(event) = source.recv().await {
        log.push(event);
    }
    log.end();
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
        self.inner.create_standalone_stream(id).await
    }

    async fn resume(
        &self,
        id: &SessionId,
        last_event_id: String,
    ) -> Result<impl Stream<Item = ServerSseMessage> + Send + Sync + 'static, Self::Error> {
        let Some((number, stream)) = last_event_id.split_once('/') else {
            return Ok(self.inner.resume(id, after(&last_event_id)).await?.left_stream());
        };
        let log = stream.parse().ok().and_then(|stream: u64| {
            let sessions = lock(&self.sessions);
            sessions.get(id)?.logs.get(&stream).cloned()
        });
        // Who comes too late, or with an id that never was, reads a stream that ends at once.
        let log = log.unwrap_or_else(|| {
            let nothing = Arc::new(Log::new(0));
            nothing.end();
            nothing
        });
        Ok(log.read(number.parse::<u64>().map_or(0, |number| number + 1)).right_stream())
    }
}

/// The event after this one; rmcp itself would begin with it once more.
fn after(event_id: &str) -> String {
    event_id.parse::<u64>().map_or_else(|_| event_id.to_owned(), |number| (number + 1).to_string())
}
