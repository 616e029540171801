//! The limit on open streams and WebSockets for each user.

use futures::StreamExt;
use poem::{Body, Response};
use tools::{Error, KeyedLimit, KeyedPermit, Result};

/// The `Retry-After` of a refused stream, in seconds.
const RETRY_AFTER: u64 = 5;

/// How many streams each user may have open at a time.
#[derive(Clone)]
pub(crate) struct StreamLimit(KeyedLimit<String>);

/// The right to one open stream; it ends when this is dropped.
pub(crate) struct StreamPermit {
    _permit: KeyedPermit<String>,
}

impl StreamLimit {
    /// At most `max` streams for each user.
    pub(crate) fn new(max: usize) -> Self {
        Self(KeyedLimit::new(max))
    }

    /// A permit for one more stream of `user`.
    ///
    /// # Errors
    /// The user has reached the limit.
    pub(crate) fn acquire(&self, user: &str) -> Result<StreamPermit> {
        let refusal = || Error::Later(format!("{} streams are open for this user already", self.0.max()), RETRY_AFTER);
        let permit = self.0.try_acquire(user.to_owned(), 1).ok_or_else(refusal)?;
        Ok(StreamPermit { _permit: permit })
    }
}

impl StreamPermit {
    /// Keeps the permit until the body of the response has been sent or dropped.
    pub(crate) fn hold(self, mut response: Response) -> Response {
        let body = response.take_body().into_bytes_stream().map(move |chunk| {
            let _held = &self;
            chunk
        });
        response.set_body(Body::from_bytes_stream(body));
        response
    }
}
