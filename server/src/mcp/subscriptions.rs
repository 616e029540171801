//! Notifications of changed resources: to a session on its own stream, from 2026-07-28 on to a subscription.
//!
//! A change only says whose data has changed. What the client subscribed to is then read again, through the same tools
//! and with the same rights as the client would read it, and its hash compared; so a resource that is made of many rows
//! can be subscribed to like a row. Nothing is read while no stream is open: changes missed meanwhile are looked for when
//! one is opened.

use std::{
    collections::BTreeMap,
    hash::{DefaultHasher, Hash, Hasher},
    mem::take,
    sync::Arc,
    time::Duration,
};

use parking_lot::Mutex;
use rmcp::{
    Peer, RoleServer,
    model::{ResourceUpdatedNotification, ResourceUpdatedNotificationParam, ServerNotification},
    service::{SubscriptionSendError, SubscriptionSink},
};
use tokio::{
    sync::broadcast::{
        Receiver,
        error::{RecvError, TryRecvError},
    },
    time::sleep,
};
use tools::{Context, assistant::views};

use super::subscription_auth::SubscriptionAuth;

/// How long changes are collected before anything is read again: rows are often written in quick succession.
const DEBOUNCE: Duration = Duration::from_millis(300);

/// How many rows of each list are hashed.
const MAX_LISTED: usize = 100;

/// The URIs that a client has subscribed to, each with the hash of its content when it was last read.
pub(super) type SubscribedUris = Arc<Mutex<BTreeMap<String, u64>>>;

/// Where notifications are sent.
pub(super) enum Notifier {
    /// To a client of an older version, in its session.
    Session(Peer<RoleServer>),
    /// To a client of 2026-07-28, on its `subscriptions/listen` stream.
    Subscription(SubscriptionSink),
}

impl Notifier {
    /// Sends a notification; returns whether the client is still connected.
    async fn send(&self, notification: ServerNotification) -> bool {
        match self {
            Notifier::Session(peer) => peer.send_notification(notification).await.is_ok(),
            Notifier::Subscription(sink) => {
                matches!(sink.send(notification).await, Ok(()) | Err(SubscriptionSendError::NotificationNotAccepted(_)))
            }
        }
    }
}

/// Watches the data of one user for one client.
pub(super) struct ChangeWatcher {
    auth: SubscriptionAuth,
    user: String,
    changes: Receiver<Arc<str>>,
    /// Whether there was a change after which nothing has been read yet.
    is_stale: bool,
    /// The hash of the resource list when it was last read.
    listed: Option<u64>,
}

impl ChangeWatcher {
    /// Begins to watch `caller`'s data.
    pub(super) fn new(auth: SubscriptionAuth, caller: &Context) -> Self {
        let (user, changes) = (caller.caller.user.clone(), caller.resources.changes.subscribe());
        Self { auth, user, changes, is_stale: false, listed: None }
    }

    /// Sends notifications of changes, including those of `subscribed` resources, until the client disconnects or its
    /// credential is rejected.
    pub(super) async fn run(mut self, notifier: &Notifier, subscribed: &SubscribedUris) {
        while self.check(notifier, subscribed).await {
            let goes_on = tokio::select! {
                user = self.changes.recv() => match user {
                    Ok(user) => {
                        self.is_stale |= *user == *self.user;
                        true
                    }
                    Err(RecvError::Lagged(_)) => {
                        self.is_stale = true;
                        true
                    }
                    Err(RecvError::Closed) => false,
                },
                is_open = self.auth.changed() => is_open,
                // What could not be read a moment ago is read again.
                () = sleep(DEBOUNCE), if self.is_stale && self.auth.is_connected() => true,
            };
            if !goes_on {
                return;
            }
        }
    }

    /// Looks for changes to notify of, if the client is connected; returns whether to go on.
    async fn check(&mut self, notifier: &Notifier, subscribed: &SubscribedUris) -> bool {
        if !self.auth.is_connected() || (self.listed.is_some() && !self.is_stale) {
            return true;
        }
        if self.is_stale {
            sleep(DEBOUNCE).await;
            self.drain_changes();
        }
        let context = match self.auth.context().await {
            Ok(context) => context,
            Err(error) => return self.auth.may_recover(&error),
        };
        if take(&mut self.is_stale) {
            return notify_changes(&context, &mut self.listed, notifier, subscribed).await;
        }
        let listed = hash_resource_list(&context).await;
        // What changed while the list was read may be in it already; it is read again all the same.
        self.is_stale |= self.drain_changes();
        self.listed = Some(listed);
        true
    }

    /// Takes the changes that have come so far; returns whether the user's are among them.
    fn drain_changes(&mut self) -> bool {
        let mut is_users = false;
        loop {
            match self.changes.try_recv() {
                Ok(user) => is_users |= *user == *self.user,
                Err(TryRecvError::Lagged(_)) => is_users = true,
                Err(TryRecvError::Empty | TryRecvError::Closed) => return is_users,
            }
        }
    }
}

/// Reads everything the client subscribed to, and sends a notification of each change; returns whether the client is
/// still connected.
async fn notify_changes(
    context: &Context,
    listed: &mut Option<u64>,
    notifier: &Notifier,
    subscribed: &SubscribedUris,
) -> bool {
    let now = hash_resource_list(context).await;
    if listed.replace(now) != Some(now)
        && !notifier.send(ServerNotification::ResourceListChangedNotification(Default::default())).await
    {
        return false;
    }
    let known = subscribed.lock().clone();
    for (uri, before) in known {
        let now = hash_resource(context, &uri).await;
        if now == before {
            continue;
        }
        if let Some(before) = subscribed.lock().get_mut(&uri) {
            *before = now;
        }
        let update = ResourceUpdatedNotification::new(ResourceUpdatedNotificationParam::new(uri));
        if !notifier.send(ServerNotification::ResourceUpdatedNotification(update)).await {
            return false;
        }
    }
    true
}

/// The hash of a resource's content; 0 where it cannot be read.
pub(super) async fn hash_resource(context: &Context, uri: &str) -> u64 {
    let Some(address) = views::find(uri) else { return 0 };
    match address.open_unaudited(context.clone()).await {
        Ok(content) => hash(&content.text),
        Err(_) => 0,
    }
}

/// The hash of the newest resources that the caller can list.
async fn hash_resource_list(context: &Context) -> u64 {
    let mut listed = Vec::new();
    for view in views::ALL.iter().filter(|view| view.is_listed() && view.permits(context)) {
        if let Ok(page) = view.newest(context.clone(), MAX_LISTED).await {
            listed.extend(page.entries.into_iter().map(|entry| (entry.uri, entry.name)));
        }
    }
    hash(&listed)
}

fn hash(value: &impl Hash) -> u64 {
    let mut hasher = DefaultHasher::new();
    value.hash(&mut hasher);
    hasher.finish()
}
