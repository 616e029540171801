//! What one stream has said, so that a client that lost its connection can read it again.

use std::{
    collections::VecDeque,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Instant,
};

use futures::{Stream, stream};
use rmcp::transport::streamable_http_server::session::ServerSseMessage;
use tokio::sync::watch;

/// How many events of one stream are kept.
const KEPT_EVENTS: usize = 256;

/// How many bytes of one stream are kept, beyond its last event.
pub(super) const KEPT_BYTES: usize = 4 << 20;

/// What one stream has said.
pub(super) struct StreamLog {
    /// The number of the stream.
    pub(super) stream: u64,
    said: Mutex<Said>,
    /// How many events there were.
    count: watch::Sender<u64>,
}

#[derive(Default)]
struct Said {
    /// The last events, each with its length, of which the first has the number `first`.
    events: VecDeque<(ServerSseMessage, usize)>,
    first: u64,
    bytes: usize,
    ended: Option<Instant>,
}

impl StreamLog {
    /// The log of the stream with this number, which has said nothing yet.
    pub(super) fn new(stream: u64) -> Self {
        Self { stream, said: Mutex::default(), count: watch::Sender::default() }
    }

    /// Writes down what the stream says.
    pub(super) fn push(&self, mut event: ServerSseMessage) {
        let length = length(&event);
        let mut said = self.said();
        let number = said.first + said.events.len() as u64;
        event.event_id = Some(format!("{number}/{}", self.stream));
        said.events.push_back((event, length));
        said.bytes += length;
        while said.events.len() > 1 && (said.events.len() > KEPT_EVENTS || said.bytes > KEPT_BYTES) {
            let (_, length) = said.events.pop_front().unwrap_or_default();
            said.bytes -= length;
            said.first += 1;
        }
        self.count.send_replace(number + 1);
    }

    /// Notes that the stream has come to its end.
    pub(super) fn end(&self) {
        self.said().ended = Some(Instant::now());
        self.count.send_modify(|_| {});
    }

    /// When the stream came to its end, and how many bytes of it are kept; `None` while it goes on.
    pub(super) fn ended(&self) -> Option<(Instant, usize)> {
        let said = self.said();
        said.ended.map(|ended| (ended, said.bytes))
    }

    /// The events from this number on, those to come too.
    pub(super) fn read(self: Arc<Self>, number: u64) -> impl Stream<Item = ServerSseMessage> + Send + Sync + use<> {
        let news = self.count.subscribe();
        stream::unfold((self, number, news), |(log, number, mut news)| async move {
            loop {
                {
                    let said = log.said();
                    let number = number.max(said.first);
                    if let Some((event, _)) = said.events.get((number - said.first) as usize) {
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

    fn said(&self) -> MutexGuard<'_, Said> {
        self.said.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// How long an event is as JSON.
fn length(event: &ServerSseMessage) -> usize {
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
    async fn what_is_kept_has_an_end_and_the_answer_is_part_of_it() {
        let log = Arc::new(StreamLog::new(7));
        for _ in 0..3 {
            log.push(event(KEPT_BYTES / 2));
        }
        log.end();
        let (_, bytes) = log.ended().unwrap();
        assert!(bytes <= KEPT_BYTES, "{bytes}");
        let kept: Vec<_> = Arc::clone(&log).read(0).map(|event| event.event_id.unwrap()).collect().await;
        assert_eq!(kept, ["2/7"]);
        assert_eq!(Arc::clone(&log).read(u64::MAX).count().await, 0);
        let large = Arc::new(StreamLog::new(8));
        large.push(event(1));
        large.push(event(2 * KEPT_BYTES));
        large.end();
        assert_eq!(large.read(0).count().await, 1, "an answer is told however large it is");
    }
}
