//! Merge conversations.

use chrono::{DateTime, Utc};
use resources::conversations::{Created, NewConversation, ProcessingResult};
use schemas::conversation::*;
use serde_json::json;

use super::{creation, not_found};
use crate::{Context, Error, Result};

pub(super) async fn merge_conversations(context: Context, input: MergeConversations) -> Result<MergeStarted> {
    let mut ids = input.conversation_ids;
    let mut seen = std::collections::HashSet::new();
    ids.retain(|id| seen.insert(id.clone()));
    if ids.len() < 2 {
        return Err(Error::Rejected("At least 2 conversations are required to merge".into()));
    }
    let mut sources = context.conversations().get_many(&ids).await?;
    if sources.len() < ids.len() {
        return Err(not_found());
    }
    if sources.iter().any(|source| source.status != ConversationStatus::Completed) {
        return Err(Error::Rejected("Only completed conversations can be merged".into()));
    }
    context.conversations().add_transcripts(&mut sources).await?;
    sources.sort_by_key(start_of);
    let warning = has_long_gap(&sources).then(|| "The conversations are more than an hour apart".to_owned());
    let merged = merge(&sources);
    let id = merged.id.clone();
    let summary = summary_of(&sources);
    let count = ids.len() as u64;
    let total = 2 * count + 1;
    context.progress(0, Some(total), "Merging transcripts").await;
    // The merged conversation is stored completely before a source is deleted: a crash may leave duplicates, but loses
    // nothing.
    if context.conversations().create(merged).await? != Created::New {
        return Err(Error::Conflict("The conversations are being merged".into()));
    }
    context.action_items().adopt(&ids, &id).await?;
    context.memories().adopt(&ids, &id).await?;
    for (done, photo_source) in (1..).zip(&ids) {
        context.progress(done, Some(total), "Copying photos").await;
        let photos = context.conversations().photos(photo_source).await?;
        context.conversations().save_photos(&id, photos).await?;
    }
    if !input.reprocess {
        context.conversations().complete_with(&id, summary).await?;
    }
    for (done, source) in (count + 1..).zip(&ids) {
        context.progress(done, Some(total), "Deleting merged conversations").await;
        context.conversations().delete(source).await?;
    }
    if input.reprocess {
        let (context, id) = (context.clone(), id.clone());
        tokio::spawn(async move { creation::process(&context, &id).await });
    }
    Ok(MergeStarted {
        status: "merging".into(),
        message: "Merge started".into(),
        warning,
        conversation_ids: ids,
        conversation_id: id,
    })
}

/// The merged conversation, with all segments relative to its start.
fn merge(sources: &[Conversation]) -> NewConversation {
    let first = &sources[0];
    let start = start_of(first);
    let mut segments = Vec::new();
    for source in sources {
        let offset = (start_of(source) - start).as_seconds_f64();
        let moved = |segment: &TranscriptSegment| {
            let (start, end) = (segment.start + offset, segment.end + offset);
            TranscriptSegment { id: resources::new_id(), start, end, ..segment.clone() }
        };
        segments.extend(source.transcript_segments.iter().flatten().map(moved));
    }
    let texts: Vec<&str> =
        sources.iter().filter_map(|source| source.external_data.as_ref()?.get("text")?.as_str()).collect();
    NewConversation {
        id: resources::new_id(),
        started_at: Some(start),
        utc_offset: None,
        finished_at: sources.iter().filter_map(|source| source.finished_at).max(),
        source: first.source,
        language: first.language.clone(),
        geolocation: sources.iter().find_map(|source| source.geolocation.clone()),
        external_data: (!texts.is_empty()).then(|| json!({ "text": texts.join("\n\n"), "text_source": "other_text" })),
        client_device_id: first.client_device_id.clone(),
        client_platform: first.client_platform.clone(),
        status: ConversationStatus::Processing,
        segments,
    }
}

/// The concatenated summaries.
fn summary_of(sources: &[Conversation]) -> ProcessingResult {
    let titles: Vec<&str> = sources.iter().map(|source| source.structured.title.as_str()).collect();
    let overviews: Vec<&str> = sources.iter().map(|source| source.structured.overview.as_str()).collect();
    ProcessingResult {
        discarded: false,
        title: titles.join(" · ").chars().take(500).collect(),
        overview: overviews.join("\n\n"),
        emoji: sources[0].structured.emoji.clone(),
        category: sources[0].structured.category,
        events: sources.iter().flat_map(|source| source.structured.events.clone()).collect(),
        folder_id: sources.iter().find_map(|source| source.folder_id.clone()),
        processor: sources[0].processor.unwrap_or(Processor::Local),
    }
}

fn start_of(conversation: &Conversation) -> DateTime<Utc> {
    conversation.started_at.unwrap_or(conversation.created_at)
}

fn has_long_gap(sources: &[Conversation]) -> bool {
    let end = |source: &Conversation| source.finished_at.unwrap_or_else(|| start_of(source));
    sources.windows(2).any(|pair| (start_of(&pair[1]) - end(&pair[0])).num_minutes() > 60)
}
