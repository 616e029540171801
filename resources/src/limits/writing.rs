//! Writing the counters down, and reading them again.

use std::{
    collections::HashSet,
    sync::{Arc, PoisonError},
    time::Duration,
};

use surrealdb::types::SurrealValue;
use tokio::{task::JoinHandle, time::Instant};
use tokio_util::sync::CancellationToken;

use super::counter::Counter;
use crate::{
    Resources, Result,
    database::{self, Bound, record},
};

/// How often counters are written down, and how often those are forgotten whose window has ended.
const EVERY: Duration = Duration::from_secs(5);
const TIDY: Duration = Duration::from_secs(600);

/// A row of `rate_limit`.
#[derive(Debug, Clone, SurrealValue)]
struct CounterRow {
    policy: String,
    subject: String,
    used: i64,
    ends: i64,
}

/// Starts what writes counters down, which runs until `stop` and writes once more then.
pub fn start(resources: Arc<Resources>, stop: CancellationToken) -> JoinHandle<()> {
    tokio::spawn(async move {
        let mut tidied = Instant::now();
        let mut is_last = false;
        while !is_last {
            is_last = stop.run_until_cancelled(tokio::time::sleep(EVERY)).await.is_none();
            let mut outcome = resources.write_counters().await;
            if tidied.elapsed() > TIDY {
                tidied = Instant::now();
                outcome = outcome.and(resources.forget_counters().await);
            }
            if let Err(error) = outcome {
                tracing::warn!("the counters of the rate limits were not written down: {error}");
            }
        }
    })
}

impl Resources {
    /// Takes up the counters that were written down.
    pub(super) async fn read_counters(&self) -> Result<()> {
        self.forget_counters().await?;
        let rows: Vec<CounterRow> = self.database.run("SELECT * FROM rate_limit", Bound::new()).await?.take(0)?;
        self.take_up(rows);
        Ok(())
    }

    /// Adds what was counted here to what is written down, and takes up what that makes with what others have added.
    pub(super) async fn write_counters(&self) -> Result<()> {
        let unwritten = self.take_unwritten();
        if unwritten.is_empty() {
            return Ok(());
        }
        let fields = |row: &CounterRow| database::row(record("rate_limit", &row.subject, &row.policy), row.clone());
        let rows: Vec<_> = unwritten.iter().map(fields).collect();
        let statement = "INSERT INTO rate_limit $rows ON DUPLICATE KEY UPDATE
            used = IF ends > $now { used + $input.used } ELSE { $input.used },
            ends = IF ends > $now { ends } ELSE { $input.ends }";
        let bound = Bound::new().with("rows", rows).with("now", chrono::Utc::now().timestamp());
        let written = async { self.database.run(statement, bound).await?.take::<Vec<CounterRow>>(0) };
        match written.await {
            Ok(rows) => {
                self.take_up(rows);
                Ok(())
            }
            Err(error) => {
                self.give_back(unwritten);
                Err(error)
            }
        }
    }

    /// Forgets what these subjects have done, here and in the database.
    pub(crate) async fn forget_subjects(&self, gone: &HashSet<String>) -> Result<()> {
        for subjects in self.limits.counters.lock().unwrap_or_else(PoisonError::into_inner).values_mut() {
            subjects.retain(|subject, _| !gone.contains(subject));
        }
        let statement = "DELETE rate_limit WHERE subject IN $gone RETURN NONE";
        let bound = Bound::new().with("gone", gone.iter().cloned().collect::<Vec<_>>());
        self.database.run(statement, bound).await.map(drop)
    }

    /// Forgets counters whose window has ended, here and in the database.
    async fn forget_counters(&self) -> Result<()> {
        let now = chrono::Utc::now().timestamp();
        for subjects in self.limits.counters.lock().unwrap_or_else(PoisonError::into_inner).values_mut() {
            subjects.retain(|_, counter| counter.ends > now);
        }
        let statement = "DELETE rate_limit WHERE ends <= $now";
        self.database.run(statement, Bound::new().with("now", now)).await.map(drop)
    }

    /// What the database does not know yet; from here on it counts as known.
    fn take_unwritten(&self) -> Vec<CounterRow> {
        let mut counters = self.limits.counters.lock().unwrap_or_else(PoisonError::into_inner);
        let mut rows = Vec::new();
        for (policy, subjects) in counters.iter_mut() {
            for (subject, counter) in subjects.iter_mut().filter(|(_, counter)| counter.unwritten > 0) {
                let used = i64::from(std::mem::take(&mut counter.unwritten));
                rows.push(CounterRow { policy: policy.clone(), subject: subject.clone(), used, ends: counter.ends });
            }
        }
        rows
    }

    /// Remembers that these were not written after all.
    fn give_back(&self, rows: Vec<CounterRow>) {
        let mut counters = self.limits.counters.lock().unwrap_or_else(PoisonError::into_inner);
        for row in rows {
            let counter = counters.get_mut(&row.policy).and_then(|subjects| subjects.get_mut(&row.subject));
            if let Some(counter) = counter.filter(|counter| counter.ends == row.ends) {
                counter.unwritten = counter.unwritten.saturating_add(u32::try_from(row.used).unwrap_or(u32::MAX));
            }
        }
    }

    /// Takes up what is written down, and adds what was counted here meanwhile.
    fn take_up(&self, rows: Vec<CounterRow>) {
        let mut counters = self.limits.counters.lock().unwrap_or_else(PoisonError::into_inner);
        for row in rows {
            let known = u32::try_from(row.used).unwrap_or(u32::MAX);
            let counter: &mut Counter = counters.entry(row.policy).or_default().entry(row.subject).or_default();
            counter.used = known.saturating_add(counter.unwritten);
            counter.ends = row.ends;
        }
    }
}
