//! Rate limits: hits are counted in memory and written to the database every few seconds, so that a restart does not reset
//! them. Processes that share a database learn of each other's counts when they write their own, so that together they may
//! exceed a limit by the hits of one interval.

mod counter;
mod persistence;

use std::{collections::HashMap, sync::OnceLock};

use parking_lot::Mutex;
use serde::Deserialize;

use crate::{Database, Error, RateLimited, Result};
use counter::Counter;
pub use persistence::start;

/// Settings of the rate limits, of anonymous requests, and of concurrent streams and connections.
#[derive(Debug, Clone, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct LimitSettings {
    /// Whether rate limits are enforced.
    pub enabled: bool,
    /// The factor of all limits.
    pub multiplier: f64,
    /// Hourly limits of single policies, such as `dev:memories=500`, without the multiplier; 0 disables one.
    pub overrides: Vec<String>,
    /// Requests without an accepted credential per minute and client address; 0 is no limit.
    pub anonymous: u32,
    /// The maximum number of open streams and WebSockets per user.
    pub streams: usize,
    /// The maximum number of open connections.
    pub connections: usize,
}

impl Default for LimitSettings {
    fn default() -> Self {
        Self { enabled: true, multiplier: 1.0, overrides: Vec::new(), anonymous: 300, streams: 64, connections: 512 }
    }
}

impl LimitSettings {
    /// The overrides, by policy.
    ///
    /// # Errors
    /// The invalid entry.
    pub fn overrides(&self) -> Result<HashMap<String, u32>, String> {
        let read = |entry: &String| {
            let (policy, limit) = entry.rsplit_once('=').ok_or_else(|| entry.clone())?;
            Ok((policy.trim().to_owned(), limit.trim().parse().map_err(|_| entry.clone())?))
        };
        self.overrides.iter().map(read).collect()
    }
}

/// A request to be counted.
#[derive(Debug, Clone, Copy)]
pub struct Hit<'a> {
    /// The policy that limits it.
    pub policy: &'static str,
    /// The key or user that it is counted for.
    pub subject: &'a str,
    /// The default limit per hour.
    pub limit: u32,
}

/// The counters of one policy, by subject.
type Subjects = HashMap<String, Counter>;

/// The rate limiter: the counters of this process, written to the database every few seconds.
pub struct RateLimiter {
    settings: LimitSettings,
    overrides: HashMap<String, u32>,
    counters: Mutex<HashMap<String, Subjects>>,
    owner: OnceLock<String>,
}

impl RateLimiter {
    pub(crate) fn open(settings: &LimitSettings) -> Result<Self> {
        let overrides = settings
            .overrides()
            .map_err(|entry| Error::Setting(format!("limits.overrides: `{entry}` is not a limit")))?;
        Ok(Self { settings: settings.clone(), overrides, counters: Mutex::default(), owner: OnceLock::new() })
    }

    /// Counts each of these hits `times` times, or none of them if one exceeds its limit.
    ///
    /// # Errors
    /// The exceeded limit with the longest delay.
    pub fn count(&self, hits: &[Hit<'_>], times: u32) -> Result<(), RateLimited> {
        if !self.settings.enabled || hits.is_empty() {
            return Ok(());
        }
        let now = chrono::Utc::now().timestamp();
        let mut counters = self.counters.lock();
        let limited = hits.iter().filter_map(|hit| Some((hit, self.limit(hit)?)));
        let refusal = limited.clone().filter_map(|(hit, limit)| {
            let counter = counters.get(hit.policy)?.get(hit.subject)?;
            let retry_after = counter.retry_after(now, times, limit)?;
            Some(RateLimited { limit, retry_after })
        });
        if let Some(refusal) = refusal.max_by_key(|exceeded| exceeded.retry_after) {
            return Err(refusal);
        }
        for (hit, _) in limited {
            let subjects = match counters.get_mut(hit.policy) {
                Some(subjects) => subjects,
                None => counters.entry(hit.policy.to_owned()).or_default(),
            };
            match subjects.get_mut(hit.subject) {
                Some(counter) => counter.add(now, times),
                None => subjects.entry(hit.subject.to_owned()).or_default().add(now, times),
            }
        }
        Ok(())
    }

    /// Loads the counters that an earlier process has written; called once, before anything is counted. `owner` is the
    /// owner of the server, if there is one.
    ///
    /// # Errors
    /// [`Error::Unavailable`] when the database does not answer.
    pub async fn load(&self, database: &Database, owner: Option<String>) -> Result<()> {
        if let Some(owner) = owner {
            // An error means that it is known already.
            let _ = self.owner.set(owner);
        }
        self.read_counters(database).await
    }

    /// Whether this user is the owner of the server.
    pub fn is_owner(&self, user: &str) -> bool {
        self.owner.get().is_some_and(|owner| owner == user)
    }

    /// The limit per hour; `None` is unlimited.
    fn limit(&self, hit: &Hit<'_>) -> Option<u32> {
        match self.overrides.get(hit.policy) {
            Some(0) => None,
            Some(limit) => Some(*limit),
            None => Some((f64::from(hit.limit) * self.settings.multiplier).max(1.0) as u32),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn limits(settings: LimitSettings) -> RateLimiter {
        RateLimiter::open(&settings).unwrap()
    }

    fn hit<'a>(policy: &'static str, subject: &'a str) -> Hit<'a> {
        Hit { policy, subject, limit: 2 }
    }

    #[test]
    fn each_subject_has_each_policy_for_itself() {
        let limits = limits(LimitSettings::default());
        for _ in 0..2 {
            limits.count(&[hit("a", "x")], 1).unwrap();
        }
        let refusal = limits.count(&[hit("a", "x")], 1).unwrap_err();
        assert_eq!(refusal.limit, 2);
        assert!((3595..=3600).contains(&refusal.retry_after), "{refusal:?}");
        limits.count(&[hit("a", "y")], 1).unwrap();
        limits.count(&[hit("b", "x")], 2).unwrap();
        limits.count(&[hit("b", "x")], 1).unwrap_err();
    }

    #[test]
    fn of_several_policies_none_is_charged_where_one_refuses() {
        let limits = limits(LimitSettings::default());
        limits.count(&[hit("total", "x")], 2).unwrap();
        limits.count(&[hit("list", "x"), hit("total", "x")], 1).unwrap_err();
        limits.count(&[hit("list", "x")], 2).unwrap();
    }

    #[test]
    fn limits_are_multiplied_replaced_and_switched_off() {
        let multiplied = limits(LimitSettings { multiplier: 2.5, ..LimitSettings::default() });
        multiplied.count(&[hit("a", "x")], 5).unwrap();
        multiplied.count(&[hit("a", "x")], 1).unwrap_err();
        let tiny = limits(LimitSettings { multiplier: 0.1, ..LimitSettings::default() });
        tiny.count(&[hit("a", "x")], 1).unwrap();
        let overrides = vec!["a=1".into(), "b:c = 0".into()];
        let own = limits(LimitSettings { overrides, multiplier: 9.0, ..LimitSettings::default() });
        own.count(&[hit("a", "x"), hit("b:c", "x")], 1).unwrap();
        own.count(&[hit("b:c", "x")], 1000).unwrap();
        own.count(&[hit("a", "x")], 1).unwrap_err();
        let off = limits(LimitSettings { enabled: false, ..LimitSettings::default() });
        off.count(&[hit("a", "x")], 1000).unwrap();
        assert!(RateLimiter::open(&LimitSettings { overrides: vec!["a".into()], ..LimitSettings::default() }).is_err());
    }
}
