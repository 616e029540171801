//! Understanding conversations: what is said becomes a title, an overview, action items, appointments and memories.
//!
//! Each step can be taken twice and changes nothing the second time, so that a run that was cut off anywhere is simply
//! run again. What is written belongs to whoever holds the conversation's job; the last step ends that.

mod keeping;
pub mod local;
mod model;
mod processor;
mod subject;
pub mod understanding;
mod worker;

use std::{panic::AssertUnwindSafe, sync::Arc, time::Duration};

use futures::FutureExt;
use resources::{
    Resources,
    jobs::{ATTEMPTS, Job, Manner, State},
};
use schemas::conversation::{
    Conversation, ConversationCategory, ConversationStatus, Finalization, FinalizationStatus, Processor as Maker,
    TranscriptSegment,
};

use crate::{Error, Result};
use processor::{Local, Model, Processor};
use subject::Subject;
use understanding::{Material, Understanding};
pub use worker::start;

/// How many words make a conversation worth keeping, whatever a processor says.
const WORTH_KEEPING: usize = 100;

/// How long a language model may think about one conversation: less than the lease on its job.
const MODEL_AT_MOST: Duration = Duration::from_secs(240);

/// How often somebody who waits looks for what became of a job: another process may be at it.
const LOOK: Duration = Duration::from_secs(1);

/// What became of a conversation that was to be understood.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    /// It is understood. By rules, where there is no language model or that failed; in the latter case the job waits for
    /// the model.
    Completed,
    /// It could not be understood yet, and is tried again later.
    Postponed,
    /// It could not be understood, and was tried often enough.
    Failed,
    /// There is nothing to do: no such conversation, or nobody asked for it to be understood.
    Idle,
}

/// Understands one conversation now. Where somebody is at it already, this waits for them. The work goes on when nobody
/// waits for it any longer.
pub async fn run(resources: &Arc<Resources>, user: &str, conversation: &str) -> Result<Outcome> {
    let jobs = resources.jobs(user);
    let mut has_waited = false;
    loop {
        let Some(job) = jobs.get(conversation).await? else { return Ok(Outcome::Idle) };
        match job.state {
            State::Done => return Ok(Outcome::Completed),
            State::Failed => return Ok(Outcome::Failed),
            State::Queued if has_waited && job.last_error.is_some() => return Ok(Outcome::Postponed),
            State::Queued | State::Running => {}
        }
        if let Some(job) = jobs.claim(conversation).await? {
            let resources = Arc::clone(resources);
            return tokio::spawn(async move { attempt(&resources, &job).await }).await.map_err(internal)?;
        }
        has_waited = true;
        tokio::time::timeout(LOOK, resources.job_changed()).await.ok();
    }
}

/// Asks for a conversation to be understood, from the beginning; a worker does it. Says whether the conversation is
/// there.
pub async fn queue(resources: &Resources, user: &str, conversation: &str, manner: Manner) -> Result<bool> {
    Ok(resources.jobs(user).enqueue(conversation, manner).await?)
}

/// How far a conversation is on its way to being understood; `None` when nobody asked for that.
pub async fn finalization(resources: &Resources, user: &str, conversation: &str) -> Result<Option<Finalization>> {
    let Some(job) = resources.jobs(user).get(conversation).await? else { return Ok(None) };
    let status = match job.state {
        State::Queued => FinalizationStatus::Queued,
        State::Running => FinalizationStatus::Running,
        State::Done => FinalizationStatus::Done,
        State::Failed => FinalizationStatus::Failed,
    };
    Ok(Some(Finalization {
        job_id: job.conversation,
        status,
        terminal: matches!(job.state, State::Done | State::Failed),
        retryable: job.state == State::Failed,
        attempt_count: job.attempts,
        task_retry_count: job.attempts.saturating_sub(1),
        last_error: job.last_error,
        next_attempt_at: (job.state == State::Queued).then_some(job.next_at),
    }))
}

/// What was said, a line for each segment; or the text that the conversation was made from.
pub fn transcript_of(conversation: &Conversation) -> String {
    let line = |segment: &TranscriptSegment| format!("{}: {}", segment.speaker_name, segment.text);
    let lines: Vec<String> = conversation.transcript_segments.iter().flatten().map(line).collect();
    if !lines.is_empty() {
        return lines.join("\n");
    }
    let text = conversation.external_data.as_ref().and_then(|data| data["text"].as_str());
    text.unwrap_or_default().to_owned()
}

/// Does a job that was taken, and sees to it that it ends, whatever happens.
async fn attempt(resources: &Resources, job: &Job) -> Result<Outcome> {
    // A process that ends in the midst of it each time is ended by it, perhaps.
    let error = if job.attempts > ATTEMPTS {
        Error::Unavailable("it was begun too often and never ended".into())
    } else {
        match AssertUnwindSafe(understand(resources, job)).catch_unwind().await {
            Ok(Ok(outcome)) => return Ok(outcome),
            Ok(Err(error)) => error,
            Err(_) => internal("processing panicked"),
        }
    };
    tracing::warn!(conversation = job.conversation, "a conversation could not be understood: {}", told(&error));
    let job = resources.jobs(&job.user).fail(job, &told(&error)).await?;
    Ok(if job.state == State::Failed { Outcome::Failed } else { Outcome::Postponed })
}

async fn understand(resources: &Resources, job: &Job) -> Result<Outcome> {
    let Some(subject) = Subject::of(resources, job).await? else { return Ok(Outcome::Idle) };
    let local = Local(resources);
    let Some(model) = resources.model.as_ref().filter(|_| subject.words() > 0).map(Model) else {
        let understanding = made_by(&local, &subject).await?;
        return keeping::keep(resources, job, understanding, Maker::Local).await;
    };
    let thought = tokio::time::timeout(MODEL_AT_MOST, made_by(&model, &subject));
    let thought = thought.await.unwrap_or_else(|_| Err(Error::Unavailable("the language model took too long".into())));
    let error = match thought {
        Ok(understanding) => return keeping::keep(resources, job, understanding, Maker::Model).await,
        Err(error) => told(&error),
    };
    tracing::warn!(conversation = job.conversation, "a conversation is not understood by the model yet: {error}");
    if has_something_to_show(&subject.conversation) {
        resources.jobs(&job.user).postpone(job, &error).await?;
        return Ok(Outcome::Postponed);
    }
    // Nothing is put aside because the model is away.
    let kept = Material { manner: Manner::Forced, ..subject.material() };
    let understanding = Understanding { discard: false, ..local.understand(&kept).await? };
    keeping::keep_for_now(resources, job, understanding, &error).await
}

/// What a processor makes of a conversation, put aside or not by the rules that hold for all of them.
async fn made_by(processor: &impl Processor, subject: &Subject) -> Result<Understanding> {
    let mut understanding = processor.understand(&subject.material()).await?;
    understanding.discard = match (subject.manner, subject.words()) {
        (Manner::Forced, _) => false,
        (Manner::Weighed, 0) => true,
        (Manner::Weighed, words) => understanding.discard && words <= WORTH_KEEPING,
    };
    Ok(if understanding.discard { put_aside() } else { understanding })
}

/// What is kept of a conversation that is not worth more.
fn put_aside() -> Understanding {
    Understanding {
        discard: true,
        title: String::new(),
        overview: String::new(),
        emoji: "🧠".into(),
        category: ConversationCategory::Other,
        action_items: Vec::new(),
        events: Vec::new(),
        memories: Vec::new(),
        folder_id: None,
    }
}

/// Whether a conversation was understood before, so that rules would make it no better: by the model, or by the rules
/// themselves, since it was last asked for.
fn has_something_to_show(conversation: &Conversation) -> bool {
    match conversation.processor {
        Some(Maker::Model) => !conversation.discarded,
        Some(Maker::Local) => conversation.status == ConversationStatus::Completed,
        None => false,
    }
}

/// What a job says of an error.
fn told(error: &Error) -> String {
    match error {
        Error::Internal(error) => format!("{error:#}"),
        other => other.to_string(),
    }
}

fn internal(reason: impl std::fmt::Display) -> Error {
    resources::Error::internal(reason).into()
}
