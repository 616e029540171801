//! Storing the counters in the database, and loading them.

use std::{collections::HashSet, sync::Arc, time::Duration};

use surrealdb::types::SurrealValue;
use tokio::{task::JoinHandle, time::Instant};
use tokio_util::sync::CancellationToken;

use super::{RateLimiter, counter::Counter};
use crate::{
    Result,
    database::{self, Database, Params, record},
};

/// How often counters are written, and how often expired ones are deleted.
const WRITE_INTERVAL: Duration = Duration::from_secs(5);
const CLEANUP_INTERVAL: Duration = Duration::from_secs(600);

/// A row of `rate_limit`.
#[derive(Debug, Clone, SurrealValue)]
struct CounterRow {
    policy: String,
    subject: String,
    used: i64,
    ends: i64,
}

/// Starts the task that writes counters, until `stop` is cancelled and once more then.
pub fn start(limiter: Arc<RateLimiter>, database: Database, stop: CancellationToken) -> JoinHandle<()> {
    tokio::spawn(async move {
        let mut last_cleanup = Instant::now();
        let mut is_last = false;
        while !is_last {
            is_last = stop.run_until_cancelled(tokio::time::sleep(WRITE_INTERVAL)).await.is_none();
            let mut outcome = limiter.write_counters(&database).await;
            if last_cleanup.elapsed() > CLEANUP_INTERVAL {
                last_cleanup = Instant::now();
                outcome = outcome.and(limiter.delete_expired(&database).await);
            }
            if let Err(error) = outcome {
                tracing::warn!("rate limit counters were not written: {error}");
            }
        }
    })
}

impl RateLimiter {
    /// Loads the stored counters.
    pub(super) async fn read_counters(&self, database: &Database) -> Result<()> {
        self.delete_expired(database).await?;
        let rows: Vec<CounterRow> = database.run("SELECT * FROM rate_limit", Params::new()).await?.take(0)?;
        self.merge(rows);
        Ok(())
    }

    /// Adds the hits of this process to the stored counters, and merges what other processes have added.
    pub(super) async fn write_counters(&self, database: &Database) -> Result<()> {
        let unwritten = self.take_unwritten();
        if unwritten.is_empty() {
            return Ok(());
        }
        let fields = |row: &CounterRow| database::row(record("rate_limit", &row.subject, &row.policy), row.clone());
        let rows: Vec<_> = unwritten.iter().map(fields).collect();
        let statement = "INSERT INTO rate_limit $rows ON DUPLICATE KEY UPDATE
            used = IF ends > $now { used + $input.used } ELSE { $input.used },
            ends = IF ends > $now { ends } ELSE { $input.ends }";
        let params = Params::new().with("rows", rows).with("now", chrono::Utc::now().timestamp());
        let written = async { database.run(statement, params).await?.take::<Vec<CounterRow>>(0) };
        match written.await {
            Ok(rows) => {
                self.merge(rows);
                Ok(())
            }
            Err(error) => {
                self.refund(unwritten);
                Err(error)
            }
        }
    }

    /// Deletes the counters of these subjects, here and in the database.
    pub(crate) async fn forget_subjects(&self, database: &Database, gone: &HashSet<String>) -> Result<()> {
        for subjects in self.counters.lock().values_mut() {
            subjects.retain(|subject, _| !gone.contains(subject));
        }
        let statement = "DELETE rate_limit WHERE subject IN $gone RETURN NONE";
        let params = Params::new().with("gone", gone.iter().cloned().collect::<Vec<_>>());
        database.run(statement, params).await.map(drop)
    }

    /// Deletes expired counters, here and in the database.
    async fn delete_expired(&self, database: &Database) -> Result<()> {
        let now = chrono::Utc::now().timestamp();
        for subjects in self.counters.lock().values_mut() {
            subjects.retain(|_, counter| counter.ends > now);
        }
        let statement = "DELETE rate_limit WHERE ends <= $now";
        database.run(statement, Params::new().with("now", now)).await.map(drop)
    }

    /// Takes the hits that are not in the database yet.
    fn take_unwritten(&self) -> Vec<CounterRow> {
        let mut counters = self.counters.lock();
        let mut rows = Vec::new();
        for (policy, subjects) in counters.iter_mut() {
            for (subject, counter) in subjects.iter_mut().filter(|(_, counter)| counter.unwritten > 0) {
                let used = i64::from(std::mem::take(&mut counter.unwritten));
                rows.push(CounterRow { policy: policy.clone(), subject: subject.clone(), used, ends: counter.ends });
            }
        }
        rows
    }

    /// Puts hits back that could not be written.
    fn refund(&self, rows: Vec<CounterRow>) {
        let mut counters = self.counters.lock();
        for row in rows {
            let counter = counters.get_mut(&row.policy).and_then(|subjects| subjects.get_mut(&row.subject));
            if let Some(counter) = counter.filter(|counter| counter.ends == row.ends) {
                counter.unwritten = counter.unwritten.saturating_add(u32::try_from(row.used).unwrap_or(u32::MAX));
            }
        }
    }

    /// Replaces counters by the stored ones, plus the hits since.
    fn merge(&self, rows: Vec<CounterRow>) {
        let mut counters = self.counters.lock();
        for row in rows {
            let known = u32::try_from(row.used).unwrap_or(u32::MAX);
            let counter: &mut Counter = counters.entry(row.policy).or_default().entry(row.subject).or_default();
            counter.used = known.saturating_add(counter.unwritten);
            counter.ends = row.ends;
        }
    }
}
