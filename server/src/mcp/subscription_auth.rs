//! The authorization of a subscription, checked again for as long as it lasts.

use std::{future::pending, sync::Arc};

use http::{HeaderMap, request::Parts};
use rmcp::model::Extensions;
use tokio::sync::watch::Receiver;
use tools::{Context, Error, Result};

use super::{
    errors::is_credential_rejected,
    session_state::{SessionState, Snapshot},
};
use crate::auth::Authenticator;

/// With which credential a subscription reads what its client subscribed to.
pub(super) enum SubscriptionAuth {
    /// The latest credential of a session; when it expires, a newer one may follow.
    Session(Arc<Authenticator>, Receiver<Snapshot>),
    /// The credential of one request, which ends with it.
    Request(Arc<Authenticator>, HeaderMap),
    /// The caller on standard input.
    Stdio(Context),
}

impl SubscriptionAuth {
    /// The credential of `caller` in the session that a message with these extensions belongs to.
    pub(super) fn of_session(extensions: &Extensions, caller: &Context) -> Self {
        let session = extensions.get::<Parts>().and_then(|parts| {
            let authenticator = parts.extensions.get::<Arc<Authenticator>>()?;
            let state = parts.extensions.get::<Arc<SessionState>>()?;
            Some(SubscriptionAuth::Session(Arc::clone(authenticator), state.subscribe()))
        });
        session.unwrap_or_else(|| Self::of_request(extensions, caller))
    }

    /// The credential of `caller`, who sent a request with these extensions.
    pub(super) fn of_request(extensions: &Extensions, caller: &Context) -> Self {
        let request = extensions.get::<Parts>().and_then(|parts| {
            let authenticator = parts.extensions.get::<Arc<Authenticator>>()?;
            Some(SubscriptionAuth::Request(Arc::clone(authenticator), parts.headers.clone()))
        });
        request.unwrap_or_else(|| SubscriptionAuth::Stdio(caller.clone()))
    }

    /// Whether a stream is open on which notifications reach the client.
    pub(super) fn is_connected(&self) -> bool {
        match self {
            SubscriptionAuth::Session(_, state) => state.borrow().open_streams > 0,
            SubscriptionAuth::Request(..) | SubscriptionAuth::Stdio(_) => true,
        }
    }

    /// Waits for another credential, or a stream that is opened or closed; returns whether the session is still open.
    pub(super) async fn changed(&mut self) -> bool {
        match self {
            SubscriptionAuth::Session(_, state) => state.changed().await.is_ok(),
            SubscriptionAuth::Request(..) | SubscriptionAuth::Stdio(_) => pending().await,
        }
    }

    /// Authenticates the subscriber.
    ///
    /// # Errors
    /// The credential is no longer valid, or cannot be checked at present.
    pub(super) async fn context(&self) -> Result<Context> {
        match self {
            SubscriptionAuth::Session(authenticator, state) => {
                let headers = state.borrow().headers.clone();
                authenticator.mcp_endpoint_context(&headers).await
            }
            SubscriptionAuth::Request(authenticator, headers) => authenticator.mcp_endpoint_context(headers).await,
            SubscriptionAuth::Stdio(context) => Ok(context.clone()),
        }
    }

    /// Whether the subscription goes on after this error of [`context`](Self::context).
    pub(super) fn may_recover(&self, error: &Error) -> bool {
        matches!(self, SubscriptionAuth::Session(..)) || !is_credential_rejected(error)
    }
}
