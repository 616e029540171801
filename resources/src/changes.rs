//! Notifications of changed data, for subscriptions.

use std::sync::Arc;

use tokio::sync::broadcast::{self, Receiver, Sender};

/// The number of notifications that are kept for a slow subscriber before some are dropped.
const CHANNEL_CAPACITY: usize = 256;

/// A channel of the users whose data have changed, cheap to clone.
#[derive(Clone)]
pub struct Changes(Sender<Arc<str>>);

impl Default for Changes {
    fn default() -> Self {
        Self(broadcast::channel(CHANNEL_CAPACITY).0)
    }
}

impl Changes {
    /// Notifies subscribers that data of `user` have changed.
    pub fn notify(&self, user: &str) {
        if self.0.receiver_count() > 0 {
            // The last subscriber may have been dropped just now.
            let _ = self.0.send(user.into());
        }
    }

    /// Subscribes to the ids of users whose data change from now on.
    pub fn subscribe(&self) -> Receiver<Arc<str>> {
        self.0.subscribe()
    }
}
