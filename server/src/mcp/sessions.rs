//! Whose session is whose: rmcp keeps the sessions, this keeps their owners.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::{Duration, Instant},
};

use rmcp::transport::streamable_http_server::SessionManager;

use super::replay::Replay;

/// How long a session lives without a message: a client left open over night goes on where it was.
const IDLE: Duration = Duration::from_secs(24 * 3600);

/// How many sessions a user can have open; one more closes the oldest.
const MOST_PER_USER: usize = 256;

/// The open sessions and their owners.
pub(super) struct Sessions {
    manager: Arc<Replay>,
    owners: Mutex<HashMap<String, Owner>>,
}

struct Owner {
    user: String,
    since: Instant,
}

impl Sessions {
    /// No sessions yet.
    pub(super) fn new() -> Self {
        let mut manager = Replay::default();
        manager.inner.session_config.keep_alive = Some(IDLE);
        // Which clients are sent empty events is decided where their answers are kept.
        manager.inner.session_config.sse_retry = None;
        Self { manager: Arc::new(manager), owners: Mutex::default() }
    }

    /// What rmcp keeps the sessions in.
    pub(super) fn manager(&self) -> Arc<Replay> {
        self.manager.clone()
    }

    /// Notes that `user` has opened the session `id`, and closes their oldest when they have too many.
    pub(super) async fn open(&self, id: &str, user: &str) {
        self.manager.sweep().await;
        let surplus = {
            let live = self.manager.inner.sessions.read().await;
            let mut owners = self.lock();
            owners.retain(|id, _| live.contains_key(id.as_str()));
            owners.insert(id.to_owned(), Owner { user: user.to_owned(), since: Instant::now() });
            let theirs = owners.iter().filter(|(_, owner)| owner.user == user);
            let oldest = theirs.clone().min_by_key(|(_, owner)| owner.since).map(|(id, _)| id.clone());
            oldest.filter(|_| theirs.count() > MOST_PER_USER)
        };
        if let Some(id) = surplus {
            self.end(&id).await;
        }
    }

    /// Ends the session `id`.
    pub(super) async fn end(&self, id: &str) {
        self.close(id);
        if let Err(error) = self.manager.close_session(&id.into()).await {
            tracing::warn!("closing a session failed: {error}");
        }
    }

    /// Whether `id` is an open session of `user`; another user's looks like none.
    pub(super) fn is_of(&self, id: &str, user: &str) -> bool {
        self.lock().get(id).is_some_and(|owner| owner.user == user)
    }

    /// Forgets the session `id`.
    pub(super) fn close(&self, id: &str) {
        self.lock().remove(id);
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<String, Owner>> {
        self.owners.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
