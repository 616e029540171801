//! What a session knows of its client beside the requests: by what credential they came last, and whether they listen.

use std::sync::Arc;

use poem::http::{HeaderMap, header};
use tokio::sync::watch::{Receiver, Sender};

/// The client of one session.
#[derive(Default)]
pub(super) struct Presence(Sender<Seen>);

/// What was seen of them.
#[derive(Clone, Default)]
pub(super) struct Seen {
    /// The headers of the request that came last with another credential than the one before: tokens are refreshed
    /// while a session goes on.
    pub(super) headers: HeaderMap,
    /// How many streams are open on which they can hear what the session says of itself.
    pub(super) listening: usize,
}

/// An open stream on which the client hears what the session says of itself; it is over when this is dropped.
pub(super) struct Listening(Arc<Presence>);

impl Presence {
    /// Notes that a request came with these headers.
    pub(super) fn came_with(&self, headers: &HeaderMap) {
        self.0.send_if_modified(|seen| {
            let is_other = seen.headers.get(header::AUTHORIZATION) != headers.get(header::AUTHORIZATION);
            if is_other {
                seen.headers.clone_from(headers);
            }
            is_other
        });
    }

    /// Notes that they begin to listen.
    pub(super) fn listen(self: &Arc<Self>) -> Listening {
        self.0.send_modify(|seen| seen.listening += 1);
        Listening(Arc::clone(self))
    }

    /// What is seen of them from now on; it ends with the session.
    pub(super) fn watch(&self) -> Receiver<Seen> {
        self.0.subscribe()
    }
}

impl Drop for Listening {
    fn drop(&mut self) {
        self.0.0.send_modify(|seen| seen.listening -= 1);
    }
}

#[cfg(test)]
mod tests {
    use poem::http::HeaderValue;

    use super::*;

    #[test]
    fn news_is_another_credential_or_another_stream() {
        let presence = Arc::new(Presence::default());
        let mut seen = presence.watch();
        let with =
            |token: &'static str| HeaderMap::from_iter([(header::AUTHORIZATION, HeaderValue::from_static(token))]);
        for (token, is_news) in [("a", true), ("a", false), ("b", true)] {
            presence.came_with(&with(token));
            assert_eq!(seen.has_changed().unwrap(), is_news, "{token}");
            assert_eq!(seen.borrow_and_update().headers, with(token));
        }
        let streams = (presence.listen(), presence.listen());
        assert_eq!(seen.borrow_and_update().listening, 2);
        drop(streams);
        assert!(seen.has_changed().unwrap() && seen.borrow_and_update().listening == 0);
    }
}
