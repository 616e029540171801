//! Who watches for changes, and how they hear of them: a session by its own stream, from 2026-07-28 on a subscription.
//!
//! News only says whose data has changed. What is watched is then read again, through the same tools and with the same
//! rights as the client would read it, and told of where it is not what it was; so what is put together from many rows
//! can be watched like a row. Nobody looks while nobody listens: what was missed is looked at when somebody does.

use std::{
    hash::{DefaultHasher, Hash, Hasher},
    mem::take,
    sync::{Arc, PoisonError},
    time::Duration,
};

use rmcp::{
    Peer, RoleServer,
    model::{ResourceUpdatedNotification, ResourceUpdatedNotificationParam, ServerNotification},
    service::{SubscriptionSendError, SubscriptionSink},
};
use tokio::{
    sync::broadcast::{
        self, Receiver,
        error::{RecvError, TryRecvError},
    },
    time::sleep,
};
use tools::{Context, assistant::views};

use super::{connection_state::Watched, subscription_auth::Watcher};

/// How long news is gathered before anything is read again: many rows are often written in a row.
const GATHERING: Duration = Duration::from_millis(300);

/// How many rows of a list are looked at.
const LOOKED_AT: usize = 100;

/// The lists that do not depend on whose data there is.
#[derive(Debug, Clone, Copy)]
pub enum List {
    /// `tools/list`.
    Tools,
    /// `prompts/list`.
    Prompts,
}

/// Tells every client that a list is not what it was. Requests that go to an [`Extension`](super::Extension) carry it.
#[derive(Clone)]
pub struct Lists(broadcast::Sender<List>);

impl Default for Lists {
    fn default() -> Self {
        Self(broadcast::channel(16).0)
    }
}

impl Lists {
    /// Tells that this list has changed.
    pub fn changed(&self, list: List) {
        // Nobody may be listening.
        let _ = self.0.send(list);
    }
}

/// Who hears of changes.
pub(super) enum Listener {
    /// A client of an older revision, by its session.
    Session(Peer<RoleServer>),
    /// A client of 2026-07-28, by the stream it listens to.
    Subscription(SubscriptionSink),
}

impl Listener {
    /// Whether they are still there.
    async fn tell(&self, news: ServerNotification) -> bool {
        match self {
            Listener::Session(peer) => peer.send_notification(news).await.is_ok(),
            Listener::Subscription(sink) => {
                matches!(sink.send(news).await, Ok(()) | Err(SubscriptionSendError::NotificationNotAccepted(_)))
            }
        }
    }
}

/// One who watches.
pub(super) struct Watch {
    watcher: Watcher,
    /// Whose data it is about.
    user: String,
    lists: Receiver<List>,
    news: Receiver<Arc<str>>,
    /// Whether there was news that nobody has looked at yet.
    is_behind: bool,
    /// What the lists were when they were last looked at.
    listed: Option<u64>,
}

impl Watch {
    /// Hears of everything from now on that is `caller`'s.
    pub(super) fn begin(watcher: Watcher, lists: &Lists, caller: &Context) -> Self {
        let (user, news) = (caller.caller.user.clone(), caller.resources.changes.subscribe());
        Self { watcher, user, lists: lists.0.subscribe(), news, is_behind: false, listed: None }
    }

    /// Tells of changes, of what is `watched` among them, until nobody hears it or the watcher may not come in any more.
    pub(super) async fn run(mut self, listener: &Listener, watched: &Watched) {
        while self.look(listener, watched).await {
            let goes_on = tokio::select! {
                list = self.lists.recv() => match list {
                    Ok(list) => listener.tell(list_changed(list)).await,
                    Err(RecvError::Lagged(_)) => true,
                    Err(RecvError::Closed) => false,
                },
                user = self.news.recv() => match user {
                    Ok(user) => {
                        self.is_behind |= *user == *self.user;
                        true
                    }
                    Err(RecvError::Lagged(_)) => {
                        self.is_behind = true;
                        true
                    }
                    Err(RecvError::Closed) => false,
                },
                is_there = self.watcher.changed() => is_there,
                // What could not be looked at a moment ago is looked at again.
                () = sleep(GATHERING), if self.is_behind && self.watcher.is_heard() => true,
            };
            if !goes_on {
                return;
            }
        }
    }

    /// Looks whether there is something to tell of, once somebody can hear it; says whether to go on.
    async fn look(&mut self, listener: &Listener, watched: &Watched) -> bool {
        if !self.watcher.is_heard() || (self.listed.is_some() && !self.is_behind) {
            return true;
        }
        if self.is_behind {
            sleep(GATHERING).await;
            forget(&mut self.news);
        }
        let context = match self.watcher.context().await {
            Ok(context) => context,
            Err(error) => return self.watcher.outlives(&error),
        };
        if take(&mut self.is_behind) {
            return look_again(&context, &mut self.listed, listener, watched).await;
        }
        let listed = listing(&context).await;
        // What changed while the list was read may be in it already, and is looked at all the same.
        self.is_behind |= self.has_missed();
        self.listed = Some(listed);
        true
    }

    /// Whether the user's news is among what has not been heard yet, which then has been.
    fn has_missed(&mut self) -> bool {
        let mut has_missed = false;
        loop {
            match self.news.try_recv() {
                Ok(user) => has_missed |= *user == *self.user,
                Err(TryRecvError::Lagged(_)) => has_missed = true,
                Err(TryRecvError::Empty | TryRecvError::Closed) => return has_missed,
            }
        }
    }
}

/// Reads everything that is watched, and tells of what is not what it was; says whether somebody still hears it.
async fn look_again(context: &Context, listed: &mut Option<u64>, listener: &Listener, watched: &Watched) -> bool {
    let now = listing(context).await;
    if listed.replace(now) != Some(now)
        && !listener.tell(ServerNotification::ResourceListChangedNotification(Default::default())).await
    {
        return false;
    }
    let known = watched.lock().unwrap_or_else(PoisonError::into_inner).clone();
    for (uri, before) in known {
        let now = reading(context, &uri).await;
        if now == before {
            continue;
        }
        if let Some(before) = watched.lock().unwrap_or_else(PoisonError::into_inner).get_mut(&uri) {
            *before = now;
        }
        let update = ResourceUpdatedNotification::new(ResourceUpdatedNotificationParam::new(uri));
        if !listener.tell(ServerNotification::ResourceUpdatedNotification(update)).await {
            return false;
        }
    }
    true
}

/// What is at an address now, as a number; what cannot be read is nothing.
pub(super) async fn reading(context: &Context, uri: &str) -> u64 {
    let Some(address) = views::find(uri) else { return 0 };
    match address.open_unaudited(context.clone()).await {
        Ok(content) => number(&content.text),
        Err(_) => 0,
    }
}

/// Which addresses are listed first, as a number.
async fn listing(context: &Context) -> u64 {
    let mut listed = Vec::new();
    for view in views::ALL.iter().filter(|view| view.is_listed() && view.permits(context)) {
        if let Ok(page) = view.newest(context.clone(), LOOKED_AT).await {
            listed.extend(page.entries.into_iter().map(|entry| (entry.uri, entry.name)));
        }
    }
    number(&listed)
}

fn number(value: &impl Hash) -> u64 {
    let mut hasher = DefaultHasher::new();
    value.hash(&mut hasher);
    hasher.finish()
}

fn list_changed(list: List) -> ServerNotification {
    match list {
        List::Tools => ServerNotification::ToolListChangedNotification(Default::default()),
        List::Prompts => ServerNotification::PromptListChangedNotification(Default::default()),
    }
}

fn forget(news: &mut Receiver<Arc<str>>) {
    while matches!(news.try_recv(), Ok(_) | Err(broadcast::error::TryRecvError::Lagged(_))) {}
}
