//! Whoever knocks with wrong keys again and again has to wait: their address is not listened to for a while, but for keys
//! that have opened before. A proxy on this machine is taken at its word for whom it speaks; who is on this machine
//! never waits.

use std::{
    collections::HashMap,
    hash::{BuildHasher, RandomState},
    net::IpAddr,
    sync::{Mutex, PoisonError},
    time::{Duration, Instant},
};

use http::{StatusCode, header};
use openapi::address_of;
use poem::{Request, Response};
use quick_cache::sync::Cache;

/// How many refusals an address gets within a minute before it has to wait for the minute's end.
const MOST: u32 = 60;
const MINUTE: Duration = Duration::from_secs(60);

/// How many addresses are remembered; the oldest make room.
const ADDRESSES: usize = 10_000;

/// How many keys are remembered as ones that have opened.
const KEYS: usize = 10_000;

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
        let credential = headers.get(header::AUTHORIZATION).or_else(|| headers.get("uid"));
        let credential = credential.map(|credential| self.hasher.hash_one(credential.as_bytes()));
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
    pub(super) fn note(&self, knock: &Knock, status: StatusCode) {
        if status == StatusCode::UNAUTHORIZED {
            if let Some(address) = knock.address {
                self.count(address);
            }
        } else if let Some(credential) = knock.credential
            && status.is_success()
            && self.opened.get(&credential).is_none()
        {
            self.opened.insert(credential, ());
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

/// What an address reads that has to wait.
pub(super) fn refusal(seconds: u64) -> Response {
    let sentence = format!("Too many requests with wrong credentials. Try again in {seconds}s.");
    let mut response = super::refuse(StatusCode::TOO_MANY_REQUESTS, &sentence);
    response.headers_mut().insert(header::RETRY_AFTER, seconds.into());
    response
}
