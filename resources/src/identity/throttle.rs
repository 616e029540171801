//! How often somebody may get a password wrong, and how often whoever has no account may knock.

use std::{
    collections::HashMap,
    net::IpAddr,
    sync::{Mutex, PoisonError},
    time::{Duration, Instant},
};

use crate::RateLimited;

/// For how long attempts are counted.
const WINDOW: Duration = Duration::from_secs(15 * 60);

/// How many failures there may be in a window: for one account from one address, for one account, from one address. The
/// second is far off, so that nobody is locked out by strangers.
const ALLOWED: [u32; 3] = [10, 100, 100];

/// Beyond so many counts those that are over are dropped.
const MANY: usize = 10_000;

/// Counts failures and knocks, in this process.
#[derive(Default)]
pub(crate) struct Throttle(Mutex<HashMap<String, Count>>);

struct Count {
    since: Instant,
    attempts: u32,
}

/// An attempt under way, counted as a failure until it has succeeded.
pub(crate) struct Attempt<'a> {
    throttle: &'a Throttle,
    names: [Option<String>; 3],
}

/// What takes room or time here before it is known who comes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Knock {
    /// An account is to be made.
    SignUp,
    /// A browser is sent to an issuer.
    Visit,
}

impl Knock {
    /// What counts are called by, and how many there may be from one address in a window.
    fn bound(self) -> (&'static str, u32) {
        match self {
            Knock::SignUp => ("sign-up", 20),
            Knock::Visit => ("visit", 100),
        }
    }
}

impl Throttle {
    /// Begins an attempt on an account, unless there were too many.
    pub(crate) fn begin(&self, account: &str, address: Option<IpAddr>) -> Result<Attempt<'_>, RateLimited> {
        let from = address.map(|address| address.to_string());
        let names = [
            Some(format!("{account} {}", from.as_deref().unwrap_or_default())),
            Some(account.to_owned()),
            from.map(|from| format!(" {from}")),
        ];
        let counted = names.iter().zip(ALLOWED).filter_map(|(name, allowed)| Some((name.as_deref()?, allowed)));
        self.count(&counted.collect::<Vec<_>>())?;
        Ok(Attempt { throttle: self, names })
    }

    /// Counts a knock from this address, unless there were too many. This machine itself knocks as often as it likes.
    pub(crate) fn knock(&self, knock: Knock, address: Option<IpAddr>) -> Result<(), RateLimited> {
        let Some(address) = address else { return Ok(()) };
        let (name, allowed) = knock.bound();
        // No account begins with a space.
        let name = format!(" {name} {address}");
        self.count(&[(name.as_str(), allowed)])
    }

    /// Counts one more under each of these names; none under any, where one of them has as many as are allowed.
    fn count(&self, counted: &[(&str, u32)]) -> Result<(), RateLimited> {
        let mut counts = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if counts.len() > MANY {
            counts.retain(|_, count| count.since.elapsed() < WINDOW);
        }
        for (name, allowed) in counted {
            let Some(count) = counts.get(*name) else { continue };
            let left = WINDOW.saturating_sub(count.since.elapsed());
            if count.attempts >= *allowed && !left.is_zero() {
                return Err(RateLimited { limit: *allowed, retry_after: left.as_secs() + 1 });
            }
        }
        for (name, _) in counted {
            let begun = || Count { since: Instant::now(), attempts: 0 };
            let count = counts.entry((*name).to_owned()).or_insert_with(begun);
            if count.since.elapsed() >= WINDOW {
                *count = begun();
            }
            count.attempts += 1;
        }
        Ok(())
    }
}

impl Attempt<'_> {
    /// Takes the attempt back, and those on the same account from the same address before it.
    pub(crate) fn succeeded(self) {
        let mut counts = self.throttle.0.lock().unwrap_or_else(PoisonError::into_inner);
        let [here, account, address] = &self.names;
        let before = here.as_ref().and_then(|name| counts.remove(name)).map_or(0, |count| count.attempts);
        for name in [account, address].into_iter().flatten() {
            if let Some(count) = counts.get_mut(name) {
                count.attempts = count.attempts.saturating_sub(before);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn failures_end_the_patience() {
        let throttle = Throttle::default();
        let (here, there) = (Some([127, 0, 0, 1].into()), Some([127, 0, 0, 2].into()));
        for _ in 0..ALLOWED[0] - 1 {
            throttle.begin("ana", here).ok().unwrap();
        }
        throttle.begin("ana", here).ok().unwrap().succeeded();
        for _ in 0..ALLOWED[0] {
            throttle.begin("ana", here).ok().unwrap();
        }
        assert!(throttle.begin("ana", here).err().is_some_and(|exceeded| (1..=901).contains(&exceeded.retry_after)));
        throttle.begin("ana", there).ok().unwrap().succeeded();
        for n in 0..ALLOWED[2] - ALLOWED[0] {
            throttle.begin(&format!("somebody {n}"), here).ok().unwrap();
        }
        assert!(throttle.begin("ben", here).is_err(), "an address has its own end");
        assert!(throttle.begin("ben", there).is_ok());
    }

    #[test]
    fn who_knocks_too_often_is_not_heard() {
        let throttle = Throttle::default();
        let (here, there) = (Some([127, 0, 0, 1].into()), Some([127, 0, 0, 2].into()));
        for _ in 0..20 {
            throttle.knock(Knock::SignUp, here).unwrap();
        }
        assert_eq!(throttle.knock(Knock::SignUp, here).unwrap_err().limit, 20);
        throttle.knock(Knock::SignUp, there).unwrap();
        throttle.knock(Knock::Visit, here).unwrap();
        for _ in 0..200 {
            throttle.knock(Knock::SignUp, None).unwrap();
        }
        assert!(throttle.begin("sign-up", here).is_ok(), "an account of that name is another matter");
    }
}
