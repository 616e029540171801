//! Stores the results of processing step by step: action items, memories, and finally the rest, which completes the
//! conversation.

use language::extraction::{ExtractedEvent, Extraction, FactKind};
use resources::{
    Resources, action_items::NewActionItem, conversations::ProcessingResult, jobs::Job, memories::NewMemory,
};
use schemas::{
    conversation::{Event, Processor},
    memory::{MemoryCategory, Provenance, Visibility},
};

use super::Outcome;
use crate::{Result, webhooks};

/// The maximum number of memories from one conversation.
const MAX_MEMORIES: usize = 4;

/// Stores final results.
pub(super) async fn store(
    resources: &Resources,
    job: &Job,
    extraction: Extraction,
    processor: Processor,
) -> Result<Outcome> {
    if !store_rows(resources, job, &extraction).await? {
        return Ok(Outcome::Idle);
    }
    let conversations = resources.conversations(&job.user);
    let understood = with_folder(resources, job, results_of(extraction, processor)).await?;
    let is_stored = conversations.complete_job(job, understood).await?;
    finish(resources, job, is_stored).await
}

/// Stores the results of the rules until the model, which failed with this error, is tried again.
pub(super) async fn store_provisional(
    resources: &Resources,
    job: &Job,
    extraction: Extraction,
    error: &str,
) -> Result<Outcome> {
    if !store_rows(resources, job, &extraction).await? {
        return Ok(Outcome::Idle);
    }
    let conversations = resources.conversations(&job.user);
    let understood = with_folder(resources, job, results_of(extraction, Processor::Local)).await?;
    let is_stored = conversations.complete_preliminarily(job, understood, error).await?;
    finish(resources, job, is_stored).await
}

/// Stores action items and memories. Returns whether the job is still held; if not, nothing is written.
async fn store_rows(resources: &Resources, job: &Job, extraction: &Extraction) -> Result<bool> {
    if !resources.jobs(&job.user).is_held(job).await? {
        return Ok(false);
    }
    let now = resources::now();
    let provenance = |segment_ids: &Vec<String>| Provenance {
        face: "processing".into(),
        conversation_id: Some(job.conversation.clone()),
        segment_ids: segment_ids.clone(),
        ..Provenance::default()
    };
    let items = extraction.action_items.iter().map(|item| NewActionItem {
        due_at: item.due_at,
        recurrence_rule: item.recurrence_rule.clone(),
        conversation_id: Some(job.conversation.clone()),
        source: Some("conversation".into()),
        ..NewActionItem::new(item.description.clone(), provenance(&item.segment_ids), now)
    });
    let memories = extraction.memories.iter().take(MAX_MEMORIES).map(|memory| NewMemory {
        content: memory.content.clone(),
        category: match memory.kind {
            FactKind::System => MemoryCategory::System,
            FactKind::Interesting => MemoryCategory::Interesting,
        },
        visibility: Visibility::Private,
        tags: Vec::new(),
        provenance: provenance(&memory.segment_ids),
        created_at: now,
        written_at: now,
    });
    let (items, memories): (Vec<_>, Vec<_>) = (items.collect(), memories.collect());
    resources.action_items(&job.user).replace_extracted(&job.conversation, &items).await?;
    resources.memories(&job.user).replace_extracted(&job.conversation, &memories).await?;
    Ok(true)
}

/// Sends the user's webhook for a processed conversation; removes the results of one that was deleted meanwhile.
async fn finish(resources: &Resources, job: &Job, is_stored: bool) -> Result<Outcome> {
    let id = &job.conversation;
    if is_stored {
        if let Some(conversation) = resources.conversations(&job.user).get(id).await? {
            webhooks::conversation_created(resources, &job.user, &conversation).await?;
        }
        return Ok(Outcome::Completed);
    }
    if resources.conversations(&job.user).get_many(std::slice::from_ref(id)).await?.is_empty() {
        resources.action_items(&job.user).delete_of_conversation(id).await?;
        resources.memories(&job.user).delete_of_conversation(id).await?;
    }
    Ok(Outcome::Idle)
}

/// Assigns the default folder when no other one fits.
async fn with_folder(resources: &Resources, job: &Job, mut understood: ProcessingResult) -> Result<ProcessingResult> {
    if understood.folder_id.is_none() && !understood.discarded {
        understood.folder_id = Some(resources.folders(&job.user).default_id().await?);
    }
    Ok(understood)
}

fn results_of(from: Extraction, processor: Processor) -> ProcessingResult {
    let event = |event: ExtractedEvent| Event {
        title: event.title,
        description: event.description,
        start: event.start,
        duration: event.duration_minutes.into(),
        created: false,
    };
    ProcessingResult {
        discarded: from.discard,
        title: from.title,
        overview: from.overview,
        emoji: from.emoji,
        category: from.category,
        events: from.events.into_iter().map(event).collect(),
        folder_id: from.folder_id,
        processor,
    }
}
