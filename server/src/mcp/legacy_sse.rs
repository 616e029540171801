//! The transport of 2024-11-05: a stream for all that the server says, and a second address for what the client says.
//!
//! It stands before a session of the newer transport: what arrives at the address is posted there, and what comes of it
//! is told on the stream. The stream is the one that Omi's clients hold open for its pings, and begins with the address;
//! neither kind of client minds what is meant for the other.

use std::{
    collections::HashMap,
    io,
    pin::pin,
    sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError},
    time::Duration,
};

use futures::StreamExt;
use poem::{
    Body, Endpoint, Request, Response,
    http::{HeaderValue, Method, StatusCode},
};
use tokio::{
    sync::mpsc::{self, Receiver, Sender},
    time::interval,
};
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

use super::{
    endpoint::{Rmcp, SESSION_ID, like},
    sessions::Sessions,
    sse::{self, event, messages},
};

/// A sign of life, as Omi's clients know it.
const PING: &str = "event: ping\ndata: {}\n\n";

const PING_EVERY: Duration = Duration::from_secs(30);

/// How many messages wait for a client that reads slowly.
const WAITING: usize = 64;

/// The open streams, by the id in their addresses.
#[derive(Default)]
pub(super) struct TwoEndpoints(Mutex<HashMap<String, Arc<Told>>>);

/// A stream, from where messages for it come.
pub(super) struct Told {
    user: String,
    /// The session behind it, once the client has begun one.
    session: OnceLock<HeaderValue>,
    messages: Sender<String>,
    closed: CancellationToken,
}

/// A stream, from where it is told.
pub(super) struct Telling {
    told: Arc<Told>,
    messages: Receiver<String>,
    id: String,
    /// The part of the query that says which tools are shown, `&toolsets=goals`; nothing where there is none.
    shown: String,
    streams: Arc<TwoEndpoints>,
}

impl TwoEndpoints {
    /// A stream of `user`, whose address has this query.
    pub(super) fn open(self: &Arc<Self>, user: &str, query: &str) -> Telling {
        let (sender, messages) = mpsc::channel(WAITING);
        let closed = CancellationToken::new();
        let told = Told { user: user.to_owned(), session: OnceLock::new(), messages: sender, closed };
        let (id, told) = (Uuid::new_v4().to_string(), Arc::new(told));
        self.lock().insert(id.clone(), Arc::clone(&told));
        let shown = query.split('&').find(|pair| pair.starts_with("toolsets="));
        let shown = shown.map(|pair| format!("&{pair}")).unwrap_or_default();
        Telling { told, messages, id, shown, streams: Arc::clone(self) }
    }

    /// The stream with this id, if it is `user`'s.
    pub(super) fn find(&self, id: &str, user: &str) -> Option<Arc<Told>> {
        self.lock().get(id).filter(|told| told.user == user).cloned()
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<String, Arc<Told>>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The stream that older Omi clients hold open without a session: a sign of life, then one every half minute. With
/// `telling` it is also the stream of the transport with two endpoints, and says first where messages go.
pub(super) fn stream(telling: Option<Telling>, closing: &CancellationToken) -> Response {
    let mut ticks = interval(PING_EVERY);
    let said = async_stream::stream! {
        let Some(mut telling) = telling else {
            loop {
                ticks.tick().await;
                yield Ok::<_, io::Error>(PING.to_owned());
            }
        };
        yield Ok(telling.beginning());
        loop {
            tokio::select! {
                _ = ticks.tick() => yield Ok(telling.ping().to_owned()),
                message = telling.messages.recv() => match message {
                    Some(message) => yield Ok(message),
                    None => return,
                }
            }
        }
    };
    sse::answer(said.take_until(closing.clone().cancelled_owned()))
}

impl Telling {
    /// The event that names the address.
    fn beginning(&self) -> String {
        format!("event: endpoint\ndata: /v1/mcp/messages?session_id={}{}\n\n", self.id, self.shown)
    }

    /// A sign of life, in the form that this kind of client knows.
    fn ping(&self) -> &'static str {
        if self.told.session.get().is_some() { ": ping\n\n" } else { PING }
    }
}

impl Drop for Telling {
    fn drop(&mut self) {
        self.streams.lock().remove(&self.id);
        self.told.closed.cancel();
    }
}

impl Told {
    /// Passes a message on to the session, and what comes of it to the stream.
    pub(super) async fn post(
        self: &Arc<Self>,
        mut request: Request,
        stateful: &Rmcp,
        sessions: &Arc<Sessions>,
    ) -> poem::Result<Response> {
        if let Some(session) = self.session.get() {
            sessions.note(session.to_str().unwrap_or_default(), &mut request);
            request.headers_mut().insert(SESSION_ID, session.clone());
        }
        let again = like(&request, Body::empty());
        let response = stateful.call(request).await?;
        if !response.status().is_success() {
            return Ok(response);
        }
        let begun = response.headers().get(SESSION_ID).cloned();
        tokio::spawn(Arc::clone(self).tell(response.into_body()));
        if let Some(session) = begun.filter(|session| self.session.set(session.clone()).is_ok()) {
            self.follow(again, session, stateful, sessions).await?;
        }
        Ok(StatusCode::ACCEPTED.into())
    }

    /// Tells on the stream what is answered without the session. Fails when the answer breaks off.
    pub(super) async fn answer(&self, answer: Response) -> poem::Result<Response> {
        self.say(&answer.into_body().into_string().await?).await;
        Ok(StatusCode::ACCEPTED.into())
    }

    /// Tells what the session says of itself, too; and ends it when the stream ends.
    async fn follow(
        self: &Arc<Self>,
        mut request: Request,
        session: HeaderValue,
        stateful: &Rmcp,
        sessions: &Arc<Sessions>,
    ) -> poem::Result<()> {
        let id = session.to_str().unwrap_or_default().to_owned();
        sessions.open(&id, &self.user).await;
        let (closed, sessions) = (self.closed.clone(), Arc::clone(sessions));
        tokio::spawn(async move {
            closed.cancelled().await;
            sessions.end(&id).await;
        });
        request.headers_mut().insert(SESSION_ID, session);
        request.set_method(Method::GET);
        let news = stateful.call(request).await?;
        tokio::spawn(Arc::clone(self).tell(news.into_body()));
        Ok(())
    }

    /// Tells the messages of another stream; events without one mean nothing in this transport.
    async fn tell(self: Arc<Self>, body: Body) {
        let mut messages = pin!(messages(body.into_bytes_stream()));
        while let Some(Some(Ok(message))) = self.closed.run_until_cancelled(messages.next()).await {
            self.say(&message).await;
        }
    }

    async fn say(&self, message: &str) {
        // Nobody may be listening any more.
        let _ = self.closed.run_until_cancelled(self.messages.send(event(message))).await;
    }
}
