//! The right to answer with a stream: one of the user's places, as long as the credential is good that came with the
//! request.

use std::{sync::Arc, time::Duration};

use futures::StreamExt;
use poem::{Body, Response, http::HeaderMap};
use resources::keys::GrantedKey;
use serde_json::Value;
use tokio::time::timeout;
use tools::{Context, Credential, Result};

use super::{endpoint::Era, errors::is_final, message, negotiate::Accept, sse::EVENTS};
use crate::{
    auth::SignIn,
    middleware::stream_limit::{StreamLimit, StreamPermit},
};

/// How often it is asked whether a credential is still good: it may have run out, its user may have been locked out, and
/// another process may have revoked it.
const ASKED_EVERY: Duration = Duration::from_secs(15);

/// What one request may make of its answer.
pub(super) struct Streaming {
    streams: StreamLimit,
    sign_in: Arc<SignIn>,
    context: Context,
    headers: HeaderMap,
    place: Option<StreamPermit>,
}

impl Streaming {
    /// For the request with these headers, by whom they sign in.
    pub(super) fn new(streams: &StreamLimit, sign_in: &Arc<SignIn>, context: &Context, headers: &HeaderMap) -> Self {
        let (streams, sign_in) = (streams.clone(), Arc::clone(sign_in));
        Self { streams, sign_in, context: context.clone(), headers: headers.clone(), place: None }
    }

    /// Takes a place where the answer to one of the messages may be a stream: before anything is done, so that nothing
    /// is done and then refused.
    ///
    /// # Errors
    /// The user has no place left.
    pub(super) fn reserve_for(&mut self, messages: &[Value], era: Era, accept: Accept) -> Result<()> {
        let may_stream = match accept {
            Accept::Json => false,
            Accept::Events => true,
            Accept::Either => era == Era::Sessions || messages.iter().any(message::is_told_more),
        };
        if may_stream && messages.iter().any(message::is_request) { self.reserve() } else { Ok(()) }
    }

    /// Takes a place.
    ///
    /// # Errors
    /// The user has none left.
    pub(super) fn reserve(&mut self) -> Result<()> {
        if self.place.is_none() {
            self.place = Some(self.streams.acquire(&self.context.caller.user)?);
        }
        Ok(())
    }

    /// Lets a stream go on for as long as it may. Any other answer gives the place back.
    ///
    /// # Errors
    /// Nobody could know that it would be a stream, and the user has no place left.
    pub(super) fn around(mut self, mut response: Response) -> Result<Response> {
        if response.content_type() != Some(EVENTS) {
            return Ok(response);
        }
        self.reserve()?;
        if let Credential::Key(key) = &self.context.caller.credential {
            let until = refused(self.sign_in, self.headers, Arc::clone(key));
            let pieces = response.take_body().into_bytes_stream().take_until(until);
            response.set_body(Body::from_bytes_stream(pieces));
        }
        Ok(match self.place {
            Some(place) => place.hold(response),
            None => response,
        })
    }
}

/// Waits until a key, which came in these headers, opens nothing any more.
async fn refused(sign_in: Arc<SignIn>, headers: HeaderMap, key: Arc<GrantedKey>) {
    while timeout(ASKED_EVERY, key.revoked.cancelled()).await.is_err() {
        // Where it cannot be told whether the key is good, it is asked again.
        if let Err(error) = sign_in.mcp_endpoint_context(&headers).await
            && is_final(&error)
        {
            return;
        }
    }
}
