//! With whose rights is read what is watched, and for how long.

use std::{future::pending, sync::Arc};

use http::request::Parts;
use rmcp::model::Extensions;
use tokio::sync::watch::Receiver;
use tools::{Context, Error, Result};

use super::{
    errors::is_final,
    session_state::{Presence, Seen},
};
use crate::auth::SignIn;

/// With whose rights is read what is watched.
pub(super) enum Watcher {
    /// Those of the credential that came last into a session; when it is good no more, a newer one may come.
    Session(Arc<SignIn>, Receiver<Seen>),
    /// Those of the credential that came with a request, which ends with it.
    Request(Arc<SignIn>, http::HeaderMap),
    /// Those of whoever is at the other end of a pipe.
    Pipe(Context),
}

impl Watcher {
    /// Those of `caller`, in the session that a message with these extensions belongs to.
    pub(super) fn of_session(extensions: &Extensions, caller: &Context) -> Self {
        let signed_in = extensions.get::<Parts>().and_then(|parts| {
            let sign_in = parts.extensions.get::<Arc<SignIn>>()?;
            let presence = parts.extensions.get::<Arc<Presence>>()?;
            Some(Watcher::Session(Arc::clone(sign_in), presence.watch()))
        });
        signed_in.unwrap_or_else(|| Self::of_request(extensions, caller))
    }

    /// Those of `caller`, who sent a request with these extensions.
    pub(super) fn of_request(extensions: &Extensions, caller: &Context) -> Self {
        let signed_in = extensions.get::<Parts>().and_then(|parts| {
            let sign_in = parts.extensions.get::<Arc<SignIn>>()?;
            Some(Watcher::Request(Arc::clone(sign_in), parts.headers.clone()))
        });
        signed_in.unwrap_or_else(|| Watcher::Pipe(caller.clone()))
    }

    /// Whether somebody hears what they are told.
    pub(super) fn is_heard(&self) -> bool {
        match self {
            Watcher::Session(_, seen) => seen.borrow().listening > 0,
            Watcher::Request(..) | Watcher::Pipe(_) => true,
        }
    }

    /// Waits until a credential or a listener has come or gone; says whether the session is still there.
    pub(super) async fn changed(&mut self) -> bool {
        match self {
            Watcher::Session(_, seen) => seen.changed().await.is_ok(),
            Watcher::Request(..) | Watcher::Pipe(_) => pending().await,
        }
    }

    /// Their rights.
    ///
    /// # Errors
    /// They may not come in, or that cannot be told at present.
    pub(super) async fn context(&self) -> Result<Context> {
        match self {
            Watcher::Session(sign_in, seen) => {
                let headers = seen.borrow().headers.clone();
                sign_in.mcp_endpoint_context(&headers).await
            }
            Watcher::Request(sign_in, headers) => sign_in.mcp_endpoint_context(headers).await,
            Watcher::Pipe(context) => Ok(context.clone()),
        }
    }

    /// Whether they may yet have rights after this error.
    pub(super) fn outlives(&self, error: &Error) -> bool {
        matches!(self, Watcher::Session(..)) || !is_final(error)
    }
}
