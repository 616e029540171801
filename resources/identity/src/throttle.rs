//! Throttling of failed logins, and of what anonymous clients may do.

use std::{
    collections::HashMap,
    net::IpAddr,
    time::{Duration, Instant},
};

use outbound::RateLimited;
use parking_lot::Mutex;

use crate::crypto::digest;

/// How long attempts are counted.
const WINDOW: Duration = Duration::from_secs(15 * 60);

/// Failed logins allowed in a window with one name from one address.
const MAX_FAILURES_FROM_ADDRESS: u32 = 10;

/// Failed logins allowed in a window with one name, to one account, or from one address. Generous, so that strangers cannot
/// lock a user out.
const MAX_FAILURES: u32 = 100;

/// The maximum number of counters. Beyond it, the expired ones and then those with the fewest attempts are removed, so that
/// a flood of new names or addresses resets no counter that is close to its limit.
const MAX_COUNTERS: usize = 30_000;

/// How many counters are left when some are removed.
const KEPT_COUNTERS: usize = MAX_COUNTERS * 9 / 10;

/// Counts failed logins and anonymous requests in this process.
#[derive(Default)]
pub struct LoginThrottle(Mutex<HashMap<CounterKey, Counter>>);

/// What is counted.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
enum CounterKey {
    /// Failed logins with a name, by its digest, from one address; `None` is this machine.
    NameFrom(String, Option<IpAddr>),
    /// Failed logins with a name, by its digest.
    Name(String),
    /// Failed logins to an account, by the user's id.
    User(String),
    /// Wrong current passwords of a signed-in user.
    CurrentPassword(String),
    /// Failed logins from an address.
    Address(IpAddr),
    /// Anonymous actions from an address.
    Anonymous(AnonymousAction, IpAddr),
}

struct Counter {
    since: Instant,
    attempts: u32,
}

/// A login attempt, which counts as failed until it [succeeds](Self::succeed).
pub struct LoginAttempt<'a> {
    throttle: &'a LoginThrottle,
    /// The counters of this attempt, the narrowest first.
    keys: Vec<CounterKey>,
}

/// What takes space or time before the user is known.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum AnonymousAction {
    /// An account is created.
    SignUp,
    /// A browser is sent to the OpenID Connect provider.
    OidcLogin,
    /// The metadata document of an OAuth client is fetched.
    ClientMetadata,
}

impl AnonymousAction {
    /// How often one address may do it in a window.
    fn limit(self) -> u32 {
        match self {
            AnonymousAction::SignUp => 20,
            AnonymousAction::OidcLogin => 100,
            AnonymousAction::ClientMetadata => 30,
        }
    }
}

impl LoginThrottle {
    /// Begins a login with this name, which is normalized, to the account of `user`, if there is one. The name is counted
    /// whether there is an account or not, so that the limit does not tell which names exist.
    ///
    /// # Errors
    /// [`RateLimited`] after too many failures.
    pub fn begin_login(
        &self,
        name: &str,
        user: Option<&str>,
        address: Option<IpAddr>,
    ) -> Result<LoginAttempt<'_>, RateLimited> {
        let name = digest(name);
        let narrowest = (CounterKey::NameFrom(name.clone(), address), MAX_FAILURES_FROM_ADDRESS);
        let user = user.map(|user| CounterKey::User(user.to_owned()));
        let others = [Some(CounterKey::Name(name)), user, address.map(CounterKey::Address)];
        self.begin([narrowest].into_iter().chain(others.into_iter().flatten().map(|key| (key, MAX_FAILURES))).collect())
    }

    /// Begins a check of a signed-in user's current password.
    ///
    /// # Errors
    /// [`RateLimited`] after too many failures.
    pub fn begin_password_check(&self, user: &str) -> Result<LoginAttempt<'_>, RateLimited> {
        self.begin(vec![
            (CounterKey::CurrentPassword(user.to_owned()), MAX_FAILURES_FROM_ADDRESS),
            (CounterKey::User(user.to_owned()), MAX_FAILURES),
        ])
    }

    /// Counts an anonymous action from this address. Local callers, which have none, are not limited.
    ///
    /// # Errors
    /// [`RateLimited`] after too many from the address.
    pub fn count_anonymous(&self, action: AnonymousAction, address: Option<IpAddr>) -> Result<(), RateLimited> {
        let Some(address) = address else { return Ok(()) };
        self.count(&[(CounterKey::Anonymous(action, address), action.limit())])
    }

    fn begin(&self, counted: Vec<(CounterKey, u32)>) -> Result<LoginAttempt<'_>, RateLimited> {
        self.count(&counted)?;
        Ok(LoginAttempt { throttle: self, keys: counted.into_iter().map(|(key, _)| key).collect() })
    }

    /// Adds one to each of these counters; to none, if one of them is at its limit.
    fn count(&self, counted: &[(CounterKey, u32)]) -> Result<(), RateLimited> {
        let mut counters = self.0.lock();
        if counters.len() + counted.len() > MAX_COUNTERS {
            make_room(&mut counters);
        }
        for (key, limit) in counted {
            let Some(counter) = counters.get(key) else { continue };
            let left = WINDOW.saturating_sub(counter.since.elapsed());
            if counter.attempts >= *limit && !left.is_zero() {
                return Err(RateLimited { limit: *limit, retry_after: left.as_secs() + 1 });
            }
        }
        for (key, _) in counted {
            let new = || Counter { since: Instant::now(), attempts: 0 };
            let counter = counters.entry(key.clone()).or_insert_with(new);
            if counter.since.elapsed() >= WINDOW {
                *counter = new();
            }
            counter.attempts += 1;
        }
        Ok(())
    }
}

/// Removes the expired counters and, if that is not enough, those with the fewest attempts.
fn make_room(counters: &mut HashMap<CounterKey, Counter>) {
    counters.retain(|_, counter| counter.since.elapsed() < WINDOW);
    let surplus = counters.len().saturating_sub(KEPT_COUNTERS);
    if surplus == 0 {
        return;
    }
    let mut attempts: Vec<u32> = counters.values().map(|counter| counter.attempts).collect();
    let (_, fewest, _) = attempts.select_nth_unstable(surplus - 1);
    let (fewest, mut left) = (*fewest, surplus);
    counters.retain(|_, counter| {
        let is_removed = left > 0 && counter.attempts <= fewest;
        left -= usize::from(is_removed);
        !is_removed
    });
}

impl LoginAttempt<'_> {
    /// Takes back this attempt, and the failed ones with the same name from the same address.
    pub fn succeed(self) {
        let mut counters = self.throttle.0.lock();
        let Some((narrowest, others)) = self.keys.split_first() else { return };
        let failed = counters.remove(narrowest).map_or(0, |counter| counter.attempts);
        for key in others {
            if let Some(counter) = counters.get_mut(key) {
                counter.attempts = counter.attempts.saturating_sub(failed);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn address(last: u8) -> Option<IpAddr> {
        Some([192, 0, 2, last].into())
    }

    fn fail(throttle: &LoginThrottle, name: &str, user: Option<&str>, from: Option<IpAddr>, times: u32) {
        for _ in 0..times {
            throttle.begin_login(name, user, from).ok().unwrap();
        }
    }

    #[test]
    fn failed_logins_are_limited() {
        let throttle = LoginThrottle::default();
        let (here, there) = (address(1), address(2));
        fail(&throttle, "ana", Some("1"), here, 9);
        throttle.begin_login("ana", Some("1"), here).ok().unwrap().succeed();
        fail(&throttle, "ana", Some("1"), here, 10);
        let limited = throttle.begin_login("ana", Some("1"), here).err();
        assert!(limited.is_some_and(|limited| (1..=901).contains(&limited.retry_after)));
        throttle.begin_login("ana", Some("1"), there).ok().unwrap().succeed();
        for n in 0..90 {
            fail(&throttle, &format!("user {n}"), None, here, 1);
        }
        assert!(throttle.begin_login("ben", None, here).is_err(), "an address has its own limit");
        assert!(throttle.begin_login("ben", None, there).is_ok());
    }

    #[test]
    fn an_account_is_limited_whatever_name_is_used() {
        let throttle = LoginThrottle::default();
        for n in 0..10 {
            let name = ["ana", "ana@example.com"][usize::from(n % 2)];
            fail(&throttle, name, Some("1"), address(n), 10);
        }
        for name in ["ana", "ana@example.com"] {
            assert_eq!(throttle.begin_login(name, Some("1"), address(99)).err().unwrap().limit, 100);
        }
    }

    #[test]
    fn a_limit_does_not_tell_whether_a_name_exists() {
        let outcomes = |user: Option<&str>| -> Vec<bool> {
            let throttle = LoginThrottle::default();
            (0..120).map(|n| throttle.begin_login("ana", user, address(n / 8)).is_ok()).collect()
        };
        assert_eq!(outcomes(Some("1")), outcomes(None));
    }

    #[test]
    fn no_name_is_counted_as_something_else() {
        let throttle = LoginThrottle::default();
        fail(&throttle, "1 192.0.2.1", None, None, 10);
        fail(&throttle, "1", None, None, 10);
        fail(&throttle, " 192.0.2.1", None, None, 10);
        assert!(throttle.begin_login("ana", Some("1"), address(1)).is_ok());
        assert!(throttle.begin_password_check("1").is_ok());
        for _ in 0..9 {
            throttle.begin_password_check("1").ok().unwrap();
        }
        assert!(throttle.begin_password_check("1").is_err());
        assert!(throttle.begin_login("ana", Some("1"), address(1)).is_ok(), "signing in has its own limit");
    }

    #[test]
    fn anonymous_actions_are_limited_by_address() {
        let throttle = LoginThrottle::default();
        let (here, there) = (address(1), address(2));
        for _ in 0..20 {
            throttle.count_anonymous(AnonymousAction::SignUp, here).unwrap();
        }
        assert_eq!(throttle.count_anonymous(AnonymousAction::SignUp, here).unwrap_err().limit, 20);
        throttle.count_anonymous(AnonymousAction::SignUp, there).unwrap();
        throttle.count_anonymous(AnonymousAction::OidcLogin, here).unwrap();
        for _ in 0..200 {
            throttle.count_anonymous(AnonymousAction::SignUp, None).unwrap();
        }
    }

    #[test]
    fn the_counters_are_bounded_and_a_flood_resets_no_limit() {
        let throttle = LoginThrottle::default();
        fail(&throttle, "ana", Some("1"), address(1), 10);
        for n in 0..u32::try_from(MAX_COUNTERS).unwrap() {
            let from = Some(IpAddr::from(n.to_be_bytes()));
            throttle.begin_login(&format!("user {n}"), None, from).ok().unwrap();
            assert!(throttle.0.lock().len() <= MAX_COUNTERS);
        }
        assert!(throttle.begin_login("ana", Some("1"), address(1)).is_err());
    }
}
