//! Event streams, read and written.

use std::{future::ready, io};

use async_stream::try_stream;
use futures::{Stream, TryStreamExt};
use poem::{Body, Response, http::header};

/// The form of an answer that is an event stream.
pub(super) const EVENTS: &str = "text/event-stream";

/// The messages of an event stream; events without one are left out.
pub(crate) fn messages<B, E, S>(chunks: S) -> impl Stream<Item = Result<String, E>>
where
    B: AsRef<[u8]>,
    S: Stream<Item = Result<B, E>>,
{
    try_stream! {
        let mut read = Vec::new();
        for await chunk in chunks {
            read.extend_from_slice(chunk?.as_ref());
            while let Some(end) = read.windows(2).position(|two| two == b"\n\n") {
                let event: Vec<u8> = read.drain(..end + 2).collect();
                let message = data(&String::from_utf8_lossy(&event));
                if !message.is_empty() {
                    yield message;
                }
            }
        }
    }
}

/// The last of a stream of messages, which is the answer; nothing where the request was cancelled. No more than one is
/// held at a time.
pub(super) async fn last<E>(messages: impl Stream<Item = Result<String, E>>) -> Result<Option<String>, E> {
    messages.try_fold(None, |_, message| ready(Ok(Some(message)))).await
}

/// A message as an event.
pub(super) fn event(message: &str) -> String {
    format!("event: message\ndata: {message}\n\n")
}

/// An answer of these events, which are sent as they come.
pub(super) fn answer(events: impl Stream<Item = io::Result<String>> + Send + 'static) -> Response {
    Response::builder()
        .content_type(EVENTS)
        .header(header::CACHE_CONTROL, "no-cache")
        .header("x-accel-buffering", "no")
        .body(Body::from_bytes_stream(events))
}

fn data(event: &str) -> String {
    event.lines().filter_map(|line| line.strip_prefix("data:")).map(str::trim_start).collect()
}
