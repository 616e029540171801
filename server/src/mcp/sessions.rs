//! The open MCP sessions: rmcp runs them; this keeps the owner of each, its client's state and its replay buffers.

use std::{
    cmp::Reverse,
    collections::HashMap,
    sync::Arc,
    time::{Duration, Instant},
};

use parking_lot::Mutex;
use poem::Request;
use rmcp::transport::streamable_http_server::{
    SessionManager,
    session::{SessionId, local::LocalSessionManager},
};
use schemas::scope::Scope;
use tokio::time::interval;
use tools::{Context, Credential};

use super::{
    replay_buffer::{MAX_BYTES, ReplayBuffer},
    session_state::SessionState,
};

/// How long a session lives without a message: a client left open overnight resumes where it was.
const SESSION_TTL: Duration = Duration::from_secs(24 * 3600);

/// How many sessions a user can have open; one more closes the oldest.
const MAX_SESSIONS_PER_USER: usize = 256;

/// How long a session lives without an owner: its client left before it received the response that opened it.
const UNOWNED_TTL: Duration = Duration::from_secs(20);

const CLEAN_UP_INTERVAL: Duration = Duration::from_secs(20);

/// How long a complete response is kept for a client that lost its connection.
const REPLAY_TTL: Duration = Duration::from_secs(60);

/// How many complete responses of a session are kept; together they have no more than [`MAX_BYTES`].
const MAX_COMPLETE: usize = 8;

/// Whom a session or a task belongs to: a key or a grant of a user. Another key of the same user may have other scopes, and does
/// not read what this one was sent. All access tokens of a grant are one owner, so that a session outlives a refresh.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct SessionOwner {
    user: String,
    /// The id of the key or the grant.
    credential: Option<String>,
    /// The OAuth client of a grant, and the scopes of its token.
    client: Option<(String, Vec<Scope>)>,
}

impl SessionOwner {
    /// The owner of the sessions that this caller opens.
    pub(super) fn of(context: &Context) -> Self {
        let user = context.caller.user.clone();
        let Credential::Key(key) = &context.caller.credential else {
            return Self { user, credential: None, client: None };
        };
        let client = key.listed.app_id.clone().filter(|_| key.resource.is_some());
        let client = client.map(|client| (client, key.scopes.clone().unwrap_or_default()));
        Self { user, credential: Some(key.id.clone()), client }
    }

    /// Whether this caller may use what belongs to `owner`: with the same key or grant or, as a client does that has asked
    /// for more scopes, with another grant of the same client that has all scopes of the first.
    pub(super) fn may_continue(&self, owner: &Self) -> bool {
        let extends = || match (&self.client, &owner.client) {
            (Some((client, scopes)), Some((first, needed))) => {
                client == first && needed.iter().all(|scope| scopes.contains(scope))
            }
            _ => false,
        };
        self.user == owner.user && (self.credential == owner.credential || extends())
    }

    /// Whether both are keys or grants of one user.
    pub(super) fn is_of_same_user(&self, other: &Self) -> bool {
        self.user == other.user
    }
}

/// The open sessions.
pub(super) struct McpSessions {
    pub(super) rmcp: LocalSessionManager,
    pub(super) records: Arc<Mutex<HashMap<SessionId, SessionRecord>>>,
}

/// What is kept of a session beside what rmcp keeps.
pub(super) struct SessionRecord {
    /// `None` until the response that opened the session has been sent.
    owner: Option<SessionOwner>,
    opened: Instant,
    /// Whether its protocol version has events without a message, which give a client a place to resume from before
    /// anything has come. Older clients take them for messages.
    pub(super) has_empty_events: bool,
    pub(super) buffers: HashMap<u64, Arc<ReplayBuffer>>,
    pub(super) state: Arc<SessionState>,
}

impl Default for McpSessions {
    fn default() -> Self {
        let mut rmcp = LocalSessionManager::default();
        rmcp.session_config.keep_alive = Some(SESSION_TTL);
        // Empty events are sent by the replay buffers, as only some clients get them.
        rmcp.session_config.sse_retry = None;
        Self { rmcp, records: Arc::default() }
    }
}

impl McpSessions {
    /// Records that `owner` has opened the session `id`, and closes the oldest of their user when that has too many.
    pub(super) async fn set_owner(&self, id: &str, owner: &SessionOwner) {
        let surplus = {
            let mut records = self.records.lock();
            if let Some(record) = records.get_mut(id) {
                record.owner.get_or_insert_with(|| owner.clone());
            }
            let is_theirs = |record: &SessionRecord| record.owner.as_ref().is_some_and(|one| one.user == owner.user);
            let owned = records.iter().filter(|(_, record)| is_theirs(record));
            let oldest = owned.clone().min_by_key(|(_, record)| record.opened).map(|(id, _)| id.clone());
            oldest.filter(|_| owned.count() > MAX_SESSIONS_PER_USER)
        };
        if let Some(id) = surplus {
            self.close(&id).await;
        }
    }

    /// Closes the session `id`.
    pub(super) async fn close(&self, id: &str) {
        if let Err(error) = self.close_session(&id.into()).await {
            tracing::warn!("closing a session failed: {error}");
        }
    }

    /// Whether `caller` may use the open session `id`, which belongs to the latest grant from then on; a session of another
    /// user or credential looks like none.
    pub(super) fn admit(&self, id: &str, caller: &SessionOwner) -> bool {
        let mut records = self.records.lock();
        let Some(owner) = records.get_mut(id).and_then(|record| record.owner.as_mut()) else { return false };
        let may_continue = caller.may_continue(owner);
        if may_continue && caller.credential != owner.credential {
            owner.clone_from(caller);
        }
        may_continue
    }

    /// Records the credential of a request in the session `id`, and attaches the session's state to the request.
    pub(super) fn record_request(&self, id: &str, request: &mut Request) {
        if let Some(state) = self.state(id) {
            state.record_credential(request.headers());
            request.extensions_mut().insert(state);
        }
    }

    /// The state of the client of a session.
    pub(super) fn state(&self, id: &str) -> Option<Arc<SessionState>> {
        self.records.lock().get(id).map(|record| Arc::clone(&record.state))
    }

    /// Removes expired sessions and buffers, for as long as this is polled.
    pub(super) async fn clean_up(self: Arc<Self>) {
        let mut ticks = interval(CLEAN_UP_INTERVAL);
        loop {
            ticks.tick().await;
            {
                let open = self.rmcp.sessions.read().await;
                let mut records = self.records.lock();
                records.retain(|id, _| open.contains_key(id));
                records.values_mut().for_each(SessionRecord::drop_old_buffers);
            }
            self.close_unowned(UNOWNED_TTL).await;
        }
    }

    /// Closes the sessions that have had no owner for this long.
    async fn close_unowned(&self, ttl: Duration) {
        let is_lost = |record: &SessionRecord| record.owner.is_none() && record.opened.elapsed() >= ttl;
        let lost: Vec<SessionId> = {
            let records = self.records.lock();
            records.iter().filter(|(_, record)| is_lost(record)).map(|(id, _)| id.clone()).collect()
        };
        for id in lost {
            self.close(&id).await;
        }
    }
}

impl Default for SessionRecord {
    fn default() -> Self {
        Self {
            owner: None,
            opened: Instant::now(),
            has_empty_events: false,
            buffers: HashMap::new(),
            state: Arc::default(),
        }
    }
}

impl SessionRecord {
    /// Drops the buffers of complete responses that are too old or too many.
    pub(super) fn drop_old_buffers(&mut self) {
        let of_buffer = |buffer: &Arc<ReplayBuffer>| buffer.ended().map(|(ended, bytes)| (ended, buffer.stream, bytes));
        let mut complete: Vec<(Instant, u64, usize)> = self.buffers.values().filter_map(of_buffer).collect();
        complete.sort_unstable_by_key(|buffer| Reverse(*buffer));
        let mut total = 0;
        for (index, (ended, stream, bytes)) in complete.into_iter().enumerate() {
            total += bytes;
            // The latest is kept whatever its length.
            if ended.elapsed() >= REPLAY_TTL || index >= MAX_COMPLETE || (index > 0 && total > MAX_BYTES) {
                self.buffers.remove(&stream);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn owner(user: &str, key: &str) -> SessionOwner {
        SessionOwner { user: user.to_owned(), credential: Some(key.to_owned()), client: None }
    }

    fn grant(id: &str, client: &str, scopes: &[Scope]) -> SessionOwner {
        SessionOwner { client: Some((client.to_owned(), scopes.to_vec())), ..owner("ann", id) }
    }

    #[tokio::test]
    async fn a_session_whose_client_left_is_closed() {
        let sessions = McpSessions::default();
        let ((lost, _one), (owned, _other)) =
            (sessions.create_session().await.unwrap(), sessions.create_session().await.unwrap());
        let ann = owner("ann", "key");
        sessions.set_owner(&owned, &ann).await;
        sessions.close_unowned(Duration::from_secs(20)).await;
        assert!(sessions.has_session(&lost).await.unwrap(), "its client may be about to receive it");
        sessions.close_unowned(Duration::ZERO).await;
        assert!(!sessions.has_session(&lost).await.unwrap() && sessions.has_session(&owned).await.unwrap());
        assert!(sessions.admit(&owned, &ann));
        for other in [owner("bob", "key"), owner("ann", "another key")] {
            assert!(!sessions.admit(&owned, &other), "{other:?}");
        }
    }

    #[test]
    fn a_grant_with_more_scopes_continues_what_its_client_began() {
        let (read, write) = (Scope::MemoriesRead, Scope::MemoriesWrite);
        let first = grant("1", "client", &[read]);
        for (other, may_continue) in [
            (grant("2", "client", &[read, write]), true),
            (grant("2", "client", &[read]), true),
            (grant("2", "client", &[write]), false),
            (grant("2", "another client", &[read, write]), false),
            (SessionOwner { user: "bob".into(), ..grant("2", "client", &[read, write]) }, false),
            (owner("ann", "2"), false),
            (grant("1", "client", &[]), true),
        ] {
            assert_eq!(other.may_continue(&first), may_continue, "{other:?}");
        }
        assert!(!first.may_continue(&owner("ann", "2")));
    }
}
