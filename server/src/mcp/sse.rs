//! Server-sent events: read by `sse-stream`, as rmcp writes them, and written.

use std::{error::Error, future::ready, io};

use bytes::Buf;
use futures::{Stream, TryStreamExt};
use poem::{Body, Response, http::header};
use rmcp::transport::common::http_header::EVENT_STREAM_MIME_TYPE;
use sse_stream::SseStream;

/// The data of each event; events without data are left out.
pub(super) fn messages<B, E, S>(chunks: S) -> impl Stream<Item = io::Result<String>> + use<B, E, S>
where
    B: Buf,
    E: Error + Send + Sync + 'static,
    S: Stream<Item = Result<B, E>>,
{
    let events = SseStream::from_bytes_stream(chunks).map_err(io::Error::other);
    events.try_filter_map(|event| ready(Ok(event.data.filter(|data| !data.is_empty()))))
}

/// The last of a stream of messages, which is the response; `None` where the request was cancelled. Holds one message at
/// a time.
pub(super) async fn last(messages: impl Stream<Item = io::Result<String>>) -> io::Result<Option<String>> {
    messages.try_fold(None, |_, message| ready(Ok(Some(message)))).await
}

/// A message as an event.
pub(super) fn event(message: &str) -> String {
    format!("event: message\ndata: {message}\n\n")
}

/// A response that sends these events as they come.
pub(super) fn response(events: impl Stream<Item = io::Result<String>> + Send + 'static) -> Response {
    Response::builder()
        .content_type(EVENT_STREAM_MIME_TYPE)
        .header(header::CACHE_CONTROL, "no-cache")
        .header("x-accel-buffering", "no")
        .body(Body::from_bytes_stream(events))
}
