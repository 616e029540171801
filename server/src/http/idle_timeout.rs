//! The idle timeout of a connection. It runs while the client is expected to act, which is to send a request or to read
//! the response, and stands still while the server makes a response. Whatever else the client sends does not reset it.

use std::{
    mem,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll, ready},
    time::Duration,
};

use bytes::Bytes;
use hyper::body::{Body, Frame, SizeHint};
use openapi::RequestPermit;
use parking_lot::Mutex;
use tokio::time::{Instant, sleep_until};

use super::stream_timeout::StreamTimer;

/// How much of a response is handed to the HTTP server at a time, in bytes. That it asks for the next chunk is the only
/// sign that the client reads: the buffers below tell nothing.
const CHUNK_SIZE: usize = 8 << 10;

/// The idle timer of one connection.
#[derive(Clone)]
pub(super) struct IdleTimer {
    timeout: Duration,
    state: Arc<Mutex<State>>,
}

struct State {
    /// The number of requests for which the server is expected to act.
    active: usize,
    /// When anything happened last.
    since: Instant,
    /// How long nothing may happen while the client is expected to act.
    timeout: Duration,
}

/// Who is expected to act.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Side {
    Server,
    Client,
}

/// A request, until its response has been handed over.
pub(super) struct ActiveRequest {
    timer: IdleTimer,
    side: Side,
    /// The timer of its HTTP/2 stream.
    stream: Option<StreamTimer>,
}

impl IdleTimer {
    /// The timer of a new connection: `first` is the timeout for the first request, `timeout` applies from then on.
    pub(super) fn new(first: Duration, timeout: Duration) -> Self {
        let state = State { active: 0, since: Instant::now(), timeout: first };
        Self { timeout, state: Arc::new(Mutex::new(state)) }
    }

    /// Starts a request.
    pub(super) fn start_request(&self) -> ActiveRequest {
        self.update(|state| {
            state.active += 1;
            state.timeout = self.timeout;
        });
        ActiveRequest { timer: self.clone(), side: Side::Server, stream: None }
    }

    /// Lowers the timeout to `timeout`, until the client sends another request.
    pub(super) fn shorten(&self, timeout: Duration) {
        self.update(|state| state.timeout = state.timeout.min(timeout));
    }

    /// Waits until the connection has been idle for the timeout.
    pub(super) async fn expired(&self) {
        loop {
            let deadline = self.deadline();
            if deadline <= Instant::now() {
                return;
            }
            sleep_until(deadline).await;
        }
    }

    /// When the timer expires, or the earliest time at which it can while the server is expected to act.
    fn deadline(&self) -> Instant {
        let state = self.state.lock();
        let since = if state.active == 0 { state.since } else { Instant::now() };
        since + state.timeout
    }

    fn update(&self, change: impl FnOnce(&mut State)) {
        let mut state = self.state.lock();
        state.since = Instant::now();
        change(&mut state);
    }
}

impl ActiveRequest {
    /// Applies the write timeout of the HTTP/2 stream that the current task serves, if it serves one.
    pub(super) fn on_this_stream(mut self) -> Self {
        self.stream = StreamTimer::current();
        self
    }

    fn set_side(&mut self, side: Side) {
        if let Some(stream) = &self.stream {
            stream.set_waiting((side == Side::Client).then(Instant::now));
        }
        let before = mem::replace(&mut self.side, side);
        self.timer.update(|state| match (before, side) {
            (Side::Server, Side::Client) => state.active -= 1,
            (Side::Client, Side::Server) => state.active += 1,
            (Side::Server, Side::Server) | (Side::Client, Side::Client) => {}
        });
    }
}

impl Drop for ActiveRequest {
    fn drop(&mut self) {
        self.set_side(Side::Client);
    }
}

/// The body of a response, handed over in chunks.
pub(super) struct ChunkedBody<B> {
    body: B,
    /// What the body has yielded and has not been handed over.
    rest: Bytes,
    request: ActiveRequest,
    /// Counts the request as one in progress.
    _permit: Option<RequestPermit>,
}

impl<B> ChunkedBody<B> {
    /// The body of the response to `request`, which holds the permit until it has been handed over.
    pub(super) fn new(body: B, request: ActiveRequest, permit: Option<RequestPermit>) -> Self {
        Self { body, rest: Bytes::new(), request, _permit: permit }
    }
}

impl<B: Body<Data = Bytes> + Unpin> Body for ChunkedBody<B> {
    type Data = Bytes;
    type Error = B::Error;

    fn poll_frame(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Self::Data>, Self::Error>>> {
        let this = self.get_mut();
        if this.rest.is_empty() {
            this.request.set_side(Side::Server);
            match ready!(Pin::new(&mut this.body).poll_frame(context)) {
                Some(Ok(frame)) => match frame.into_data() {
                    Ok(data) => this.rest = data,
                    Err(trailers) => return Poll::Ready(Some(Ok(trailers))),
                },
                end => return Poll::Ready(end),
            }
        }
        this.request.set_side(Side::Client);
        let length = this.rest.len().min(CHUNK_SIZE);
        Poll::Ready(Some(Ok(Frame::data(this.rest.split_to(length)))))
    }

    fn is_end_stream(&self) -> bool {
        self.rest.is_empty() && self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        let (hint, rest) = (self.body.size_hint(), self.rest.len() as u64);
        let mut whole = SizeHint::new();
        whole.set_lower(hint.lower() + rest);
        if let Some(upper) = hint.upper() {
            whole.set_upper(upper + rest);
        }
        whole
    }
}

#[cfg(test)]
mod tests {
    use std::{convert::Infallible, future::poll_fn};

    use tokio::time::timeout;

    use super::*;

    const TIMEOUT: Duration = Duration::from_millis(20);
    const LONG: Duration = Duration::from_secs(60);

    /// A body that yields these bytes at once, or nothing for ever.
    struct Full(Option<Bytes>);

    impl Body for Full {
        type Data = Bytes;
        type Error = Infallible;

        fn poll_frame(
            mut self: Pin<&mut Self>,
            _: &mut Context<'_>,
        ) -> Poll<Option<Result<Frame<Self::Data>, Self::Error>>> {
            match &mut self.0 {
                None => Poll::Pending,
                Some(bytes) if bytes.is_empty() => Poll::Ready(None),
                Some(bytes) => Poll::Ready(Some(Ok(Frame::data(mem::take(bytes))))),
            }
        }

        fn is_end_stream(&self) -> bool {
            self.0.as_ref().is_some_and(Bytes::is_empty)
        }

        fn size_hint(&self) -> SizeHint {
            SizeHint::with_exact(self.0.as_ref().map_or(0, Bytes::len) as u64)
        }
    }

    /// The length of the next chunk of a body.
    fn next(body: &mut ChunkedBody<Full>, context: &mut Context<'_>) -> Poll<usize> {
        let frame = ready!(Pin::new(body).poll_frame(context));
        Poll::Ready(frame.unwrap().unwrap().into_data().unwrap().len())
    }

    /// Whether the timer expires within ten times the timeout.
    async fn expires(timer: &IdleTimer) -> bool {
        timeout(TIMEOUT * 10, timer.expired()).await.is_ok()
    }

    #[tokio::test]
    async fn a_connection_without_requests_expires() {
        let timer = IdleTimer::new(TIMEOUT, TIMEOUT);
        timeout(LONG, timer.expired()).await.expect("no request came");
        let timer = IdleTimer::new(TIMEOUT, LONG);
        let first = timer.start_request();
        assert!(!expires(&timer).await, "the server makes a response");
        drop(first);
        assert!(!expires(&timer).await, "the client has more time for the next request");
        timer.shorten(TIMEOUT);
        timeout(LONG, timer.expired()).await.expect("the timeout was shortened");
    }

    #[tokio::test]
    async fn the_timer_runs_while_the_client_reads_nothing() {
        let timer = IdleTimer::new(TIMEOUT, TIMEOUT);
        let mut body =
            ChunkedBody::new(Full(Some(Bytes::from(vec![7u8; CHUNK_SIZE + 1]))), timer.start_request(), None);
        assert_eq!(body.size_hint().exact(), Some(CHUNK_SIZE as u64 + 1));
        assert_eq!(poll_fn(|context| next(&mut body, context)).await, CHUNK_SIZE);
        timeout(LONG, timer.expired()).await.expect("the client reads nothing");
        assert!(!body.is_end_stream() && body.size_hint().exact() == Some(1));
        assert_eq!(poll_fn(|context| next(&mut body, context)).await, 1);
        assert!(body.is_end_stream());
    }

    #[tokio::test]
    async fn the_timer_stands_still_while_a_response_is_made() {
        let timer = IdleTimer::new(TIMEOUT, TIMEOUT);
        let mut body = ChunkedBody::new(Full(None), timer.start_request(), None);
        let is_ready = poll_fn(|context| Poll::Ready(next(&mut body, context).is_ready())).await;
        assert!(!is_ready && !expires(&timer).await);
        drop(body);
        timeout(LONG, timer.expired()).await.expect("the response is dropped");
    }
}
