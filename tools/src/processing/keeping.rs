//! Keeping what was made of a conversation, step by step: its action items, its memories, and at last the rest, with which
//! it is completed.

use resources::{Resources, action_items::NewActionItem, conversations::Understood, jobs::Job, memories::NewMemory};
use schemas::{
    conversation::{Event, Processor as Maker},
    memory::{MemoryCategory, Provenance, Visibility},
};

use super::{
    Outcome,
    understanding::{FactKind, FoundEvent, Understanding},
};
use crate::{Result, webhooks};

/// The most memories of one conversation.
const MEMORIES: usize = 4;

/// Keeps what the last word on a conversation says.
pub(super) async fn keep(
    resources: &Resources,
    job: &Job,
    understanding: Understanding,
    maker: Maker,
) -> Result<Outcome> {
    if !keep_rows(resources, job, &understanding).await? {
        return Ok(Outcome::Idle);
    }
    let conversations = resources.conversations(&job.user);
    let understood = filed(resources, job, understood(understanding, maker)).await?;
    let is_kept = conversations.complete_job(job, understood).await?;
    settle(resources, job, is_kept).await
}

/// Keeps what rules say until the model, which failed with this error, is tried again.
pub(super) async fn keep_for_now(
    resources: &Resources,
    job: &Job,
    understanding: Understanding,
    error: &str,
) -> Result<Outcome> {
    if !keep_rows(resources, job, &understanding).await? {
        return Ok(Outcome::Idle);
    }
    let conversations = resources.conversations(&job.user);
    let understood = filed(resources, job, understood(understanding, Maker::Local)).await?;
    let is_kept = conversations.complete_for_now(job, understood, error).await?;
    settle(resources, job, is_kept).await
}

/// Writes what has rows of its own. Says whether the job is still held, without which nothing is written.
async fn keep_rows(resources: &Resources, job: &Job, understanding: &Understanding) -> Result<bool> {
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
    let items = understanding.action_items.iter().map(|item| NewActionItem {
        due_at: item.due_at,
        conversation_id: Some(job.conversation.clone()),
        source: Some("conversation".into()),
        ..NewActionItem::new(item.description.clone(), provenance(&item.segment_ids), now)
    });
    let memories = understanding.memories.iter().take(MEMORIES).map(|memory| NewMemory {
        content: memory.content.clone(),
        category: match memory.kind {
            FactKind::System => MemoryCategory::System,
            FactKind::Interesting => MemoryCategory::Interesting,
        },
        visibility: Visibility::Private,
        tags: Vec::new(),
        provenance: provenance(&memory.segment_ids),
        created_at: now,
    });
    let (items, memories): (Vec<_>, Vec<_>) = (items.collect(), memories.collect());
    resources.action_items(&job.user).replace_extracted(&job.conversation, &items).await?;
    resources.memories(&job.user).replace_extracted(&job.conversation, &memories).await?;
    Ok(true)
}

/// Tells the user's webhook of a conversation that is understood now; takes back what was written of one that was deleted
/// meanwhile.
async fn settle(resources: &Resources, job: &Job, is_kept: bool) -> Result<Outcome> {
    let id = &job.conversation;
    if is_kept {
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

/// Files in the folder for the rest what belongs in no other one.
async fn filed(resources: &Resources, job: &Job, mut understood: Understood) -> Result<Understood> {
    if understood.folder_id.is_none() && !understood.discarded {
        understood.folder_id = Some(resources.folders(&job.user).default_id().await?);
    }
    Ok(understood)
}

fn understood(from: Understanding, processor: Maker) -> Understood {
    let event = |event: FoundEvent| Event {
        title: event.title,
        description: event.description,
        start: event.start,
        duration: event.duration_minutes.into(),
        created: false,
    };
    Understood {
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
