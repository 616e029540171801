//! Processing jobs, one per conversation. A worker holds a job by a claim that expires with its lease, so that jobs that a
//! crash has interrupted run again.

mod queue;
mod retry;

use chrono::{DateTime, TimeDelta, Utc};
use serde::{Deserialize, Serialize};
use surrealdb::types::{RecordId, SurrealValue, Value};

use crate::{
    Database, Result,
    database::{self, Params, name_of, record, value_of},
};
pub use queue::JobQueue;
pub(crate) use retry::Failure;

/// The number of attempts before a job fails.
pub const MAX_ATTEMPTS: u32 = 6;

/// How long a claimed job belongs to its worker.
pub const LEASE_DURATION: TimeDelta = TimeDelta::minutes(5);

/// The fields that change when a job is claimed.
const CLAIM_FIELDS: &str = "state = 'running', attempts += 1, claim = $claim, next_at = $lease, updated_at = $now";

/// Whether processing may discard a conversation.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ProcessMode {
    /// It is discarded if nothing of importance was said.
    Automatic,
    /// It is never discarded: the user has asked for it.
    Forced,
}

/// The state of a job.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum JobState {
    /// It waits for `next_at`.
    Queued,
    /// A worker has claimed it.
    Running,
    /// The conversation is processed.
    Done,
    /// All attempts have failed; a user can enqueue it again.
    Failed,
}

/// The processing job of a conversation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Job {
    /// The user whose conversation it is.
    pub user: String,
    /// The conversation's id.
    pub conversation: String,
    /// Its state.
    pub state: JobState,
    /// Whether the conversation may be discarded.
    pub mode: ProcessMode,
    /// The number of attempts since it was enqueued.
    pub attempts: u32,
    /// The time of the next attempt or, of a running job, the end of the lease.
    pub next_at: DateTime<Utc>,
    /// The error of the last attempt.
    pub last_error: Option<String>,
    /// When it was enqueued.
    pub created_at: DateTime<Utc>,
    /// When it last changed.
    pub updated_at: DateTime<Utc>,
    /// When it finished.
    pub finished_at: Option<DateTime<Utc>>,
    /// The token of the worker that has claimed it.
    pub(crate) claim: Option<String>,
}

/// Queries of one user's jobs.
pub struct Jobs<'a> {
    database: &'a Database,
    queue: &'a JobQueue,
    user: &'a str,
}

/// A row of `job`; its id is user and conversation.
#[derive(Debug, Clone, SurrealValue)]
pub(crate) struct JobRow {
    pub(crate) user: String,
    pub(crate) conversation: String,
    pub(crate) state: String,
    pub(crate) mode: String,
    pub(crate) attempts: i64,
    pub(crate) next_at: DateTime<Utc>,
    pub(crate) last_error: Option<String>,
    pub(crate) created_at: DateTime<Utc>,
    pub(crate) updated_at: DateTime<Utc>,
    pub(crate) finished_at: Option<DateTime<Utc>>,
    pub(crate) claim: Option<String>,
}

impl<'a> Jobs<'a> {
    /// Queries of the rows of `user`.
    pub fn new(database: &'a Database, queue: &'a JobQueue, user: &'a str) -> Self {
        Self { database, queue, user }
    }
}

impl Jobs<'_> {
    /// The job of a conversation.
    pub async fn get(&self, conversation: &str) -> Result<Option<Job>> {
        let params = Params::new().with("id", self.record(conversation));
        let row: Option<JobRow> = self.database.run("SELECT * FROM ONLY $id", params).await?.take(0)?;
        Ok(row.map(Job::from))
    }

    /// Enqueues the processing of a conversation, to run now. Returns whether the conversation exists.
    pub async fn enqueue(&self, conversation: &str, mode: ProcessMode) -> Result<bool> {
        let statements = "BEGIN;
            LET $there = array::len(UPDATE $conversation SET status = 'processing', updated_at = $now) > 0;
            IF $there { UPSERT $job.id CONTENT $job; };
            RETURN $there;
            COMMIT;";
        let params = Params::new()
            .with("conversation", record("conversation", self.user, conversation))
            .with("now", crate::now())
            .with("job", row(self.user, conversation, mode));
        let is_there = self.database.run(statements, params).await?.take(3)?;
        self.queue.wake();
        Ok(is_there)
    }

    /// Claims the job of a conversation: a queued one, even before its time, or one whose lease has expired.
    pub async fn claim(&self, conversation: &str) -> Result<Option<Job>> {
        let statement =
            format!("UPDATE $id SET {CLAIM_FIELDS} WHERE state = 'queued' OR (state = 'running' AND next_at <= $now)");
        let params = claim_params(crate::now()).with("id", self.record(conversation));
        let rows: Vec<JobRow> = self.database.run(&statement, params).await?.take(0)?;
        Ok(rows.into_iter().next().map(Job::from))
    }

    /// Whether a job still has the claim that it was claimed with.
    pub async fn is_held(&self, job: &Job) -> Result<bool> {
        let current = self.get(&job.conversation).await?;
        Ok(current.is_some_and(|current| current.claim.is_some() && current.claim == job.claim))
    }

    /// Records that a job failed: it is retried later and, after [`MAX_ATTEMPTS`], fails together with its conversation.
    pub async fn fail(&self, job: &Job, error: &str) -> Result<Job> {
        self.record_failure(job, error, "failed").await
    }

    /// Records that a job failed whose conversation is completed already, with an earlier result: it is retried later as
    /// well, up to [`MAX_ATTEMPTS`].
    pub async fn postpone(&self, job: &Job, error: &str) -> Result<Job> {
        self.record_failure(job, error, "completed").await
    }

    /// Returns a job to the queue; the attempt does not count.
    pub async fn release(&self, job: &Job) -> Result<()> {
        let statement =
            "UPDATE $id SET state = 'queued', attempts -= 1, claim = NONE, next_at = $now, updated_at = $now
            WHERE claim = $claim";
        let params = Params::new()
            .with("id", self.record(&job.conversation))
            .with("claim", job.claim.clone())
            .with("now", crate::now());
        self.database.run(statement, params).await?;
        self.queue.wake();
        Ok(())
    }

    /// Records a failure, unless another worker has the job by now. A conversation that has a result, or whose job has
    /// failed, leaves `processing` for `status`.
    async fn record_failure(&self, job: &Job, error: &str, status: &str) -> Result<Job> {
        let failure = Failure::new(job, error);
        let leaves = status == "completed" || failure.state == JobState::Failed;
        let statements = "BEGIN;
            LET $held = array::len(UPDATE $id SET state = $state, next_at = $next_at, last_error = $error, claim = NONE,
                updated_at = $now, finished_at = $finished_at WHERE claim = $claim) > 0;
            IF $held AND $leaves {
                UPDATE $conversation SET status = $status, updated_at = $now WHERE status = 'processing';
            };
            COMMIT;";
        let params = failure
            .bind(Params::new())
            .with("id", self.record(&job.conversation))
            .with("claim", job.claim.clone())
            .with("conversation", record("conversation", self.user, &job.conversation))
            .with("leaves", leaves)
            .with("status", status);
        self.database.run(statements, params).await?;
        self.queue.wake();
        Ok(failure.apply(job))
    }

    fn record(&self, conversation: &str) -> RecordId {
        record("job", self.user, conversation)
    }
}

/// The parameters of [`CLAIM_FIELDS`].
fn claim_params(now: DateTime<Utc>) -> Params {
    Params::new().with("now", now).with("lease", now + LEASE_DURATION).with("claim", crate::new_id())
}

/// The row of a new job, for the transaction that writes its conversation.
pub(crate) fn row(user: &str, conversation: &str, mode: ProcessMode) -> Value {
    let now = crate::now();
    let fields = JobRow {
        user: user.to_owned(),
        conversation: conversation.to_owned(),
        state: name_of(&JobState::Queued),
        mode: name_of(&mode),
        attempts: 0,
        next_at: now,
        last_error: None,
        created_at: now,
        updated_at: now,
        finished_at: None,
        claim: None,
    };
    database::row(record("job", user, conversation), fields)
}

impl From<JobRow> for Job {
    fn from(row: JobRow) -> Self {
        Self {
            user: row.user,
            conversation: row.conversation,
            state: value_of(&row.state).unwrap_or(JobState::Failed),
            mode: value_of(&row.mode).unwrap_or(ProcessMode::Automatic),
            attempts: u32::try_from(row.attempts).unwrap_or(0),
            next_at: row.next_at,
            last_error: row.last_error,
            created_at: row.created_at,
            updated_at: row.updated_at,
            finished_at: row.finished_at,
            claim: row.claim,
        }
    }
}
