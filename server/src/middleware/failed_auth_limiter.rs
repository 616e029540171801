//! Refuses addresses for a while after repeated failed authentication. Credentials that have been accepted before stay
//! allowed, and requests from this machine are never refused.

use std::{
    collections::HashMap,
    hash::{BuildHasher, RandomState},
    net::IpAddr,
    time::{Duration, Instant},
};

use http::{HeaderValue, StatusCode, header};
use openapi::address_of;
use parking_lot::Mutex;
use poem::{Request, Response};
use quick_cache::sync::Cache;

use crate::auth_outcome::AuthOutcome;

/// After this many failures within a window, an address is refused until the window ends.
const MAX_FAILURES: u32 = 60;
const WINDOW: Duration = Duration::from_secs(60);

/// The maximum number of addresses that are remembered; beyond it, all are forgotten.
const MAX_ADDRESSES: usize = 10_000;

/// The maximum number of accepted credentials that are remembered.
const MAX_CREDENTIALS: usize = 10_000;

/// Paths whose requests bring credentials in the body: a valid key in a header exempts no guess there.
const LOGIN_PATHS: [&str; 6] = ["/authorize", "/token", "/revoke", "/register", "/v1/auth/", "/v1/oauth/"];

/// Counts failures by address.
pub(super) struct FailedAuthLimiter {
    failures: Mutex<HashMap<IpAddr, Failures>>,
    /// Hashes, keyed by a secret of this process, of credentials that were accepted.
    accepted: Cache<u64, ()>,
    hasher: RandomState,
}

struct Failures {
    since: Instant,
    count: u32,
}

/// A request: its address, and a hash of its credentials.
pub(super) struct Attempt {
    address: Option<IpAddr>,
    credential: Option<u64>,
}

impl Default for FailedAuthLimiter {
    fn default() -> Self {
        Self { failures: Mutex::default(), accepted: Cache::new(MAX_CREDENTIALS), hasher: RandomState::new() }
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
        let failures = self.failures.lock();
        let found = failures.get(&attempt.address?).filter(|failures| failures.count >= MAX_FAILURES)?;
        let remaining = WINDOW.checked_sub(found.since.elapsed())?;
        drop(failures);
        let is_exempt = attempt.credential.is_some_and(|credential| self.accepted.get(&credential).is_some());
        (!is_exempt).then(|| remaining.as_secs() + 1)
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
                    self.count_failure(address);
                }
                if let Some(credential) = attempt.credential {
                    self.accepted.remove(&credential);
                }
            }
        }
    }

    fn count_failure(&self, address: IpAddr) {
        let mut failures = self.failures.lock();
        if failures.len() >= MAX_ADDRESSES {
            failures.retain(|_, failures| failures.since.elapsed() < WINDOW);
        }
        if failures.len() >= MAX_ADDRESSES {
            failures.clear();
        }
        let now = Instant::now();
        let found = failures.entry(address).or_insert(Failures { since: now, count: 0 });
        if found.since.elapsed() >= WINDOW {
            *found = Failures { since: now, count: 0 };
        }
        found.count += 1;
    }
}

fn is_login(path: &str) -> bool {
    LOGIN_PATHS.iter().any(|prefix| path.starts_with(prefix))
}

/// The response to an attempt that is refused.
pub(super) fn refusal(seconds: u64) -> Response {
    let sentence = format!("Too many failed authentication attempts. Try again in {seconds}s.");
    let mut response = super::refuse(StatusCode::TOO_MANY_REQUESTS, &sentence);
    response.headers_mut().insert(header::RETRY_AFTER, seconds.into());
    response
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
