//! Conversation processing: extracts title, overview, action items, events and memories from a transcript.
//!
//! Each step is idempotent, so that an interrupted run can be repeated. Only the holder of the conversation's job may
//! write; the last step ends the job.

mod input;
mod llm_processor;
pub mod local_processor;
mod results;
mod worker;

use std::{panic::AssertUnwindSafe, sync::Arc, time::Duration};

use futures::FutureExt;
use language::extraction::{ConversationInput, Extraction};
use resources::{
    Resources,
    jobs::{Job, JobState, MAX_ATTEMPTS, ProcessMode},
};
use schemas::conversation::{
    Conversation, ConversationCategory, ConversationStatus, Finalization, FinalizationStatus, Processor,
    TranscriptSegment,
};

use crate::{Error, Result};
use input::JobInput;
pub use worker::start;

/// Conversations with more words are never discarded automatically.
const MAX_DISCARDED_WORDS: usize = 100;

/// How long the language model may take for one conversation: less than the lease on its job.
const LLM_TIMEOUT: Duration = Duration::from_secs(240);

/// How often a waiting caller polls the state of a job that another process may be running.
const POLL_INTERVAL: Duration = Duration::from_secs(1);

/// The outcome of processing a conversation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    /// It was processed: by the language model, or by rules where there is none. Where the model failed, the results of
    /// the rules are stored, and the job stays queued for the model.
    Completed,
    /// It failed, and is tried again later.
    Postponed,
    /// It failed for the last time.
    Failed,
    /// There is nothing to do: there is no such conversation, or no job for it.
    Idle,
}

/// Processes one conversation now, or waits for the process that already does. The work continues when the caller stops
/// waiting.
pub async fn run(resources: &Arc<Resources>, user: &str, conversation: &str) -> Result<Outcome> {
    let jobs = resources.jobs(user);
    let mut has_waited = false;
    loop {
        let Some(job) = jobs.get(conversation).await? else { return Ok(Outcome::Idle) };
        match job.state {
            JobState::Done => return Ok(Outcome::Completed),
            JobState::Failed => return Ok(Outcome::Failed),
            JobState::Queued if has_waited && job.last_error.is_some() => return Ok(Outcome::Postponed),
            JobState::Queued | JobState::Running => {}
        }
        if let Some(job) = jobs.claim(conversation).await? {
            let resources = Arc::clone(resources);
            return tokio::spawn(async move { run_job(&resources, &job).await }).await.map_err(internal)?;
        }
        has_waited = true;
        tokio::time::timeout(POLL_INTERVAL, resources.job_queue.changed()).await.ok();
    }
}

/// Queues a conversation for processing from the beginning. Returns whether the conversation exists.
pub async fn queue(resources: &Resources, user: &str, conversation: &str, mode: ProcessMode) -> Result<bool> {
    Ok(resources.jobs(user).enqueue(conversation, mode).await?)
}

/// The state of a conversation's processing job; `None` when there is none.
pub async fn finalization(resources: &Resources, user: &str, conversation: &str) -> Result<Option<Finalization>> {
    let Some(job) = resources.jobs(user).get(conversation).await? else { return Ok(None) };
    let status = match job.state {
        JobState::Queued => FinalizationStatus::Queued,
        JobState::Running => FinalizationStatus::Running,
        JobState::Done => FinalizationStatus::Done,
        JobState::Failed => FinalizationStatus::Failed,
    };
    Ok(Some(Finalization {
        job_id: job.conversation,
        status,
        terminal: matches!(job.state, JobState::Done | JobState::Failed),
        retryable: job.state == JobState::Failed,
        attempt_count: job.attempts,
        task_retry_count: job.attempts.saturating_sub(1),
        last_error: job.last_error,
        next_attempt_at: (job.state == JobState::Queued).then_some(job.next_at),
    }))
}

/// The transcript, with a line for each segment; or the text that the conversation was created from.
pub fn transcript_of(conversation: &Conversation) -> String {
    let line = |segment: &TranscriptSegment| format!("{}: {}", segment.speaker_name, segment.text);
    let lines: Vec<String> = conversation.transcript_segments.iter().flatten().map(line).collect();
    if !lines.is_empty() {
        return lines.join("\n");
    }
    let text = conversation.external_data.as_ref().and_then(|data| data["text"].as_str());
    text.unwrap_or_default().to_owned()
}

/// Runs a claimed job, and records a failure.
async fn run_job(resources: &Resources, job: &Job) -> Result<Outcome> {
    // The job may be what crashes the process each time.
    let error = if job.attempts > MAX_ATTEMPTS {
        Error::Unavailable("the job was started too often without ending".into())
    } else {
        match AssertUnwindSafe(process(resources, job)).catch_unwind().await {
            Ok(Ok(outcome)) => return Ok(outcome),
            Ok(Err(error)) => error,
            Err(_) => internal("processing panicked"),
        }
    };
    tracing::warn!(conversation = job.conversation, "a conversation could not be processed: {}", error_text(&error));
    let job = resources.jobs(&job.user).fail(job, &error_text(&error)).await?;
    Ok(if job.state == JobState::Failed { Outcome::Failed } else { Outcome::Postponed })
}

async fn process(resources: &Resources, job: &Job) -> Result<Outcome> {
    let Some(input) = JobInput::load(resources, job).await? else { return Ok(Outcome::Idle) };
    let Some(model) = resources.llm.as_ref().filter(|_| input.word_count() > 0) else {
        let extraction = local_processor::process(&input.conversation_input(), resources).await?;
        return results::store(resources, job, with_discard_rules(extraction, &input), Processor::Local).await;
    };
    let conversation = input.conversation_input();
    let answer = tokio::time::timeout(LLM_TIMEOUT, llm_processor::process(&conversation, model)).await;
    let answer = answer.unwrap_or_else(|_| Err(Error::Unavailable("the language model timed out".into())));
    let error = match answer {
        Ok(extraction) => {
            return results::store(resources, job, with_discard_rules(extraction, &input), Processor::Model).await;
        }
        Err(error) => error_text(&error),
    };
    tracing::warn!(conversation = job.conversation, "the language model could not process a conversation: {error}");
    if has_results(&input.conversation) {
        resources.jobs(&job.user).postpone(job, &error).await?;
        return Ok(Outcome::Postponed);
    }
    // Without the model's answer, nothing is discarded.
    let kept = ConversationInput { can_discard: false, ..input.conversation_input() };
    let extraction = Extraction { discard: false, ..local_processor::process(&kept, resources).await? };
    results::store_provisional(resources, job, extraction, &error).await
}

/// Applies the rules for discarding that hold for every processor.
fn with_discard_rules(mut extraction: Extraction, input: &JobInput) -> Extraction {
    extraction.discard = match (input.mode, input.word_count()) {
        (ProcessMode::Forced, _) => false,
        (ProcessMode::Automatic, 0) => true,
        (ProcessMode::Automatic, words) => extraction.discard && words <= MAX_DISCARDED_WORDS,
    };
    if extraction.discard { discarded() } else { extraction }
}

/// What is stored of a discarded conversation.
fn discarded() -> Extraction {
    Extraction {
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

/// Whether a conversation has results that the rules would not improve: those of the model, or of the rules themselves
/// since it was last queued.
fn has_results(conversation: &Conversation) -> bool {
    match conversation.processor {
        Some(Processor::Model) => !conversation.discarded,
        Some(Processor::Local) => conversation.status == ConversationStatus::Completed,
        None => false,
    }
}

/// The text of an error, as it is stored with the job.
fn error_text(error: &Error) -> String {
    match error {
        Error::Internal(error) => format!("{error:#}"),
        other => other.to_string(),
    }
}

fn internal(reason: impl std::fmt::Display) -> Error {
    resources::Error::internal(reason).into()
}
