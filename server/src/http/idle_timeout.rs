//! Whose turn it is on a connection: the server's while it makes an answer, or the client's, who is to send a request or
//! to take what there is of an answer. A client that does not take its turn loses the connection, whatever it sends
//! meanwhile.

use std::{
    mem,
    pin::Pin,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    task::{Context, Poll, ready},
    time::Duration,
};

use bytes::Bytes;
use hyper::body::{Body, Frame, SizeHint};
use tokio::time::{Instant, sleep_until};

/// How much of an answer is handed over at once, in bytes. Only that a next piece is asked for shows that the client takes
/// them: what is in the buffers below shows nothing.
const PIECE: usize = 8 << 10;

/// Whose turn it is on one connection.
#[derive(Clone)]
pub(super) struct Turns {
    patience: Duration,
    state: Arc<Mutex<State>>,
}

struct State {
    /// How many requests the server is at work on.
    at_work: usize,
    /// When anything has happened last.
    since: Instant,
    /// How long nothing may happen while it is the client's turn.
    patience: Duration,
}

/// Whose turn it is.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Side {
    Server,
    Client,
}

/// One request, until its answer has been handed over.
pub(super) struct Turn {
    turns: Turns,
    side: Side,
}

impl Turns {
    /// A new connection, whose client may take so long to send its first request, and so long for whatever comes later.
    pub(super) fn new(greeting: Duration, patience: Duration) -> Self {
        let state = State { at_work: 0, since: Instant::now(), patience: greeting };
        Self { patience, state: Arc::new(Mutex::new(state)) }
    }

    /// A request has come.
    pub(super) fn begin(&self) -> Turn {
        self.change(|state| {
            state.at_work += 1;
            state.patience = self.patience;
        });
        Turn { turns: self.clone(), side: Side::Server }
    }

    /// Gives the client no more than so long from now on, unless it sends another request.
    pub(super) fn hasten(&self, patience: Duration) {
        self.change(|state| state.patience = state.patience.min(patience));
    }

    /// Waits until the client has kept the server waiting for too long.
    pub(super) async fn run_out(&self) {
        loop {
            let end = self.end();
            if end <= Instant::now() {
                return;
            }
            sleep_until(end).await;
        }
    }

    /// When the client's time is over, or the earliest that it can be while it is the server's turn.
    fn end(&self) -> Instant {
        let state = self.state();
        let since = if state.at_work == 0 { state.since } else { Instant::now() };
        since + state.patience
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn change(&self, change: impl FnOnce(&mut State)) {
        let mut state = self.state();
        state.since = Instant::now();
        change(&mut state);
    }
}

impl Turn {
    fn pass_to(&mut self, side: Side) {
        let before = mem::replace(&mut self.side, side);
        self.turns.change(|state| match (before, side) {
            (Side::Server, Side::Client) => state.at_work -= 1,
            (Side::Client, Side::Server) => state.at_work += 1,
            (Side::Server, Side::Server) | (Side::Client, Side::Client) => {}
        });
    }
}

impl Drop for Turn {
    fn drop(&mut self) {
        self.pass_to(Side::Client);
    }
}

/// The body of an answer, handed over piece by piece.
pub(super) struct Pieces<B> {
    body: B,
    /// What has not been handed over of what the body has given.
    rest: Bytes,
    turn: Turn,
}

impl<B> Pieces<B> {
    /// The body of the answer to a request.
    pub(super) fn of(body: B, turn: Turn) -> Self {
        Self { body, rest: Bytes::new(), turn }
    }
}

impl<B: Body<Data = Bytes> + Unpin> Body for Pieces<B> {
    type Data = Bytes;
    type Error = B::Error;

    fn poll_frame(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Self::Data>, Self::Error>>> {
        let this = self.get_mut();
        if this.rest.is_empty() {
            this.turn.pass_to(Side::Server);
            match ready!(Pin::new(&mut this.body).poll_frame(context)) {
                Some(Ok(frame)) => match frame.into_data() {
                    Ok(data) => this.rest = data,
                    Err(trailers) => return Poll::Ready(Some(Ok(trailers))),
                },
                end => return Poll::Ready(end),
            }
        }
        this.turn.pass_to(Side::Client);
        let length = this.rest.len().min(PIECE);
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

    const PATIENCE: Duration = Duration::from_millis(20);
    const LONG: Duration = Duration::from_secs(60);

    /// A body that gives this at once, or nothing for ever.
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

    /// How long the next piece of a body is.
    fn next(body: &mut Pieces<Full>, context: &mut Context<'_>) -> Poll<usize> {
        let frame = ready!(Pin::new(body).poll_frame(context));
        Poll::Ready(frame.unwrap().unwrap().into_data().unwrap().len())
    }

    /// Whether the connection is given up now that nothing happens any more; one that is not is looked at for long enough.
    async fn is_given_up(turns: &Turns) -> bool {
        timeout(PATIENCE * 10, turns.run_out()).await.is_ok()
    }

    #[tokio::test]
    async fn nobody_waits_for_a_client_that_does_nothing() {
        let turns = Turns::new(PATIENCE, PATIENCE);
        timeout(LONG, turns.run_out()).await.expect("no request came");
        let turns = Turns::new(PATIENCE, LONG);
        let first = turns.begin();
        assert!(!is_given_up(&turns).await, "the server is at work");
        drop(first);
        assert!(!is_given_up(&turns).await, "the client has more time for the next one");
        turns.hasten(PATIENCE);
        timeout(LONG, turns.run_out()).await.expect("it is to go");
    }

    #[tokio::test]
    async fn an_answer_is_the_client_s_to_take() {
        let turns = Turns::new(PATIENCE, PATIENCE);
        let mut body = Pieces::of(Full(Some(Bytes::from(vec![7u8; PIECE + 1]))), turns.begin());
        assert_eq!(body.size_hint().exact(), Some(PIECE as u64 + 1));
        assert_eq!(poll_fn(|context| next(&mut body, context)).await, PIECE);
        timeout(LONG, turns.run_out()).await.expect("it is not taken");
        assert!(!body.is_end_stream() && body.size_hint().exact() == Some(1));
        assert_eq!(poll_fn(|context| next(&mut body, context)).await, 1);
        assert!(body.is_end_stream());
    }

    #[tokio::test]
    async fn what_is_still_being_made_is_waited_for() {
        let turns = Turns::new(PATIENCE, PATIENCE);
        let mut body = Pieces::of(Full(None), turns.begin());
        let is_made = poll_fn(|context| Poll::Ready(next(&mut body, context).is_ready())).await;
        assert!(!is_made && !is_given_up(&turns).await);
        drop(body);
        timeout(LONG, turns.run_out()).await.expect("the answer is over");
    }
}
