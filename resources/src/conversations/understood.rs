//! Keeping what was made of a conversation.

use chrono::{DateTime, Utc};
use schemas::conversation::{ConversationCategory, Event, Processor};

use super::{ConversationRow, Conversations};
use crate::{
    Result,
    database::{Json, Params, name_of, record},
    jobs::{Job, Setback, State},
};

/// What was made of a conversation, apart from action items and memories, which have rows of their own.
#[derive(Debug, Clone)]
pub struct Understood {
    /// Whether it is not worth keeping in view.
    pub discarded: bool,
    /// What it was about.
    pub title: String,
    /// What was said, in a few sentences.
    pub overview: String,
    /// One emoji for it.
    pub emoji: String,
    /// What it was about, in one word.
    pub category: ConversationCategory,
    /// Appointments that came up.
    pub events: Vec<Event>,
    /// The folder that it is filed in, unless it is in one already.
    pub folder_id: Option<String>,
    /// What made all this.
    pub processor: Processor,
}

/// How the job ends.
enum JobEnd {
    Done,
    Again(Setback),
}

impl Conversations<'_> {
    /// Keeps what was made of a conversation, which is completed with that, and ends its job, in one transaction. A title
    /// that the user has given stays. Says whether the conversation is there.
    pub async fn complete_with(&self, id: &str, understood: Understood) -> Result<bool> {
        self.complete_for(None, id, understood, JobEnd::Done).await
    }

    /// The same for whoever works on `job`; once somebody else holds that, nothing is written.
    pub async fn complete_job(&self, job: &Job, understood: Understood) -> Result<bool> {
        self.complete_for(job.claim.clone(), &job.conversation, understood, JobEnd::Done).await
    }

    /// The same with something for the time being: the job, which failed with this error, is tried again later.
    pub async fn complete_for_now(&self, job: &Job, understood: Understood, error: &str) -> Result<bool> {
        let end = JobEnd::Again(Setback::of(job, error));
        self.complete_for(job.claim.clone(), &job.conversation, understood, end).await
    }

    async fn complete_for(&self, claim: Option<String>, id: &str, understood: Understood, end: JobEnd) -> Result<bool> {
        let _writing = self.index.outbox.writing().await;
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
            .with("discarded", understood.discarded)
            .with("title", understood.title)
            .with("overview", understood.overview)
            .with("emoji", understood.emoji)
            .with("category", name_of(&understood.category))
            .with("processor", name_of(&understood.processor))
            .with("folder", understood.folder_id)
            .with("events", Json(understood.events))
            .with("job", record("job", self.user, id))
            .with("outbox", self.outbox_values(&[id.to_owned()]));
        let there = self.database.run(statements, params).await?.take(5)?;
        self.index.load_and_index_row::<ConversationRow>(self.user, id).await;
        self.jobs.wake();
        Ok(there)
    }
}

impl JobEnd {
    /// The fields of the job, by the names that [`Setback::bind`] uses.
    fn bind(&self, params: Params) -> Params {
        match self {
            JobEnd::Again(setback) => setback.bind(params),
            JobEnd::Done => {
                let (now, nothing) = (crate::now(), None::<String>);
                let params = params.with("now", now).with("finished_at", now).with("error", nothing);
                params.with("state", name_of(&State::Done)).with("next_at", None::<DateTime<Utc>>)
            }
        }
    }
}
