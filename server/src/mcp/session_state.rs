//! What a session knows of its client beside its requests: the latest credential, and the streams it has open.

use std::sync::Arc;

use poem::http::{HeaderMap, header};
use tokio::sync::watch::{Receiver, Sender};

/// The client of one session.
#[derive(Default)]
pub(super) struct SessionState(Sender<Snapshot>);

/// Its state at one time.
#[derive(Clone, Default)]
pub(super) struct Snapshot {
    /// The headers of the first request with the present credential: tokens are refreshed while a session goes on.
    pub(super) headers: HeaderMap,
    /// How many streams are open that carry the session's notifications.
    pub(super) open_streams: usize,
}

/// An open stream that carries the session's notifications; it is closed when this is dropped.
pub(super) struct OpenStream(Arc<SessionState>);

impl SessionState {
    /// Records the headers of a request if its credential is new.
    pub(super) fn record_credential(&self, headers: &HeaderMap) {
        self.0.send_if_modified(|state| {
            let is_new = state.headers.get(header::AUTHORIZATION) != headers.get(header::AUTHORIZATION);
            if is_new {
                state.headers.clone_from(headers);
            }
            is_new
        });
    }

    /// Counts a stream for as long as the returned guard lives.
    pub(super) fn open_stream(self: &Arc<Self>) -> OpenStream {
        self.0.send_modify(|state| state.open_streams += 1);
        OpenStream(Arc::clone(self))
    }

    /// The present state and its changes; the channel closes with the session.
    pub(super) fn subscribe(&self) -> Receiver<Snapshot> {
        self.0.subscribe()
    }
}

impl Drop for OpenStream {
    fn drop(&mut self) {
        self.0.0.send_modify(|state| state.open_streams -= 1);
    }
}

#[cfg(test)]
mod tests {
    use poem::http::HeaderValue;

    use super::*;

    #[test]
    fn a_new_credential_or_stream_is_a_change() {
        let state = Arc::new(SessionState::default());
        let mut changes = state.subscribe();
        let with =
            |token: &'static str| HeaderMap::from_iter([(header::AUTHORIZATION, HeaderValue::from_static(token))]);
        for (token, is_change) in [("a", true), ("a", false), ("b", true)] {
            state.record_credential(&with(token));
            assert_eq!(changes.has_changed().unwrap(), is_change, "{token}");
            assert_eq!(changes.borrow_and_update().headers, with(token));
        }
        let streams = (state.open_stream(), state.open_stream());
        assert_eq!(changes.borrow_and_update().open_streams, 2);
        drop(streams);
        assert!(changes.has_changed().unwrap() && changes.borrow_and_update().open_streams == 0);
    }
}
