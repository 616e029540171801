//! List and read conversations.

use std::collections::BTreeMap;

use resources::conversations::Selection;
use schemas::conversation::*;

use super::not_found;
use crate::{Context, Error, Result, tool::paging};

/// The recognisers that Omi's clients expect in every answer.
const RECOGNISERS: [&str; 4] = ["deepgram", "soniox", "speechmatics", "whisperx"];

pub(super) async fn get_conversations(context: Context, input: GetConversations) -> Result<Conversations> {
    check_order(input.start_date, input.end_date)?;
    let GetConversations { start_date, end_date, statuses, categories, sources, folder_id, starred, .. } = &input;
    let times = (start_date, end_date);
    let list = ("get_conversations", times, statuses, categories, sources, folder_id, starred, input.include_discarded);
    let selection = Selection {
        statuses: or_default_statuses(statuses.clone()),
        discarded: (!input.include_discarded).then_some(false),
        start: *start_date,
        end: *end_date,
        categories: categories.clone(),
        sources: sources.clone(),
        folder_id: folder_id.clone(),
        starred: *starred,
        after: paging::read(&context, &list, input.cursor.as_deref(), input.offset)?,
        offset: input.offset,
        limit: input.limit + 1,
        ..Selection::default()
    };
    let mut conversations = context.conversations().list(&selection).await?;
    let has_more = conversations.len() > input.limit as usize;
    conversations.truncate(input.limit as usize);
    let end = selection.end_of(&conversations).filter(|_| has_more);
    let next_cursor = end.and_then(|end| paging::write(&context, &list, end));
    if input.include_transcript {
        context.conversations().add_transcripts(&mut conversations).await?;
    }
    let returned_count = conversations.len();
    Ok(Conversations { conversations, returned_count, has_more, offset: input.offset, next_cursor })
}

pub(super) async fn count_conversations(context: Context, input: CountConversations) -> Result<ConversationCount> {
    check_order(input.start_date, input.end_date)?;
    let selection = Selection {
        statuses: or_default_statuses(input.statuses),
        discarded: (!input.include_discarded).then_some(false),
        start: input.start_date,
        end: input.end_date,
        sources: input.sources,
        folder_id: input.folder_id,
        starred: input.starred,
        ..Selection::default()
    };
    let counted = context.conversations().count(&selection).await?;
    let name = |source: ConversationSource| serde_json::to_value(source).ok()?.as_str().map(str::to_owned);
    let by_source: BTreeMap<String, u64> =
        counted.into_iter().filter_map(|(source, count)| Some((name(source)?, count))).collect();
    let sources = by_source.keys().cloned().collect();
    Ok(ConversationCount { count: by_source.values().sum(), sources, by_source })
}

pub(super) async fn get_conversation_by_id(context: Context, input: GetConversation) -> Result<OneConversation> {
    let mut conversation = read(&context, &input.conversation_id).await?;
    let mut truncated = false;
    if input.include_transcript {
        truncated = truncate(&mut conversation, input.max_segments, input.max_chars);
    } else {
        conversation.transcript_segments = None;
    }
    Ok(OneConversation { conversation, truncated })
}

pub(super) async fn get_conversations_by_ids(
    context: Context,
    input: GetConversationsByIds,
) -> Result<SomeConversations> {
    let mut ids = input.conversation_ids;
    let mut seen = std::collections::HashSet::new();
    ids.retain(|id| seen.insert(id.clone()));
    let mut found = context.conversations().get_many(&ids).await?;
    context.conversations().add_transcripts(&mut found).await?;
    let not_found = ids.into_iter().filter(|id| found.iter().all(|conversation| conversation.id != *id)).collect();
    let take = |mut conversation: Conversation| {
        let truncated = truncate(&mut conversation, input.max_segments, input.max_chars);
        FoundById { id: conversation.id.clone(), conversation, truncated }
    };
    let conversations: Vec<FoundById> = found.into_iter().map(take).collect();
    let truncated = conversations.iter().any(|found| found.truncated);
    Ok(SomeConversations { conversations, not_found, truncated })
}

pub(super) async fn get_conversation_photos(
    context: Context,
    input: GetConversationPhotos,
) -> Result<ConversationPhotos> {
    Ok(ConversationPhotos { photos: read(&context, &input.conversation_id).await?.photos })
}

pub(super) async fn get_conversation_transcripts(
    context: Context,
    input: GetConversationTranscripts,
) -> Result<ConversationTranscripts> {
    let conversation = read(&context, &input.conversation_id).await?;
    let mut transcripts: BTreeMap<String, Vec<TranscriptSegment>> =
        RECOGNISERS.into_iter().map(|name| (name.to_owned(), Vec::new())).collect();
    for segment in conversation.transcript_segments.unwrap_or_default() {
        let name = segment.stt_provider.clone().unwrap_or_else(|| "unknown".into());
        transcripts.entry(name).or_default().push(segment);
    }
    Ok(ConversationTranscripts { transcripts })
}

pub(super) async fn get_conversation_recording(
    context: Context,
    input: GetConversationRecording,
) -> Result<ConversationRecording> {
    let conversation = read(&context, &input.conversation_id).await?;
    Ok(ConversationRecording { has_recording: !conversation.audio_files.is_empty() })
}

pub(super) async fn get_suggested_apps(context: Context, input: GetSuggestedApps) -> Result<SuggestedApps> {
    read(&context, &input.conversation_id).await?;
    Ok(SuggestedApps { suggested_apps: Vec::new(), conversation_id: input.conversation_id })
}

impl Context {
    /// The conversation with its whole transcript. Fails when there is no such conversation.
    pub(crate) async fn whole_conversation(&self, id: &str) -> Result<Conversation> {
        read(self, id).await
    }
}

/// The conversation with its whole transcript.
pub(super) async fn read(context: &Context, id: &str) -> Result<Conversation> {
    context.conversations().get(id).await?.ok_or_else(not_found)
}

/// Truncates the transcript to so many segments and characters. Returns whether anything was removed.
fn truncate(conversation: &mut Conversation, segments: usize, characters: usize) -> bool {
    let Some(transcript) = &mut conversation.transcript_segments else { return false };
    let mut remaining = characters;
    let fits = |segment: &&TranscriptSegment| {
        let length = segment.text.chars().count();
        let fits = length <= remaining;
        remaining = remaining.saturating_sub(length);
        fits
    };
    let kept = transcript.iter().take(segments).take_while(fits).count();
    let truncated = kept < transcript.len();
    transcript.truncate(kept);
    truncated
}

fn or_default_statuses(statuses: Vec<ConversationStatus>) -> Vec<ConversationStatus> {
    match statuses.is_empty() {
        true => vec![ConversationStatus::Processing, ConversationStatus::Completed],
        false => statuses,
    }
}

fn check_order<T: PartialOrd>(start: Option<T>, end: Option<T>) -> Result<()> {
    match (start, end) {
        (Some(start), Some(end)) if start > end => Err(Error::Rejected("start_date must not be after end_date".into())),
        _ => Ok(()),
    }
}
