//! Bodies that do not come: a client that sends a little now and then cannot keep a request open for ever.

use std::{io, time::Duration};

use bytes::Bytes;
use futures::{Stream, StreamExt, stream};
use poem::{Body, Request};
use tokio::time::{Instant, timeout_at};

/// How many bytes a second have to come, on the whole.
const SLOWEST: u64 = 4 << 10;

/// Ends the body of a request that pauses for so long, or is slower than anybody's line on the whole.
pub(super) fn hurry(request: &mut Request, pause: Duration) {
    let body = request.take_body();
    if body.is_empty() {
        return;
    }
    request.set_body(Body::from_bytes_stream(hurried(body.into_bytes_stream(), pause)));
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
