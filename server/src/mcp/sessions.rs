//! Whose session is whose: rmcp keeps the sessions, this keeps their owners.

use std::{
    collections::{HashMap, HashSet},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::{Duration, Instant},
};

use poem::Request;
use rmcp::transport::streamable_http_server::{SessionManager, session::SessionId};
use tokio::time::interval;

use super::replay::Replay;

/// How long a session lives without a message: a client left open over night goes on where it was.
const IDLE: Duration = Duration::from_secs(24 * 3600);

/// How many sessions a user can have open; one more closes the oldest.
const MOST_PER_USER: usize = 256;

/// How often what has had its time is looked for.
const TIDIED_EVERY: Duration = Duration::from_secs(20);

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

    /// Notes that a request comes from the client of the session `id`; whatever answers it knows of them by that.
    pub(super) fn note(&self, id: &str, request: &mut Request) {
        if let Some(presence) = self.manager.presence(id) {
            presence.came_with(request.headers());
            request.extensions_mut().insert(presence);
        }
    }

    /// Forgets the session `id`.
    pub(super) fn close(&self, id: &str) {
        self.lock().remove(id);
    }

    /// Takes away what has had its time, for as long as this is waited for.
    pub(super) async fn keep_tidy(self: Arc<Self>) {
        let (mut ticks, mut unowned) = (interval(TIDIED_EVERY), HashSet::new());
        loop {
            ticks.tick().await;
            self.manager.sweep().await;
            unowned = self.end_unowned(unowned).await;
        }
    }

    /// Ends the sessions without an owner that had none `before` either: whoever began one went away before they heard
    /// of it. Gives the others without an owner, who may be about to hear.
    async fn end_unowned(&self, before: HashSet<SessionId>) -> HashSet<SessionId> {
        let mut unowned: HashSet<SessionId> = self.manager.inner.sessions.read().await.keys().cloned().collect();
        {
            let owners = self.lock();
            unowned.retain(|id| !owners.contains_key(&**id));
        }
        for lost in unowned.extract_if(|id| before.contains(id)).collect::<Vec<_>>() {
            self.end(&lost).await;
        }
        unowned
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<String, Owner>> {
        self.owners.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_session_that_nobody_heard_of_ends() {
        let sessions = Sessions::new();
        let manager = sessions.manager();
        let ((lost, _one), (owned, _other)) =
            (manager.create_session().await.unwrap(), manager.create_session().await.unwrap());
        sessions.open(&owned, "ann").await;
        let unowned = sessions.end_unowned(HashSet::new()).await;
        assert_eq!(unowned, HashSet::from([lost.clone()]));
        assert!(manager.has_session(&lost).await.unwrap(), "its client may be about to hear of it");
        assert!(sessions.end_unowned(unowned).await.is_empty());
        assert!(!manager.has_session(&lost).await.unwrap() && manager.has_session(&owned).await.unwrap());
        assert!(sessions.is_of(&owned, "ann") && !sessions.is_of(&owned, "bob"));
    }
}
