//! Refuses addresses for a while after repeated failed authentication. Credentials that have been accepted before stay
//! allowed, and requests from this machine are never refused.

use std::{
    hash::{BuildHasher, RandomState},
    net::IpAddr,
};

use http::{HeaderValue, header};
use openapi::address_of;
use poem::{Request, Response};
use quick_cache::sync::Cache;

use super::address_counter::AddressCounter;
use crate::auth_outcome::AuthOutcome;

/// After this many failures within a minute, an address is refused until the minute ends.
const MAX_FAILURES: u32 = 60;

/// The maximum number of accepted credentials that are remembered.
const MAX_CREDENTIALS: usize = 10_000;

/// Paths whose requests bring credentials in the body: a valid key in a header exempts no guess there.
const LOGIN_PATHS: [&str; 6] = ["/authorize", "/token", "/revoke", "/register", "/v1/auth/", "/v1/oauth/"];

/// Counts failures by address.
pub(super) struct FailedAuthLimiter {
    failures: AddressCounter,
    /// Hashes, keyed by a secret of this process, of credentials that were accepted.
    accepted: Cache<u64, ()>,
    hasher: RandomState,
}

/// A request: its address, and a hash of its credentials.
pub(super) struct Attempt {
    /// `None` is this machine itself.
    pub(super) address: Option<IpAddr>,
    credential: Option<u64>,
}

impl Default for FailedAuthLimiter {
    fn default() -> Self {
        let failures = AddressCounter::new(MAX_FAILURES);
        Self { failures, accepted: Cache::new(MAX_CREDENTIALS), hasher: RandomState::new() }
    }
}

impl FailedAuthLimiter {
    /// The attempt that a request makes.
    pub(super) fn attempt(&self, request: &Request) -> Attempt {
        let headers = request.headers();
        let credentials = [headers.get(header::AUTHORIZATION), headers.get("uid")];
        let counts = credentials.iter().any(Option::is_some) && !is_login(request.uri().path());
        let credential =
            counts.then(|| self.hasher.hash_one(credentials.map(|value| value.map(HeaderValue::as_bytes))));
        Attempt { address: address_of(request), credential }
    }

    /// After how many seconds to try again, where the attempt is refused.
    pub(super) fn retry_after(&self, attempt: &Attempt) -> Option<u64> {
        let seconds = self.failures.retry_after(attempt.address?)?;
        (!self.was_accepted(attempt)).then_some(seconds)
    }

    /// Whether the credentials of an attempt have been accepted before, and not been rejected since.
    pub(super) fn was_accepted(&self, attempt: &Attempt) -> bool {
        attempt.credential.is_some_and(|credential| self.accepted.get(&credential).is_some())
    }

    /// Records the outcome of an attempt.
    pub(super) fn record(&self, attempt: &Attempt, outcome: AuthOutcome) {
        match outcome {
            AuthOutcome::None => {}
            AuthOutcome::Accepted => {
                let is_new = |credential: &u64| self.accepted.get(credential).is_none();
                if let Some(credential) = attempt.credential.filter(is_new) {
                    self.accepted.insert(credential, ());
                }
            }
            AuthOutcome::Rejected => {
                if let Some(address) = attempt.address {
                    self.failures.increment(address);
                }
                if let Some(credential) = attempt.credential {
                    self.accepted.remove(&credential);
                }
            }
        }
    }
}

fn is_login(path: &str) -> bool {
    LOGIN_PATHS.iter().any(|prefix| path.starts_with(prefix))
}

/// The response to an attempt that is refused.
pub(super) fn refusal(seconds: u64) -> Response {
    let sentence = format!("Too many failed authentication attempts. Try again in {seconds}s.");
    super::too_many_requests(&sentence, seconds)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_route_with_credentials_in_the_body_is_exempt() {
        let routes = openapi::routes();
        let posts: Vec<&str> =
            routes.lines().filter(|line| line.starts_with("POST ") && line.contains(" Public ")).collect();
        assert!(posts.len() >= 5, "{routes}");
        for post in posts {
            let path = post.split(' ').nth(1).unwrap();
            assert!(is_login(path), "{path} is public");
        }
        assert!(!is_login("/v3/memories") && !is_login("/v1/mcp"));
    }

    #[test]
    fn only_accepted_credentials_are_exempt() {
        let limiter = FailedAuthLimiter::default();
        let attempt = |path: &str, name: &str, key: &str| {
            let request = Request::builder().uri(path.parse().unwrap()).header(name, key).finish();
            Attempt { address: Some([203, 0, 113, 9].into()), ..limiter.attempt(&request) }
        };
        limiter.record(&attempt("/healthz", "uid", "x"), AuthOutcome::None);
        limiter.record(&attempt("/v3/memories", "authorization", "good"), AuthOutcome::Accepted);
        for number in 0..MAX_FAILURES {
            limiter.record(&attempt("/v3/memories", "authorization", &number.to_string()), AuthOutcome::Rejected);
        }
        let is_refused = |path, name, key| limiter.retry_after(&attempt(path, name, key)).is_some();
        assert!(is_refused("/v3/memories", "uid", "x") && is_refused("/v3/memories", "authorization", "other"));
        assert!(!is_refused("/v3/memories", "authorization", "good"));
        assert!(is_refused("/v1/auth/login", "authorization", "good") && is_refused("/token", "authorization", "good"));
        limiter.record(&attempt("/v3/memories", "authorization", "good"), AuthOutcome::Rejected);
        assert!(is_refused("/v3/memories", "authorization", "good"), "it was rejected since");
    }
}
