//! Bodies that do not come, so that a client which sends a little now and then cannot keep a request open for ever; and
//! bodies that nobody reads.

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

/// How many bytes a second have to come, on the whole.
const SLOWEST: u64 = 4 << 10;

/// How much of a body is read that nobody wants, in bytes, and for how long.
const PASSED_OVER: usize = 256 << 10;
const PASSING: Duration = Duration::from_secs(2);

/// Ends the body of a request that pauses for so long, or is slower than anybody's line on the whole. Of a
/// small one is passed over what nobody reads.
pub(super) fn hurry(request: &mut Request, pause: Duration) {
    let body = request.take_body();
    if body.is_empty() {
        return;
    }
    let length = request.header(header::CONTENT_LENGTH).and_then(|length| length.parse().ok());
    let is_small = length.is_none_or(|length: usize| length <= PASSED_OVER);
    let body = body.into_bytes_stream().boxed();
    let body = match is_small && !request.headers().contains_key(header::EXPECT) {
        true => Wanted(Some(body)).boxed(),
        false => body,
    };
    request.set_body(Body::from_bytes_stream(hurried(body, pause)));
}

/// A body on its way. When it is dropped, what is left of it is read all the same: a connection whose request was not read
/// to its end has to be closed, and a client that has just sent the next one on it would get no answer.
struct Wanted(Option<BoxStream<'static, io::Result<Bytes>>>);

impl Stream for Wanted {
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

impl Drop for Wanted {
    fn drop(&mut self) {
        if let (Some(rest), Ok(runtime)) = (self.0.take(), Handle::try_current()) {
            runtime.spawn(timeout(PASSING, pass_over(rest)));
        }
    }
}

async fn pass_over(mut rest: BoxStream<'static, io::Result<Bytes>>) {
    let mut length = 0;
    while let Some(Ok(piece)) = rest.next().await
        && length < PASSED_OVER
    {
        length += piece.len();
    }
}

fn hurried<S>(body: S, pause: Duration) -> impl Stream<Item = io::Result<Bytes>>
where
    S: Stream<Item = io::Result<Bytes>> + Send + 'static,
{
    let begun = Instant::now();
    stream::unfold((Box::pin(body), 0_u64, true), move |(mut body, received, goes_on)| async move {
        if !goes_on {
            return None;
        }
        let slowest = begun + pause + Duration::from_secs(received / SLOWEST);
        match timeout_at(slowest.min(Instant::now() + pause), body.next()).await {
            Ok(Some(Ok(piece))) => {
                let received = received + piece.len() as u64;
                Some((Ok(piece), (body, received, true)))
            }
            Ok(Some(Err(error))) => Some((Err(error), (body, received, false))),
            Ok(None) => None,
            Err(_) => {
                let late = io::Error::new(io::ErrorKind::TimedOut, "it did not come in time");
                Some((Err(late), (body, received, false)))
            }
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const PAUSE: Duration = Duration::from_millis(50);

    /// What comes of these pieces.
    async fn read(pieces: impl Stream<Item = io::Result<Bytes>> + Send + 'static) -> Result<usize, io::ErrorKind> {
        let mut read = Box::pin(hurried(pieces, PAUSE));
        let mut length = 0;
        while let Some(piece) = read.next().await {
            length += piece.map_err(|error| error.kind())?.len();
        }
        Ok(length)
    }

    fn piece(size: usize) -> io::Result<Bytes> {
        Ok(Bytes::from(vec![0; size]))
    }

    #[tokio::test]
    async fn pauses_and_trickles_have_an_end() {
        assert_eq!(read(stream::iter([piece(3), piece(4)])).await, Ok(7));
        assert_eq!(read(stream::iter([piece(3)]).chain(stream::pending())).await, Err(io::ErrorKind::TimedOut));
        let trickle = stream::repeat_with(|| piece(1)).then(|piece| async {
            tokio::time::sleep(PAUSE / 10).await;
            piece
        });
        assert_eq!(read(trickle).await, Err(io::ErrorKind::TimedOut));
    }
}
