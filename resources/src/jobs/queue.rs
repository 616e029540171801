//! The jobs of all users, for the worker: whose time has come, and when the next one's does.

use chrono::{DateTime, Utc};
use tokio::sync::Notify;

use super::{Job, JobRow, TAKE, taking};
use crate::{
    Result,
    database::{Database, Params},
};

/// The job queue, and its signals.
pub struct JobQueue {
    database: Database,
    /// One worker at most waits here.
    wanted: Notify,
    /// Whoever waits for some job to end waits here.
    changed: Notify,
}

impl JobQueue {
    pub(crate) fn new(database: &Database) -> Self {
        Self { database: database.clone(), wanted: Notify::new(), changed: Notify::new() }
    }

    /// Signals that a job has changed.
    pub(crate) fn wake(&self) {
        self.wanted.notify_one();
        self.changed.notify_waiters();
    }

    /// Takes the job that waits longest of those whose time has come by `now`, or whose lease has run out.
    pub async fn claim_due(&self, now: DateTime<Utc>) -> Result<Option<Job>> {
        let statements = format!(
            "BEGIN;
            LET $due = array::concat(
                (SELECT id, next_at FROM job WHERE state = 'running' AND next_at <= $now ORDER BY next_at LIMIT 1),
                (SELECT id, next_at FROM job WHERE state = 'queued' AND next_at <= $now ORDER BY next_at LIMIT 1));
            LET $ids = array::slice($due.id, 0, 1);
            UPDATE $ids SET {TAKE};
            COMMIT;"
        );
        let rows: Vec<JobRow> = self.database.run(&statements, taking(now)).await?.take(3)?;
        Ok(rows.into_iter().next().map(Job::from))
    }

    /// When the next job's time comes, or the next lease runs out.
    pub async fn next_at(&self) -> Result<Option<DateTime<Utc>>> {
        let statements = "SELECT VALUE next_at FROM job WHERE state = 'queued' ORDER BY next_at LIMIT 1;
            SELECT VALUE next_at FROM job WHERE state = 'running' ORDER BY next_at LIMIT 1;";
        let mut answers = self.database.run(statements, Params::new()).await?;
        let (queued, running): (Vec<_>, Vec<_>) = (answers.take(0)?, answers.take(1)?);
        Ok(queued.into_iter().chain(running).min())
    }

    /// Gives back, at the start of the process, the jobs that an earlier one was at when it ended. Where the database is
    /// a server, others may be at work: there, leases tell.
    pub async fn release_all(&self) -> Result<()> {
        if !self.database.is_embedded() {
            return Ok(());
        }
        let statement = "UPDATE job SET state = 'queued', claim = NONE, next_at = $now WHERE state = 'running'";
        self.database.run(statement, Params::new().with("now", crate::now())).await.map(drop)
    }

    /// Waits until a job may be wanted; for the worker alone.
    pub async fn wanted(&self) {
        self.wanted.notified().await;
    }

    /// Waits until some job has changed.
    pub async fn changed(&self) {
        self.changed.notified().await;
    }
}
