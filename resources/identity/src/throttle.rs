//! Throttling of failed logins, and of what anonymous clients may do.

use std::{
    collections::HashMap,
    net::IpAddr,
    time::{Duration, Instant},
};

use outbound::RateLimited;
use parking_lot::Mutex;

/// How long attempts are counted.
const WINDOW: Duration = Duration::from_secs(15 * 60);

/// Failed logins allowed in a window: for one account from one address, for one account, and from one address. The
/// second is generous, so that strangers cannot lock a user out.
const MAX_FAILURES: [u32; 3] = [10, 100, 100];

/// Above this number of counters, the expired ones are removed.
const MAX_COUNTERS: usize = 10_000;

/// Counts failed logins and anonymous requests in this process.
#[derive(Default)]
pub struct LoginThrottle(Mutex<HashMap<String, Counter>>);

struct Counter {
    since: Instant,
    attempts: u32,
}

/// A login attempt, which counts as failed until it [succeeds](Self::succeed).
pub struct LoginAttempt<'a> {
    throttle: &'a LoginThrottle,
    keys: [Option<String>; 3],
}

/// What takes space or time before the user is known.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AnonymousAction {
    /// An account is created.
    SignUp,
    /// A browser is sent to the OpenID Connect provider.
    OidcLogin,
}

impl AnonymousAction {
    /// The name of its counters.
    fn name(self) -> &'static str {
        match self {
            AnonymousAction::SignUp => "sign-up",
            AnonymousAction::OidcLogin => "oidc-login",
        }
    }

    /// How often one address may do it in a window.
    fn limit(self) -> u32 {
        match self {
            AnonymousAction::SignUp => 20,
            AnonymousAction::OidcLogin => 100,
        }
    }
}

impl LoginThrottle {
    /// Begins a login to an account.
    ///
    /// # Errors
    /// [`RateLimited`] after too many failures.
    pub fn begin_login(&self, account: &str, address: Option<IpAddr>) -> Result<LoginAttempt<'_>, RateLimited> {
        let address = address.map(|address| address.to_string());
        let keys = [
            Some(format!("{account} {}", address.as_deref().unwrap_or_default())),
            Some(account.to_owned()),
            address.map(|address| format!(" {address}")),
        ];
        let counted = keys.iter().zip(MAX_FAILURES).filter_map(|(key, limit)| Some((key.as_deref()?, limit)));
        self.count(&counted.collect::<Vec<_>>())?;
        Ok(LoginAttempt { throttle: self, keys })
    }

    /// Counts an anonymous action from this address. Local callers, which have none, are not limited.
    ///
    /// # Errors
    /// [`RateLimited`] after too many from the address.
    pub fn count_anonymous(&self, action: AnonymousAction, address: Option<IpAddr>) -> Result<(), RateLimited> {
        let Some(address) = address else { return Ok(()) };
        // No account begins with a space.
        let key = format!(" {} {address}", action.name());
        self.count(&[(key.as_str(), action.limit())])
    }

    /// Adds one to each of these counters; to none, if one of them is at its limit.
    fn count(&self, counted: &[(&str, u32)]) -> Result<(), RateLimited> {
        let mut counters = self.0.lock();
        if counters.len() > MAX_COUNTERS {
            counters.retain(|_, counter| counter.since.elapsed() < WINDOW);
        }
        for (key, limit) in counted {
            let Some(counter) = counters.get(*key) else { continue };
            let left = WINDOW.saturating_sub(counter.since.elapsed());
            if counter.attempts >= *limit && !left.is_zero() {
                return Err(RateLimited { limit: *limit, retry_after: left.as_secs() + 1 });
            }
        }
        for (key, _) in counted {
            let new = || Counter { since: Instant::now(), attempts: 0 };
            let counter = counters.entry((*key).to_owned()).or_insert_with(new);
            if counter.since.elapsed() >= WINDOW {
                *counter = new();
            }
            counter.attempts += 1;
        }
        Ok(())
    }
}

impl LoginAttempt<'_> {
    /// Takes back this attempt, and the failed ones on the same account from the same address.
    pub fn succeed(self) {
        let mut counters = self.throttle.0.lock();
        let [both, account, address] = &self.keys;
        let failed = both.as_ref().and_then(|key| counters.remove(key)).map_or(0, |counter| counter.attempts);
        for key in [account, address].into_iter().flatten() {
            if let Some(counter) = counters.get_mut(key) {
                counter.attempts = counter.attempts.saturating_sub(failed);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn failed_logins_are_limited() {
        let throttle = LoginThrottle::default();
        let (here, there) = (Some([127, 0, 0, 1].into()), Some([127, 0, 0, 2].into()));
        for _ in 0..MAX_FAILURES[0] - 1 {
            throttle.begin_login("ana", here).ok().unwrap();
        }
        throttle.begin_login("ana", here).ok().unwrap().succeed();
        for _ in 0..MAX_FAILURES[0] {
            throttle.begin_login("ana", here).ok().unwrap();
        }
        let limited = throttle.begin_login("ana", here).err();
        assert!(limited.is_some_and(|limited| (1..=901).contains(&limited.retry_after)));
        throttle.begin_login("ana", there).ok().unwrap().succeed();
        for n in 0..MAX_FAILURES[2] - MAX_FAILURES[0] {
            throttle.begin_login(&format!("user {n}"), here).ok().unwrap();
        }
        assert!(throttle.begin_login("ben", here).is_err(), "an address has its own limit");
        assert!(throttle.begin_login("ben", there).is_ok());
    }

    #[test]
    fn anonymous_actions_are_limited_by_address() {
        let throttle = LoginThrottle::default();
        let (here, there) = (Some([127, 0, 0, 1].into()), Some([127, 0, 0, 2].into()));
        for _ in 0..20 {
            throttle.count_anonymous(AnonymousAction::SignUp, here).unwrap();
        }
        assert_eq!(throttle.count_anonymous(AnonymousAction::SignUp, here).unwrap_err().limit, 20);
        throttle.count_anonymous(AnonymousAction::SignUp, there).unwrap();
        throttle.count_anonymous(AnonymousAction::OidcLogin, here).unwrap();
        for _ in 0..200 {
            throttle.count_anonymous(AnonymousAction::SignUp, None).unwrap();
        }
        assert!(throttle.begin_login("sign-up", here).is_ok(), "an account of that name is counted apart");
    }
}
