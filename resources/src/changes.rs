//! News of what has changed, for those who watch it.

use std::sync::Arc;

use tokio::sync::broadcast::{self, Receiver, Sender};

/// How much news waits for a slow watcher before they are told that they missed some.
const KEPT: usize = 256;

/// A channel of the users whose data have changed, cheap to clone.
#[derive(Clone)]
pub struct Changes(Sender<Arc<str>>);

impl Default for Changes {
    fn default() -> Self {
        Self(broadcast::channel(KEPT).0)
    }
}

impl Changes {
    /// Tells whoever watches that something of `user` has changed.
    pub fn note(&self, user: &str) {
        if self.0.receiver_count() > 0 {
            // The last watcher may have gone just now.
            let _ = self.0.send(user.into());
        }
    }

    /// The news from now on: the id of a user whose data has changed.
    pub fn watch(&self) -> Receiver<Arc<str>> {
        self.0.subscribe()
    }
}
