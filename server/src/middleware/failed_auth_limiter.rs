//! Whoever knocks with wrong keys again and again has to wait: their address is not listened to for a while, but for keys
//! that have opened before. Who is on this machine never waits.

use std::{
    collections::HashMap,
    hash::{BuildHasher, RandomState},
    net::IpAddr,
    sync::{Mutex, PoisonError},
    time::{Duration, Instant},
};

use http::{HeaderValue, StatusCode, header};
use openapi::address_of;
use poem::{Request, Response};
use quick_cache::sync::Cache;

use crate::auth_outcome::Outcome;

/// How many refusals an address gets within a minute before it has to wait for the minute's end.
const MOST: u32 = 60;
const MINUTE: Duration = Duration::from_secs(60);

/// How many addresses are remembered at a time; one more than that, and all are forgotten.
const ADDRESSES: usize = 10_000;

/// How many keys are remembered as ones that have opened.
const KEYS: usize = 10_000;

/// Below these, bodies say who somebody is: a key in a header, however good, excuses no guess there.
const SIGNING_IN: [&str; 6] = ["/authorize", "/token", "/revoke", "/register", "/v1/auth/", "/v1/oauth/"];

/// Who was refused of late.
pub(super) struct Storms {
    refused: Mutex<HashMap<IpAddr, Refused>>,
    /// Hashes, by a secret of this process, of credentials that have opened.
    opened: Cache<u64, ()>,
    hasher: RandomState,
}

struct Refused {
    since: Instant,
    times: u32,
}

/// Who asks, and with what.
pub(super) struct Knock {
    address: Option<IpAddr>,
    credential: Option<u64>,
}

impl Default for Storms {
    fn default() -> Self {
        Self { refused: Mutex::default(), opened: Cache::new(KEYS), hasher: RandomState::new() }
    }
}

impl Storms {
    pub(super) fn knock(&self, request: &Request) -> Knock {
        let headers = request.headers();
        let brought = [headers.get(header::AUTHORIZATION), headers.get("uid")];
        let is_known_by = brought.iter().any(Option::is_some) && !signs_in(request.uri().path());
        let credential =
            is_known_by.then(|| self.hasher.hash_one(brought.map(|value| value.map(HeaderValue::as_bytes))));
        Knock { address: address_of(request), credential }
    }

    /// How many seconds to wait, if this one has to.
    pub(super) fn must_wait(&self, knock: &Knock) -> Option<u64> {
        let refused = self.refused.lock().unwrap_or_else(PoisonError::into_inner);
        let found = refused.get(&knock.address?).filter(|refused| refused.times >= MOST)?;
        let left = MINUTE.checked_sub(found.since.elapsed())?;
        drop(refused);
        let has_opened = knock.credential.is_some_and(|credential| self.opened.get(&credential).is_some());
        (!has_opened).then(|| left.as_secs() + 1)
    }

    /// Notes how it went.
    pub(super) fn note(&self, knock: &Knock, outcome: Outcome) {
        match outcome {
            Outcome::Untried => {}
            Outcome::Accepted => {
                if let Some(credential) = knock.credential.filter(|credential| self.opened.get(credential).is_none()) {
                    self.opened.insert(credential, ());
                }
            }
            Outcome::Refused => {
                if let Some(address) = knock.address {
                    self.count(address);
                }
                if let Some(credential) = knock.credential {
                    self.opened.remove(&credential);
                }
            }
        }
    }

    fn count(&self, address: IpAddr) {
        let mut refused = self.refused.lock().unwrap_or_else(PoisonError::into_inner);
        if refused.len() >= ADDRESSES {
            refused.retain(|_, refused| refused.since.elapsed() < MINUTE);
        }
        if refused.len() >= ADDRESSES {
            refused.clear();
        }
        let now = Instant::now();
        let found = refused.entry(address).or_insert(Refused { since: now, times: 0 });
        if found.since.elapsed() >= MINUTE {
            *found = Refused { since: now, times: 0 };
        }
        found.times += 1;
    }
}

fn signs_in(path: &str) -> bool {
    SIGNING_IN.iter().any(|beginning| path.starts_with(beginning))
}

/// What an address reads that has to wait.
pub(super) fn refusal(seconds: u64) -> Response {
    let sentence = format!("Too many requests with wrong credentials. Try again in {seconds}s.");
    let mut response = super::refuse(StatusCode::TOO_MANY_REQUESTS, &sentence);
    response.headers_mut().insert(header::RETRY_AFTER, seconds.into());
    response
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_route_that_signs_in_by_its_body_is_excused() {
        let routes = openapi::routes();
        let posts: Vec<&str> =
            routes.lines().filter(|line| line.starts_with("POST ") && line.contains(" Public ")).collect();
        assert!(posts.len() >= 5, "{routes}");
        for post in posts {
            let path = post.split(' ').nth(1).unwrap();
            assert!(signs_in(path), "{path} is open to everybody");
        }
        assert!(!signs_in("/v3/memories") && !signs_in("/v1/mcp"));
    }

    #[test]
    fn only_what_has_opened_is_excused() {
        let storms = Storms::default();
        let knock = |path: &str, name: &str, key: &str| {
            let request = Request::builder().uri(path.parse().unwrap()).header(name, key).finish();
            Knock { address: Some([203, 0, 113, 9].into()), ..storms.knock(&request) }
        };
        storms.note(&knock("/healthz", "uid", "x"), Outcome::Untried);
        storms.note(&knock("/v3/memories", "authorization", "good"), Outcome::Accepted);
        for number in 0..MOST {
            storms.note(&knock("/v3/memories", "authorization", &number.to_string()), Outcome::Refused);
        }
        let waits = |path, name, key| storms.must_wait(&knock(path, name, key)).is_some();
        assert!(waits("/v3/memories", "uid", "x") && waits("/v3/memories", "authorization", "other"));
        assert!(!waits("/v3/memories", "authorization", "good"));
        assert!(waits("/v1/auth/login", "authorization", "good") && waits("/token", "authorization", "good"));
        storms.note(&knock("/v3/memories", "authorization", "good"), Outcome::Refused);
        assert!(waits("/v3/memories", "authorization", "good"), "it opens no longer");
    }
}
