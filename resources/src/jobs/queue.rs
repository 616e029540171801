//! The job queue of all users, for the worker.

use chrono::{DateTime, Utc};
use tokio::sync::Notify;

use super::{CLAIM_FIELDS, Job, JobRow, claim_params};
use crate::{
    Result,
    database::{Database, Params},
};

/// The job queue, and its signals.
pub struct JobQueue {
    database: Database,
    /// At most one worker waits here.
    wanted: Notify,
    /// Callers that wait for a job to end.
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

    /// Claims the job that has been due longest at `now`, or one whose lease has expired.
    pub async fn claim_due(&self, now: DateTime<Utc>) -> Result<Option<Job>> {
        let statements = format!(
            "BEGIN;
            LET $due = array::concat(
                (SELECT id, next_at FROM job WHERE state = 'running' AND next_at <= $now ORDER BY next_at LIMIT 1),
                (SELECT id, next_at FROM job WHERE state = 'queued' AND next_at <= $now ORDER BY next_at LIMIT 1));
            LET $ids = array::slice($due.id, 0, 1);
            UPDATE $ids SET {CLAIM_FIELDS};
            COMMIT;"
        );
        let rows: Vec<JobRow> = self.database.run(&statements, claim_params(now)).await?.take(3)?;
        Ok(rows.into_iter().next().map(Job::from))
    }

    /// When the next job is due, or the next lease expires.
    pub async fn next_at(&self) -> Result<Option<DateTime<Utc>>> {
        let statements = "SELECT VALUE next_at FROM job WHERE state = 'queued' ORDER BY next_at LIMIT 1;
            SELECT VALUE next_at FROM job WHERE state = 'running' ORDER BY next_at LIMIT 1;";
        let mut answers = self.database.run(statements, Params::new()).await?;
        let (queued, running): (Vec<_>, Vec<_>) = (answers.take(0)?, answers.take(1)?);
        Ok(queued.into_iter().chain(running).min())
    }

    /// Returns the jobs of a process that has ended to the queue, at start. Where the database is a server, other
    /// processes may be running: there the leases expire.
    pub async fn release_all(&self) -> Result<()> {
        if !self.database.is_embedded() {
            return Ok(());
        }
        let statement = "UPDATE job SET state = 'queued', claim = NONE, next_at = $now WHERE state = 'running'";
        self.database.run(statement, Params::new().with("now", crate::now())).await.map(drop)
    }

    /// Waits until there may be a job to run; for the worker only.
    pub async fn wanted(&self) {
        self.wanted.notified().await;
    }

    /// Waits until any job has changed.
    pub async fn changed(&self) {
        self.changed.notified().await;
    }
}
