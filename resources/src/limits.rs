//! How often everybody has done what is limited: counted in memory, and written down every few seconds, so that a restart
//! forgives nothing. Processes that share a database learn of each other's counts when they write their own: together they
//! may let through what comes within one such interval too much.

mod counter;
mod writing;

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, OnceLock, PoisonError},
};

use serde::Deserialize;

use crate::{Error, RateLimited, Resources, Result};
use counter::Counter;
pub use writing::start;

/// What is limited, and by how much.
#[derive(Debug, Clone, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct LimitSettings {
    /// Whether requests are limited in number.
    pub enabled: bool,
    /// Every limit is multiplied by this.
    pub boost: f64,
    /// Other limits for single policies, which nothing multiplies: `dev:memories=500`; 0 is no limit.
    pub overrides: Vec<String>,
    /// How many streams and WebSockets a user can have open at a time.
    pub streams: usize,
    /// How many connections the server holds at a time.
    pub connections: usize,
}

impl Default for LimitSettings {
    fn default() -> Self {
        Self { enabled: true, boost: 1.0, overrides: Vec::new(), streams: 64, connections: 512 }
    }
}

impl LimitSettings {
    /// The policies that have limits of their own, with these.
    ///
    /// # Errors
    /// The entry that is none.
    pub fn own_limits(&self) -> Result<HashMap<String, u32>, String> {
        let read = |entry: &String| {
            let (policy, most) = entry.rsplit_once('=').ok_or_else(|| entry.clone())?;
            Ok((policy.trim().to_owned(), most.trim().parse().map_err(|_| entry.clone())?))
        };
        self.overrides.iter().map(read).collect()
    }
}

/// Something that somebody is about to do.
#[derive(Debug, Clone, Copy)]
pub struct Deed<'a> {
    /// The policy that limits it.
    pub policy: &'static str,
    /// Whose key or which user it is counted for.
    pub subject: &'a str,
    /// How often it may be done in an hour, unless the configuration says otherwise.
    pub most: u32,
}

/// The counters of one policy, by subject.
type Subjects = HashMap<String, Counter>;

/// The counters of this process.
pub struct Limits {
    settings: LimitSettings,
    own_limits: HashMap<String, u32>,
    counters: Mutex<HashMap<String, Subjects>>,
    owner: OnceLock<String>,
}

impl Limits {
    pub(crate) fn open(settings: &LimitSettings) -> Result<Self> {
        let own_limits = settings
            .own_limits()
            .map_err(|entry| Error::Setting(format!("limits.overrides: `{entry}` is no limit")))?;
        Ok(Self { settings: settings.clone(), own_limits, counters: Mutex::default(), owner: OnceLock::new() })
    }

    /// Counts all of these deeds `times` times; none of them when one of them may not be done so often.
    ///
    /// # Errors
    /// What the caller waits for longest.
    pub fn count(&self, deeds: &[Deed<'_>], times: u32) -> Result<(), RateLimited> {
        if !self.settings.enabled || deeds.is_empty() {
            return Ok(());
        }
        let now = chrono::Utc::now().timestamp();
        let mut counters = self.counters.lock().unwrap_or_else(PoisonError::into_inner);
        let limited = deeds.iter().filter_map(|deed| Some((deed, self.most(deed)?)));
        let refusal = limited.clone().filter_map(|(deed, most)| {
            let counter = counters.get(deed.policy)?.get(deed.subject)?;
            let retry_after = counter.wait(now, times, most)?;
            Some(RateLimited { limit: most, retry_after })
        });
        if let Some(refusal) = refusal.max_by_key(|exceeded| exceeded.retry_after) {
            return Err(refusal);
        }
        for (deed, _) in limited {
            let subjects = match counters.get_mut(deed.policy) {
                Some(subjects) => subjects,
                None => counters.entry(deed.policy.to_owned()).or_default(),
            };
            match subjects.get_mut(deed.subject) {
                Some(counter) => counter.add(now, times),
                None => subjects.entry(deed.subject.to_owned()).or_default().add(now, times),
            }
        }
        Ok(())
    }

    /// Whether this user is the owner of the server.
    pub fn is_owner(&self, user: &str) -> bool {
        self.owner.get().is_some_and(|owner| owner == user)
    }

    /// How often this may be done in an hour; `None` is as often as one likes.
    fn most(&self, deed: &Deed<'_>) -> Option<u32> {
        match self.own_limits.get(deed.policy) {
            Some(0) => None,
            Some(most) => Some(*most),
            None => Some((f64::from(deed.most) * self.settings.boost).max(1.0) as u32),
        }
    }
}

impl Resources {
    /// The counters, and what was counted before this process began: called once, before anything is counted.
    ///
    /// # Errors
    /// What the database says.
    pub async fn resume_limits(self: &Arc<Self>) -> Result<()> {
        if let Some(owner) = self.users().owner().await? {
            // An error means that it is known already.
            let _ = self.limits.owner.set(owner.id);
        }
        self.read_counters().await
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn limits(settings: LimitSettings) -> Limits {
        Limits::open(&settings).unwrap()
    }

    fn deed<'a>(policy: &'static str, subject: &'a str) -> Deed<'a> {
        Deed { policy, subject, most: 2 }
    }

    #[test]
    fn each_subject_has_each_policy_for_itself() {
        let limits = limits(LimitSettings::default());
        for _ in 0..2 {
            limits.count(&[deed("a", "x")], 1).unwrap();
        }
        let refusal = limits.count(&[deed("a", "x")], 1).unwrap_err();
        assert_eq!(refusal.limit, 2);
        assert!((3595..=3600).contains(&refusal.retry_after), "{refusal:?}");
        limits.count(&[deed("a", "y")], 1).unwrap();
        limits.count(&[deed("b", "x")], 2).unwrap();
        limits.count(&[deed("b", "x")], 1).unwrap_err();
    }

    #[test]
    fn of_several_policies_none_is_charged_where_one_refuses() {
        let limits = limits(LimitSettings::default());
        limits.count(&[deed("total", "x")], 2).unwrap();
        limits.count(&[deed("list", "x"), deed("total", "x")], 1).unwrap_err();
        limits.count(&[deed("list", "x")], 2).unwrap();
    }

    #[test]
    fn limits_are_multiplied_replaced_and_switched_off() {
        let boosted = limits(LimitSettings { boost: 2.5, ..LimitSettings::default() });
        boosted.count(&[deed("a", "x")], 5).unwrap();
        boosted.count(&[deed("a", "x")], 1).unwrap_err();
        let tiny = limits(LimitSettings { boost: 0.1, ..LimitSettings::default() });
        tiny.count(&[deed("a", "x")], 1).unwrap();
        let overrides = vec!["a=1".into(), "b:c = 0".into()];
        let own = limits(LimitSettings { overrides, boost: 9.0, ..LimitSettings::default() });
        own.count(&[deed("a", "x"), deed("b:c", "x")], 1).unwrap();
        own.count(&[deed("b:c", "x")], 1000).unwrap();
        own.count(&[deed("a", "x")], 1).unwrap_err();
        let off = limits(LimitSettings { enabled: false, ..LimitSettings::default() });
        off.count(&[deed("a", "x")], 1000).unwrap();
        assert!(Limits::open(&LimitSettings { overrides: vec!["a".into()], ..LimitSettings::default() }).is_err());
    }
}
