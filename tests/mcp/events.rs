//! A reader of event streams.

use std::time::Duration;

use reqwest::Response;
use serde_json::Value;
use tokio::time::timeout;

/// How long a stream may take to end.
const TIMEOUT: Duration = Duration::from_secs(60);

/// A stream of events, of which some may have been read.
pub(super) struct EventStream {
    response: Response,
    text: String,
}

/// One event.
#[derive(Debug, Default, PartialEq)]
pub(super) struct Event {
    pub(super) id: String,
    pub(super) kind: String,
    pub(super) data: String,
}

impl EventStream {
    pub(super) fn of(response: Response) -> Self {
        assert!(response.status().is_success(), "{response:?}");
        assert_eq!(response.headers()["content-type"], "text/event-stream");
        Self { response, text: String::new() }
    }

    /// The next event; nothing at the stream's end.
    pub(super) async fn next(&mut self) -> Option<Event> {
        loop {
            while let Some((event, rest)) = self.text.split_once("\n\n") {
                let field = |name: &str| {
                    let lines = event.lines().filter_map(|line| line.strip_prefix(name)?.strip_prefix(':'));
                    lines.map(str::trim_start).collect::<String>()
                };
                let event = Event { id: field("id"), kind: field("event"), data: field("data") };
                self.text = rest.to_owned();
                // What is neither is a comment.
                if event != Event::default() {
                    return Some(event);
                }
            }
            let chunk = self.response.chunk().await.unwrap()?;
            self.text += std::str::from_utf8(&chunk).unwrap();
        }
    }

    /// The next message; nothing at the stream's end.
    pub(super) async fn message(&mut self) -> Option<Value> {
        loop {
            let event = self.next().await?;
            if !event.data.is_empty() && (event.kind.is_empty() || event.kind == "message") {
                return Some(serde_json::from_str(&event.data).unwrap());
            }
        }
    }

    /// The next message for which this holds.
    async fn first(&mut self, is_so: impl Fn(&Value) -> bool) -> Value {
        loop {
            let message = self.message().await.unwrap();
            if is_so(&message) {
                return message;
            }
        }
    }

    /// What the next message with this method says.
    pub(super) async fn notification(&mut self, method: &str) -> Value {
        self.request(method).await["params"].take()
    }

    /// The next message with this method, to be answered by its id.
    pub(super) async fn request(&mut self, method: &str) -> Value {
        self.first(|message| message["method"] == method).await
    }

    /// The result of the request with this id.
    pub(super) async fn result(&mut self, id: u32) -> Value {
        self.first(|message| message["id"] == id && message["method"].is_null()).await["result"].take()
    }

    /// Waits for the stream's end; how many messages came before it.
    pub(super) async fn end(&mut self) -> usize {
        let counted = async {
            let mut messages = 0;
            while self.message().await.is_some() {
                messages += 1;
            }
            messages
        };
        timeout(TIMEOUT, counted).await.expect("the stream ends")
    }
}
