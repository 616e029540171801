//! The limit on requests of each client address without an accepted credential: public pages and documents, shared links,
//! sign-in. Requests from this machine are not limited.

use poem::Response;
use resources::limits::LimitSettings;

use super::{
    address_counter::AddressCounter,
    failed_auth_limiter::{Attempt, FailedAuthLimiter},
};

/// Counts anonymous requests by address; `None` where they are not limited.
pub(super) struct AnonymousLimiter(Option<AddressCounter>);

impl AnonymousLimiter {
    /// As the configuration says.
    pub(super) fn new(limits: &LimitSettings) -> Self {
        Self((limits.enabled && limits.anonymous > 0).then(|| AddressCounter::new(limits.anonymous)))
    }

    /// Counts a request, unless it brings a credential that was accepted before: what others claim is known only later.
    ///
    /// # Errors
    /// The number of seconds after which to try again, where the address has reached the limit.
    pub(super) fn count(&self, attempt: &Attempt, failed_auth: &FailedAuthLimiter) -> Result<(), u64> {
        let (Some(counter), Some(address)) = (&self.0, attempt.address) else { return Ok(()) };
        if failed_auth.was_accepted(attempt) {
            return Ok(());
        }
        if let Some(seconds) = counter.retry_after(address) {
            return Err(seconds);
        }
        counter.increment(address);
        Ok(())
    }
}

/// The response to a request over the limit.
pub(super) fn refusal(seconds: u64) -> Response {
    let sentence = format!("Too many requests without a credential from this address. Try again in {seconds}s.");
    super::too_many_requests(&sentence, seconds)
}
