//! Create, change and delete memories.

use chrono::{DateTime, TimeDelta, Utc};
use language::extraction::category_of;
use resources::memories::{MemoryChange, NewMemory, Written};
use schemas::{memory::*, scope::Scope::MemoriesRead};

use super::not_found;
use crate::{Context, Error, Result};

/// How far a client's clock may be ahead.
const MAX_CLOCK_SKEW: TimeDelta = TimeDelta::minutes(5);

pub(super) async fn create_memory(context: Context, input: CreateMemory) -> Result<CreatedMemory> {
    let (_, memory) = write(&context, vec![input], "content cannot be empty").await?.remove(0);
    Ok(CreatedMemory { success: true, memory })
}

pub(super) async fn create_memories(context: Context, input: CreateMemories) -> Result<CreatedMemories> {
    let written = write(&context, input.items, "All memories must have non-empty content").await?;
    let result = |(index, (status, memory)): (usize, &(BatchStatus, WrittenMemory))| BatchResult {
        index,
        status: *status,
        memory_id: memory.memory.id.clone(),
    };
    let results: Vec<_> = written.iter().enumerate().map(result).collect();
    let memories: Vec<_> = written.into_iter().map(|(_, memory)| memory).collect();
    Ok(CreatedMemories { results, created_count: memories.len(), memories })
}

pub(super) async fn edit_memory(context: Context, input: EditMemory) -> Result<EditedMemory> {
    let content = input.content.map(|content| non_empty(&content, "content cannot be empty")).transpose()?;
    let EditMemory { visibility, tags, category, .. } = input;
    if content.is_none() && visibility.is_none() && tags.is_none() && category.is_none() {
        let sentence = "At least one field (content, visibility, tags, category) must be provided";
        return Err(Error::Invalid(sentence.into()));
    }
    let change = MemoryChange { content, visibility, tags, category, review: None };
    let memory = change_memory(&context, &input.memory_id, change).await?;
    Ok(EditedMemory { success: true, memory })
}

pub(super) async fn set_memory_visibility(context: Context, input: SetMemoryVisibility) -> Result<Done> {
    let change = MemoryChange { visibility: Some(input.visibility), ..MemoryChange::default() };
    change_memory(&context, &input.memory_id, change).await?;
    Ok(Done::DONE)
}

pub(super) async fn review_memory(context: Context, input: ReviewMemory) -> Result<Done> {
    let change = MemoryChange { review: Some(input.value), ..MemoryChange::default() };
    change_memory(&context, &input.memory_id, change).await?;
    Ok(Done::DONE)
}

pub(super) async fn delete_memory(context: Context, input: DeleteMemory) -> Result<Done> {
    delete_many(&context, &[input.memory_id]).await
}

pub(super) async fn delete_memories(context: Context, input: DeleteMemories) -> Result<Done> {
    delete_many(&context, &input.memory_ids).await
}

pub(super) async fn delete_all_memories(context: Context, _: DeleteAllMemories) -> Result<Done> {
    context.memories().delete_all().await?;
    Ok(Done::DONE)
}

/// Stores memories, and finds similar ones.
async fn write(
    context: &Context,
    inputs: Vec<CreateMemory>,
    when_empty: &str,
) -> Result<Vec<(BatchStatus, WrittenMemory)>> {
    let now = resources::now();
    let mut new = Vec::with_capacity(inputs.len());
    for (place, input) in (0i64..).zip(inputs) {
        let content = non_empty(&input.content, when_empty)?;
        new.push(NewMemory {
            category: input.category.unwrap_or_else(|| category_of(&content)),
            content,
            visibility: input.visibility,
            tags: input.tags,
            provenance: context.provenance(),
            // Keeps the order of a batch in lists that are sorted by time.
            created_at: created_at(input.created_at, now)? + TimeDelta::microseconds(place),
            written_at: now + TimeDelta::microseconds(place),
        });
    }
    let memories = context.memories();
    // They are returned with their texts.
    let may_read = context.has_scope(MemoriesRead);
    let total = new.len() as u64 + 1;
    context.progress(0, Some(total), "Storing memories").await;
    let mut written = Vec::with_capacity(new.len());
    for (done, Written { memory, duplicate }) in (1..).zip(memories.create(new).await?) {
        context.progress(done, Some(total), "Searching for similar memories").await;
        let similar = if may_read { memories.similar(&memory).await.unwrap_or_default() } else { Vec::new() };
        let status = if duplicate { BatchStatus::Duplicate } else { BatchStatus::Created };
        written.push((status, WrittenMemory { memory, similar }));
    }
    Ok(written)
}

async fn change_memory(context: &Context, id: &str, change: MemoryChange) -> Result<Memory> {
    context.memories().change(id, change, context.provenance()).await?.ok_or_else(not_found)
}

async fn delete_many(context: &Context, ids: &[String]) -> Result<Done> {
    if context.memories().delete(ids).await? { Ok(Done::DONE) } else { Err(not_found()) }
}

/// The date of a memory; `now` unless the client gives one.
fn created_at(given: Option<DateTime<Utc>>, now: DateTime<Utc>) -> Result<DateTime<Utc>> {
    match given {
        Some(time) if time > now + MAX_CLOCK_SKEW => Err(Error::Invalid("created_at cannot be in the future".into())),
        given => Ok(given.unwrap_or(now)),
    }
}

fn non_empty(content: &str, when_empty: &str) -> Result<String> {
    let content = content.trim();
    if content.is_empty() { Err(Error::Invalid(when_empty.into())) } else { Ok(content.to_owned()) }
}
