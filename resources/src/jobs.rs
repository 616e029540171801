//! Processing jobs: one for each conversation that is to be understood. Whoever works on one holds it by a claim, which
//! ends with its lease, so that what a crash has cut off is taken up again.

mod queue;
mod setback;

use chrono::{DateTime, TimeDelta, Utc};
use serde::{Deserialize, Serialize};
use surrealdb::types::{RecordId, SurrealValue, Value};

use crate::{
    Database, Result,
    database::{self, Params, name_of, record, value_of},
};
pub use queue::JobQueue;
pub(crate) use setback::Setback;

/// How often a job is tried until somebody asks for more.
pub const ATTEMPTS: u32 = 6;

/// How long whoever takes a job may work on it before somebody else does.
pub const LEASE: TimeDelta = TimeDelta::minutes(5);

/// The fields that change when a job is taken.
const TAKE: &str = "state = 'running', attempts += 1, claim = $claim, next_at = $lease, updated_at = $now";

/// How a conversation is looked at.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Manner {
    /// It may turn out not to be worth keeping in view.
    Weighed,
    /// It is kept in view, whatever was said: the user asked for it.
    Forced,
}

/// Where a job stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum State {
    /// It waits for its time.
    Queued,
    /// Somebody works on it.
    Running,
    /// The conversation is understood.
    Done,
    /// It was tried often enough, and is tried again when asked.
    Failed,
}

/// The work on a conversation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Job {
    /// Whose conversation it is.
    pub user: String,
    /// The conversation's id.
    pub conversation: String,
    /// Where it stands.
    pub state: State,
    /// How the conversation is looked at.
    pub manner: Manner,
    /// How often it was begun since somebody asked for it.
    pub attempts: u32,
    /// When it is tried next, or when the lease of whoever works on it ends.
    pub next_at: DateTime<Utc>,
    /// What went wrong last.
    pub last_error: Option<String>,
    /// When somebody asked for it.
    pub created_at: DateTime<Utc>,
    /// When it last changed.
    pub updated_at: DateTime<Utc>,
    /// When it ended.
    pub finished_at: Option<DateTime<Utc>>,
    /// What whoever works on it holds it by.
    pub(crate) claim: Option<String>,
}

/// The jobs of one user; nothing of anyone else's can be reached through it.
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
    pub(crate) manner: String,
    pub(crate) attempts: i64,
    pub(crate) next_at: DateTime<Utc>,
    pub(crate) last_error: Option<String>,
    pub(crate) created_at: DateTime<Utc>,
    pub(crate) updated_at: DateTime<Utc>,
    pub(crate) finished_at: Option<DateTime<Utc>>,
    pub(crate) claim: Option<String>,
}

impl<'a> Jobs<'a> {
    /// Queries of `user`.
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

    /// Asks for a conversation to be understood, from the beginning, now. Says whether the conversation is there.
    pub async fn enqueue(&self, conversation: &str, manner: Manner) -> Result<bool> {
        let statements = "BEGIN;
            LET $there = array::len(UPDATE $conversation SET status = 'processing', updated_at = $now) > 0;
            IF $there { UPSERT $job.id CONTENT $job; };
            RETURN $there;
            COMMIT;";
        let params = Params::new()
            .with("conversation", record("conversation", self.user, conversation))
            .with("now", crate::now())
            .with("job", row(self.user, conversation, manner));
        let is_there = self.database.run(statements, params).await?.take(3)?;
        self.queue.wake();
        Ok(is_there)
    }

    /// Takes the job of a conversation: one that waits, even if its time has not come, or one whose lease has run out.
    pub async fn claim(&self, conversation: &str) -> Result<Option<Job>> {
        let statement =
            format!("UPDATE $id SET {TAKE} WHERE state = 'queued' OR (state = 'running' AND next_at <= $now)");
        let params = taking(crate::now()).with("id", self.record(conversation));
        let rows: Vec<JobRow> = self.database.run(&statement, params).await?.take(0)?;
        Ok(rows.into_iter().next().map(Job::from))
    }

    /// Whether a job is still held by the claim that it was taken with.
    pub async fn is_held(&self, job: &Job) -> Result<bool> {
        let current = self.get(&job.conversation).await?;
        Ok(current.is_some_and(|current| current.claim.is_some() && current.claim == job.claim))
    }

    /// Takes note that a job failed: it is tried again later, and given up after [`ATTEMPTS`], its conversation with it.
    pub async fn fail(&self, job: &Job, error: &str) -> Result<Job> {
        self.set_back(job, error, "failed").await
    }

    /// Takes note that a job failed whose conversation has something to show already, and is completed with that: it is
    /// tried again later all the same, up to [`ATTEMPTS`].
    pub async fn postpone(&self, job: &Job, error: &str) -> Result<Job> {
        self.set_back(job, error, "completed").await
    }

    /// Gives a job back as if it had not been taken.
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

    /// Writes a failure, unless somebody else holds the job by now; a conversation that has something to show, or whose
    /// job is given up, leaves `processing` for `status`.
    async fn set_back(&self, job: &Job, error: &str, status: &str) -> Result<Job> {
        let setback = Setback::of(job, error);
        let leaves = status == "completed" || setback.state == State::Failed;
        let statements = "BEGIN;
            LET $held = array::len(UPDATE $id SET state = $state, next_at = $next_at, last_error = $error, claim = NONE,
                updated_at = $now, finished_at = $finished_at WHERE claim = $claim) > 0;
            IF $held AND $leaves {
                UPDATE $conversation SET status = $status, updated_at = $now WHERE status = 'processing';
            };
            COMMIT;";
        let params = setback
            .bind(Params::new())
            .with("id", self.record(&job.conversation))
            .with("claim", job.claim.clone())
            .with("conversation", record("conversation", self.user, &job.conversation))
            .with("leaves", leaves)
            .with("status", status);
        self.database.run(statements, params).await?;
        self.queue.wake();
        Ok(setback.apply(job))
    }

    fn record(&self, conversation: &str) -> RecordId {
        record("job", self.user, conversation)
    }
}

/// What [`TAKE`] refers to.
fn taking(now: DateTime<Utc>) -> Params {
    Params::new().with("now", now).with("lease", now + LEASE).with("claim", crate::new_id())
}

/// The row of a new job, to be written in the transaction that writes what it is about.
pub(crate) fn row(user: &str, conversation: &str, manner: Manner) -> Value {
    let now = crate::now();
    let fields = JobRow {
        user: user.to_owned(),
        conversation: conversation.to_owned(),
        state: name_of(&State::Queued),
        manner: name_of(&manner),
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
            state: value_of(&row.state).unwrap_or(State::Failed),
            manner: value_of(&row.manner).unwrap_or(Manner::Weighed),
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
