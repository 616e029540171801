//! Responses that are streams: each takes one of the user's stream slots, and ends when the credential does.

use std::{sync::Arc, time::Duration};

use futures::StreamExt;
use poem::{Body, Response, http::HeaderMap};
use resources::keys::GrantedKey;
use rmcp::transport::common::http_header::EVENT_STREAM_MIME_TYPE;
use tokio::time::timeout;
use tools::{Context, Credential, Result};

use super::{endpoint::Transport, errors::is_credential_rejected, message::Message, negotiate::Accept};
use crate::{
    auth::Authenticator,
    middleware::stream_limit::{StreamLimit, StreamPermit},
};

/// How often the credential of an open stream is checked: it may have expired, its user may have been disabled, and
/// another process may have revoked it.
const RECHECK_INTERVAL: Duration = Duration::from_secs(15);

/// The response to one request, which may be a stream.
pub(super) struct StreamResponse {
    streams: StreamLimit,
    authenticator: Arc<Authenticator>,
    context: Context,
    headers: HeaderMap,
    permit: Option<StreamPermit>,
}

impl StreamResponse {
    /// The response to a request with these headers.
    pub(super) fn new(
        streams: &StreamLimit,
        authenticator: &Arc<Authenticator>,
        context: &Context,
        headers: &HeaderMap,
    ) -> Self {
        let (streams, authenticator) = (streams.clone(), Arc::clone(authenticator));
        Self { streams, authenticator, context: context.clone(), headers: headers.clone(), permit: None }
    }

    /// Takes a stream slot if the response to one of the messages may be a stream: before anything is done, so that
    /// nothing is done and then refused.
    ///
    /// # Errors
    /// The user has no free slot.
    pub(super) fn reserve_for(&mut self, messages: &[Message<'_>], transport: Transport, accept: Accept) -> Result<()> {
        let may_stream = match accept {
            Accept::Json => false,
            Accept::EventStream => true,
            Accept::Either => transport == Transport::Session || messages.iter().any(Message::may_stream),
        };
        if may_stream && messages.iter().any(Message::is_request) { self.reserve() } else { Ok(()) }
    }

    /// Takes a stream slot.
    ///
    /// # Errors
    /// The user has no free slot.
    pub(super) fn reserve(&mut self) -> Result<()> {
        if self.permit.is_none() {
            self.permit = Some(self.streams.acquire(&self.context.caller.user)?);
        }
        Ok(())
    }

    /// Holds the slot while `response` is sent, and ends it with its credential, if it is a stream. Any other response
    /// frees the slot.
    ///
    /// # Errors
    /// It is a stream where none was to be expected, and the user has no free slot.
    pub(super) fn wrap(mut self, mut response: Response) -> Result<Response> {
        if response.content_type() != Some(EVENT_STREAM_MIME_TYPE) {
            return Ok(response);
        }
        self.reserve()?;
        if let Credential::Key(key) = &self.context.caller.credential {
            let until = rejected(self.authenticator, self.headers, Arc::clone(key));
            let chunks = response.take_body().into_bytes_stream().take_until(until);
            response.set_body(Body::from_bytes_stream(chunks));
        }
        Ok(match self.permit {
            Some(permit) => permit.hold(response),
            None => response,
        })
    }
}

/// Waits until the key that came in these headers is no longer valid.
async fn rejected(authenticator: Arc<Authenticator>, headers: HeaderMap, key: Arc<GrantedKey>) {
    while timeout(RECHECK_INTERVAL, key.revoked.cancelled()).await.is_err() {
        // While a key cannot be checked, its streams go on.
        if let Err(error) = authenticator.mcp_endpoint_context(&headers).await
            && is_credential_rejected(&error)
        {
            return;
        }
    }
}
