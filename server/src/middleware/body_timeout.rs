//! Timeouts of request bodies, so that a client which sends a little now and then cannot keep a request open for ever;
//! and draining of bodies that the application does not read.

use std::{
    io,
    pin::Pin,
    task::{Context, Poll},
    time::Duration,
};

use bytes::Bytes;
use futures::{Stream, StreamExt, stream, stream::BoxStream};
use http::header;
use poem::{Body, Request};
use tokio::{
    runtime::Handle,
    time::{Instant, timeout, timeout_at},
};

/// The minimum average rate of a body, in bytes a second.
const MIN_RATE: u64 = 4 << 10;

/// How much of an unread body is drained, in bytes, and for how long.
const MAX_DRAINED: usize = 256 << 10;
const DRAIN_TIMEOUT: Duration = Duration::from_secs(2);

/// Fails the body of a request when its next part takes longer than `timeout`, or when it is slower than the minimum
/// rate. The unread rest of a small body is drained.
pub(super) fn apply(request: &mut Request, timeout: Duration) {
    let body = request.take_body();
    if body.is_empty() {
        return;
    }
    let length = request.header(header::CONTENT_LENGTH).and_then(|length| length.parse().ok());
    let is_small = length.is_none_or(|length: usize| length <= MAX_DRAINED);
    let body = body.into_bytes_stream().boxed();
    let body = match is_small && !request.headers().contains_key(header::EXPECT) {
        true => DrainedOnDrop(Some(body)).boxed(),
        false => body,
    };
    request.set_body(Body::from_bytes_stream(with_timeout(body, timeout)));
}

/// A body whose rest is read when it is dropped: a connection with an unread body has to be closed, and a client that
/// has just sent the next request on it would get no response.
struct DrainedOnDrop(Option<BoxStream<'static, io::Result<Bytes>>>);

impl Stream for DrainedOnDrop {
    type Item = io::Result<Bytes>;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let Some(body) = &mut self.0 else { return Poll::Ready(None) };
        let next = body.poll_next_unpin(context);
        if matches!(next, Poll::Ready(None | Some(Err(_)))) {
            self.0 = None;
        }
        next
    }
}

impl Drop for DrainedOnDrop {
    fn drop(&mut self) {
        if let (Some(rest), Ok(runtime)) = (self.0.take(), Handle::try_current()) {
            runtime.spawn(timeout(DRAIN_TIMEOUT, drain(rest)));
        }
    }
}

async fn drain(mut rest: BoxStream<'static, io::Result<Bytes>>) {
    let mut length = 0;
    while let Some(Ok(chunk)) = rest.next().await
        && length < MAX_DRAINED
    {
        length += chunk.len();
    }
}

fn with_timeout<S>(body: S, timeout: Duration) -> impl Stream<Item = io::Result<Bytes>>
where
    S: Stream<Item = io::Result<Bytes>> + Send + 'static,
{
    let started = Instant::now();
    stream::unfold((Box::pin(body), 0_u64, true), move |(mut body, received, continues)| async move {
        if !continues {
            return None;
        }
        let rate_deadline = started + timeout + Duration::from_secs(received / MIN_RATE);
        match timeout_at(rate_deadline.min(Instant::now() + timeout), body.next()).await {
            Ok(Some(Ok(chunk))) => {
                let received = received + chunk.len() as u64;
                Some((Ok(chunk), (body, received, true)))
            }
            Ok(Some(Err(error))) => Some((Err(error), (body, received, false))),
            Ok(None) => None,
            Err(_) => {
                let timed_out = io::Error::new(io::ErrorKind::TimedOut, "request body timeout");
                Some((Err(timed_out), (body, received, false)))
            }
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const TIMEOUT: Duration = Duration::from_millis(50);

    /// The length of a body of these chunks, or how it fails.
    async fn read(chunks: impl Stream<Item = io::Result<Bytes>> + Send + 'static) -> Result<usize, io::ErrorKind> {
        let mut read = Box::pin(with_timeout(chunks, TIMEOUT));
        let mut length = 0;
        while let Some(chunk) = read.next().await {
            length += chunk.map_err(|error| error.kind())?.len();
        }
        Ok(length)
    }

    fn chunk(size: usize) -> io::Result<Bytes> {
        Ok(Bytes::from(vec![0; size]))
    }

    #[tokio::test]
    async fn pauses_and_trickles_time_out() {
        assert_eq!(read(stream::iter([chunk(3), chunk(4)])).await, Ok(7));
        assert_eq!(read(stream::iter([chunk(3)]).chain(stream::pending())).await, Err(io::ErrorKind::TimedOut));
        let trickle = stream::repeat_with(|| chunk(1)).then(|chunk| async {
            tokio::time::sleep(TIMEOUT / 10).await;
            chunk
        });
        assert_eq!(read(trickle).await, Err(io::ErrorKind::TimedOut));
    }
}
