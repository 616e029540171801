//! Storing the result of processing a conversation.

use chrono::{DateTime, Utc};
use schemas::conversation::{ConversationCategory, Event, Processor};

use super::{ConversationRow, Conversations, row::Parts};
use crate::{
    Result,
    database::{Json, Params, name_of, record},
    jobs::{Failure, Job, JobState},
};

/// The result of processing a conversation, apart from action items and memories, which have rows of their own.
#[derive(Debug, Clone)]
pub struct ProcessingResult {
    /// Whether it is discarded: kept, but not listed.
    pub discarded: bool,
    /// The title.
    pub title: String,
    /// A summary in a few sentences.
    pub overview: String,
    /// One emoji for it.
    pub emoji: String,
    /// The category.
    pub category: ConversationCategory,
    /// Appointments that came up.
    pub events: Vec<Event>,
    /// The folder that it is filed in, unless it is in one already.
    pub folder_id: Option<String>,
    /// What has processed it.
    pub processor: Processor,
}

/// What becomes of the job.
enum JobEnd {
    Done,
    Retry(Failure),
}

impl Conversations<'_> {
    /// The offset from UTC, in seconds, with which a client wrote when a conversation began; `None` when it is not known.
    pub async fn utc_offset(&self, id: &str) -> Result<Option<i32>> {
        let params = Params::new().with("id", self.record(id));
        let parts: Vec<Json<Parts>> = self.database.run("SELECT VALUE parts FROM $id", params).await?.take(0)?;
        Ok(parts.into_iter().next().and_then(|parts| parts.0.utc_offset))
    }

    /// Stores the result, completes the conversation and finishes its job, in one transaction. A title that the user has
    /// set is not changed. Returns whether the conversation exists.
    pub async fn complete_with(&self, id: &str, result: ProcessingResult) -> Result<bool> {
        self.store_result(None, id, result, JobEnd::Done).await
    }

    /// As [`complete_with`](Self::complete_with), for the worker of `job`; nothing is written if another worker has
    /// claimed it.
    pub async fn complete_job(&self, job: &Job, result: ProcessingResult) -> Result<bool> {
        self.store_result(job.claim.clone(), &job.conversation, result, JobEnd::Done).await
    }

    /// As [`complete_job`](Self::complete_job), with a preliminary result: the job, which failed with this error, is
    /// retried later.
    pub async fn complete_preliminarily(&self, job: &Job, result: ProcessingResult, error: &str) -> Result<bool> {
        let end = JobEnd::Retry(Failure::new(job, error));
        self.store_result(job.claim.clone(), &job.conversation, result, end).await
    }

    async fn store_result(
        &self,
        claim: Option<String>,
        id: &str,
        result: ProcessingResult,
        end: JobEnd,
    ) -> Result<bool> {
        let _writing = self.index.outbox.begin_write().await;
        let statements = "BEGIN;
            LET $ids = IF $claim = NONE OR (SELECT VALUE claim FROM ONLY $job) = $claim { [$id] } ELSE { [] };
            LET $rows = (UPDATE $ids SET status = 'completed', updated_at = $now, discarded = $discarded,
                title = IF parts.titled { title } ELSE { $title }, overview = $overview, emoji = $emoji,
                category = $category, processor = $processor, folder_id = folder_id ?? $folder,
                parts.events = $events);
            LET $there = array::len($rows) > 0;
            IF $there {
                INSERT INTO outbox $outbox;
                UPDATE $job SET state = $state, next_at = $next_at ?? next_at, last_error = $error, claim = NONE,
                    updated_at = $now, finished_at = $finished_at;
            };
            RETURN $there;
            COMMIT;";
        let params = end
            .bind(Params::new())
            .with("id", self.record(id))
            .with("claim", claim)
            .with("discarded", result.discarded)
            .with("title", result.title)
            .with("overview", result.overview)
            .with("emoji", result.emoji)
            .with("category", name_of(&result.category))
            .with("processor", name_of(&result.processor))
            .with("folder", result.folder_id)
            .with("events", Json(result.events))
            .with("job", record("job", self.user, id))
            .with("outbox", self.outbox_values(&[id.to_owned()]));
        let there = self.database.run(statements, params).await?.take(5)?;
        self.index.load_and_index_row::<ConversationRow>(self.user, id).await;
        self.jobs.wake();
        Ok(there)
    }
}

impl JobEnd {
    /// The fields of the job, by the names that [`Failure::bind`] uses.
    fn bind(&self, params: Params) -> Params {
        match self {
            JobEnd::Retry(failure) => failure.bind(params),
            JobEnd::Done => {
                let (now, nothing) = (crate::now(), None::<String>);
                let params = params.with("now", now).with("finished_at", now).with("error", nothing);
                params.with("state", name_of(&JobState::Done)).with("next_at", None::<DateTime<Utc>>)
            }
        }
    }
}
