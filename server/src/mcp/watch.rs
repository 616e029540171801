//! Who watches for changes, and how they hear of them: a session by its own stream, from 2026-07-28 on a subscription.
//!
//! News only says whose data has changed. What is watched is then read again, through the same tools and with the same
//! rights as the client would read it, and told of where it is not what it was; so what is put together from many rows
//! can be watched like a row.

use std::{
    hash::{DefaultHasher, Hash, Hasher},
    sync::{Arc, PoisonError},
    time::Duration,
};

use http::request::Parts;
use resources::changes::Changes;
use rmcp::{
    Peer, RoleServer,
    model::{ResourceUpdatedNotification, ResourceUpdatedNotificationParam, ServerNotification},
    service::{SubscriptionSendError, SubscriptionSink},
};
use tokio::{
    sync::broadcast::{self, Receiver, error::RecvError},
    time::sleep,
};
use tools::{Context, views};

use super::conversation::Watched;
use crate::auth::SignIn;

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
    lists: Receiver<List>,
    news: Receiver<Arc<str>>,
}

impl Watch {
    /// Hears of everything from now on.
    pub(super) fn begin(watcher: Watcher, lists: &Lists, news: &Changes) -> Self {
        Self { watcher, lists: lists.0.subscribe(), news: news.watch() }
    }

    /// Tells of changes, of what is `watched` among them, until nobody hears it or the watcher may not come in any more.
    pub(super) async fn run(mut self, listener: &Listener, watched: &Watched) {
        let Some(context) = self.watcher.context().await else { return };
        // What changed while the list was read may be in it already, and is told all the same.
        let mut listed = Some(listing(&context).await).filter(|_| self.news.is_empty());
        loop {
            let told = tokio::select! {
                list = self.lists.recv() => match list {
                    Ok(list) => listener.tell(list_changed(list)).await,
                    Err(RecvError::Lagged(_)) => true,
                    Err(RecvError::Closed) => false,
                },
                user = self.news.recv() => match user {
                    Ok(user) if *user != *context.caller.user => true,
                    Ok(_) | Err(RecvError::Lagged(_)) => {
                        sleep(GATHERING).await;
                        forget(&mut self.news);
                        let Some(context) = self.watcher.context().await else { return };
                        look_again(&context, &mut listed, listener, watched).await
                    }
                    Err(RecvError::Closed) => false,
                },
            };
            if !told {
                return;
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

/// With whose rights is read what is watched.
pub(super) enum Watcher {
    /// Those of the credential that came with a request, as long as it is good.
    Bearer(Arc<SignIn>, http::HeaderMap),
    /// Those of whoever is at the other end of a pipe.
    Pipe(Context),
}

impl Watcher {
    /// Those of `caller`, who sent a request or notification with these extensions.
    pub(super) fn of(extensions: &rmcp::model::Extensions, caller: &Context) -> Self {
        let bearer = extensions.get::<Parts>().and_then(|parts| {
            let sign_in = parts.extensions.get::<Arc<SignIn>>()?;
            Some(Watcher::Bearer(Arc::clone(sign_in), parts.headers.clone()))
        });
        bearer.unwrap_or_else(|| Watcher::Pipe(caller.clone()))
    }

    async fn context(&self) -> Option<Context> {
        match self {
            Watcher::Bearer(sign_in, headers) => sign_in.mcp_endpoint_context(headers).await.ok(),
            Watcher::Pipe(context) => Some(context.clone()),
        }
    }
}

/// What is at an address now, as a number; what cannot be read is nothing.
pub(super) async fn reading(context: &Context, uri: &str) -> u64 {
    let Some(address) = views::find(uri) else { return 0 };
    match address.glance(context.clone()).await {
        Ok(content) => number(&content.text),
        Err(_) => 0,
    }
}

/// Which addresses are listed first, as a number.
async fn listing(context: &Context) -> u64 {
    let mut listed = Vec::new();
    for view in views::ALL.iter().filter(|view| view.is_listed() && view.permits(context)) {
        if let Ok(page) = view.list(context.clone(), LOOKED_AT, None).await {
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
