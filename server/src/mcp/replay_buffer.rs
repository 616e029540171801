//! The latest events of one stream, so that a client that lost its connection can read them again.

use std::{collections::VecDeque, sync::Arc, time::Instant};

use futures::{Stream, stream};
use parking_lot::Mutex;
use rmcp::transport::streamable_http_server::session::ServerSseMessage;
use tokio::sync::watch;

/// How many events of one stream are kept.
const MAX_EVENTS: usize = 256;

/// How many bytes of one stream are kept, beyond its last event.
pub(super) const MAX_BYTES: usize = 4 << 20;

/// The latest events of one stream. Their ids are `NUMBER/STREAM`.
pub(super) struct ReplayBuffer {
    /// The number of the stream within its session.
    pub(super) stream: u64,
    contents: Mutex<Contents>,
    /// How many events there were.
    count: watch::Sender<u64>,
}

#[derive(Default)]
struct Contents {
    /// The latest events, each with its length, of which the first has the number `first`.
    events: VecDeque<(ServerSseMessage, usize)>,
    first: u64,
    bytes: usize,
    ended: Option<Instant>,
}

impl ReplayBuffer {
    /// The empty buffer of the stream with this number.
    pub(super) fn new(stream: u64) -> Self {
        Self { stream, contents: Mutex::default(), count: watch::Sender::default() }
    }

    /// The buffer of a stream that has ended without an event.
    pub(super) fn ended_empty() -> Arc<Self> {
        let buffer = Arc::new(Self::new(0));
        buffer.end();
        buffer
    }

    /// Appends an event, and drops the oldest where there are too many.
    pub(super) fn push(&self, mut event: ServerSseMessage) {
        let length = json_length(&event);
        let mut contents = self.contents.lock();
        let number = contents.first + contents.events.len() as u64;
        event.event_id = Some(format!("{number}/{}", self.stream));
        contents.events.push_back((event, length));
        contents.bytes += length;
        while contents.events.len() > 1 && (contents.events.len() > MAX_EVENTS || contents.bytes > MAX_BYTES) {
            let (_, length) = contents.events.pop_front().unwrap_or_default();
            contents.bytes -= length;
            contents.first += 1;
        }
        self.count.send_replace(number + 1);
    }

    /// Records that the stream has ended.
    pub(super) fn end(&self) {
        self.contents.lock().ended = Some(Instant::now());
        self.count.send_modify(|_| {});
    }

    /// When the stream ended, and how many bytes of it are kept; `None` while it is open.
    pub(super) fn ended(&self) -> Option<(Instant, usize)> {
        let contents = self.contents.lock();
        contents.ended.map(|ended| (ended, contents.bytes))
    }

    /// The events from this number on, including those to come.
    pub(super) fn read_from(
        self: Arc<Self>,
        number: u64,
    ) -> impl Stream<Item = ServerSseMessage> + Send + Sync + use<> {
        let count = self.count.subscribe();
        stream::unfold((self, number, count), |(buffer, number, mut count)| async move {
            loop {
                {
                    let contents = buffer.contents.lock();
                    let number = number.max(contents.first);
                    if let Some((event, _)) = contents.events.get((number - contents.first) as usize) {
                        let event = event.clone();
                        drop(contents);
                        return Some((event, (buffer, number + 1, count)));
                    }
                    if contents.ended.is_some() {
                        return None;
                    }
                }
                count.changed().await.ok()?;
            }
        })
    }
}

/// The length of an event's message as JSON.
fn json_length(event: &ServerSseMessage) -> usize {
    event.message.as_ref().map_or(0, |message| serde_json::to_vec(&**message).map_or(0, |text| text.len()))
}

#[cfg(test)]
mod tests {
    use futures::StreamExt;
    use rmcp::model::{ErrorData, ServerJsonRpcMessage};

    use super::*;

    fn event(bytes: usize) -> ServerSseMessage {
        let error = ErrorData::internal_error("x".repeat(bytes), None);
        ServerSseMessage::from_message(ServerJsonRpcMessage::error(error, None))
    }

    #[tokio::test]
    async fn a_buffer_is_bounded_and_keeps_the_last_event() {
        let buffer = Arc::new(ReplayBuffer::new(7));
        for _ in 0..3 {
            buffer.push(event(MAX_BYTES / 2));
        }
        buffer.end();
        let (_, bytes) = buffer.ended().unwrap();
        assert!(bytes <= MAX_BYTES, "{bytes}");
        let kept: Vec<_> = Arc::clone(&buffer).read_from(0).map(|event| event.event_id.unwrap()).collect().await;
        assert_eq!(kept, ["2/7"]);
        assert_eq!(Arc::clone(&buffer).read_from(u64::MAX).count().await, 0);
        let large = Arc::new(ReplayBuffer::new(8));
        large.push(event(1));
        large.push(event(2 * MAX_BYTES));
        large.end();
        assert_eq!(large.read_from(0).count().await, 1, "a response is kept whatever its length");
    }
}
