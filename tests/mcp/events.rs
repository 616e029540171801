//! Reads an event stream as it comes.

use reqwest::Response;
use serde_json::Value;

/// A stream of events, of which some may have been read.
pub(super) struct Events {
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

impl Events {
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

    /// The next message with this method.
    pub(super) async fn notification(&mut self, method: &str) -> Value {
        loop {
            let message = self.message().await.unwrap();
            if message["method"] == method {
                return message["params"].clone();
            }
        }
    }
}
