//! The limit on the requests that each caller may have in progress. A response counts until its client has taken it, as it
//! is whole in memory until then.

use std::{
    collections::HashMap,
    net::IpAddr,
    sync::{Arc, LazyLock},
    time::Duration,
};

use parking_lot::Mutex;
use poem::Request;
use tokio::{
    sync::{OwnedSemaphorePermit, Semaphore},
    time::timeout,
};
use tools::{Context, Error, Result};

use crate::rate_limit::address_of;

/// How many requests of one caller are in progress at a time; others wait.
const MAX_REQUESTS: usize = 32;

/// How long a request waits, before it is refused.
const WAIT_TIMEOUT: Duration = Duration::from_secs(10);

/// The `Retry-After` of a refused request, in seconds.
const RETRY_AFTER: u64 = 5;

/// Beyond this number of callers, those without requests are forgotten.
const MAX_IDLE_CALLERS: usize = 1000;

static LIMIT: LazyLock<RequestLimit> = LazyLock::new(|| RequestLimit::new(MAX_REQUESTS, WAIT_TIMEOUT));

/// Whose requests are counted together.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
enum CallerKey {
    User(String),
    /// An address without a user; `None` is this machine.
    Address(Option<IpAddr>),
}

struct RequestLimit {
    max: usize,
    wait_timeout: Duration,
    callers: Mutex<HashMap<CallerKey, Arc<Semaphore>>>,
}

/// The right to one request in progress. It ends when all clones are dropped: that of the response, and that of a write that
/// goes on without its client.
#[derive(Debug, Clone)]
pub struct RequestPermit {
    _permit: Arc<OwnedSemaphorePermit>,
}

impl RequestPermit {
    /// Waits for the permit of one more request of this caller.
    ///
    /// # Errors
    /// [`Error::Later`] where the caller's other requests do not end in time.
    pub async fn acquire(context: &Context, request: &Request) -> Result<Self> {
        let key = match context.caller.user.as_str() {
            "" => CallerKey::Address(address_of(request)),
            user => CallerKey::User(user.to_owned()),
        };
        LIMIT.acquire(key).await
    }
}

impl RequestLimit {
    fn new(max: usize, wait_timeout: Duration) -> Self {
        Self { max, wait_timeout, callers: Mutex::default() }
    }

    async fn acquire(&self, key: CallerKey) -> Result<RequestPermit> {
        let Ok(Ok(permit)) = timeout(self.wait_timeout, self.semaphore(key).acquire_owned()).await else {
            let sentence = format!("{} requests of this caller are in progress already", self.max);
            return Err(Error::Later(sentence, RETRY_AFTER));
        };
        Ok(RequestPermit { _permit: Arc::new(permit) })
    }

    fn semaphore(&self, key: CallerKey) -> Arc<Semaphore> {
        let mut callers = self.callers.lock();
        if callers.len() >= MAX_IDLE_CALLERS && !callers.contains_key(&key) {
            // Permits, and requests that wait for one, hold the semaphore as well.
            callers.retain(|_, semaphore| Arc::strong_count(semaphore) > 1);
        }
        Arc::clone(callers.entry(key).or_insert_with(|| Arc::new(Semaphore::new(self.max))))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn user(name: &str) -> CallerKey {
        CallerKey::User(name.to_owned())
    }

    #[tokio::test]
    async fn a_request_waits_for_those_of_the_same_caller_alone() {
        let limit = RequestLimit::new(2, Duration::from_secs(60));
        let (first, second) = (limit.acquire(user("a")).await.unwrap(), limit.acquire(user("a")).await.unwrap());
        limit.acquire(user("b")).await.unwrap();
        limit.acquire(CallerKey::Address(None)).await.unwrap();
        let mut third = std::pin::pin!(limit.acquire(user("a")));
        assert!(futures::poll!(&mut third).is_pending());
        let clone = first.clone();
        drop(first);
        assert!(futures::poll!(&mut third).is_pending(), "the write goes on");
        drop(clone);
        third.await.unwrap();
        drop(second);
    }

    #[tokio::test]
    async fn a_request_that_waits_too_long_is_refused() {
        let limit = RequestLimit::new(1, Duration::from_millis(1));
        let held = limit.acquire(user("a")).await.unwrap();
        let refused = limit.acquire(user("a")).await.unwrap_err();
        assert!(matches!(refused, Error::Later(..)), "{refused}");
        drop(held);
        limit.acquire(user("a")).await.unwrap();
    }

    #[tokio::test]
    async fn callers_without_requests_are_forgotten() {
        let limit = RequestLimit::new(1, Duration::from_millis(1));
        let held = limit.acquire(user("held")).await.unwrap();
        for number in 0..=MAX_IDLE_CALLERS {
            limit.acquire(user(&number.to_string())).await.unwrap();
        }
        assert!(limit.callers.lock().len() < MAX_IDLE_CALLERS);
        limit.acquire(user("held")).await.unwrap_err();
        drop(held);
    }
}
