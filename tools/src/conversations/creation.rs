//! Create and process conversations.

use std::time::Duration;

use chrono::TimeDelta;
use resources::{
    conversations::{ConversationChange, Created, NewConversation},
    jobs::ProcessMode,
    llm::{Piece, Turn},
    memories::id_of,
};
use schemas::conversation::*;
use serde_json::{Value, json};

use super::{not_found, queries::read};
use crate::{Context, Error, Result, processing, webhooks};

/// How long a call waits for processing, which then continues in the background.
const PROCESSING_TIMEOUT: Duration = Duration::from_secs(60);

/// The duration of a conversation that is created from a text alone.
const DEFAULT_DURATION: TimeDelta = TimeDelta::minutes(5);

pub(super) async fn create_conversation(context: Context, input: CreateConversation) -> Result<CreatedConversation> {
    let text = input.text.trim();
    if text.is_empty() {
        return Err(Error::Invalid("text cannot be empty".into()));
    }
    let utc_offset = input.started_at.map(|time| time.offset().local_minus_utc());
    let started_at = input.started_at.map_or_else(resources::now, |time| time.to_utc());
    let finished_at = input.finished_at.unwrap_or(started_at + DEFAULT_DURATION);
    if finished_at < started_at {
        return Err(Error::Invalid("finished_at must be after started_at".into()));
    }
    let external_data = json!({
        "text": text,
        "text_source": input.text_source,
        "text_source_spec": input.text_source_spec,
    });
    let new = NewConversation {
        id: resources::new_id(),
        started_at: Some(started_at),
        utc_offset,
        finished_at: Some(finished_at),
        source: ConversationSource::ExternalIntegration,
        language: input.language,
        geolocation: input.geolocation,
        external_data: Some(external_data),
        client_device_id: None,
        client_platform: None,
        status: ConversationStatus::Processing,
        segments: Vec::new(),
    };
    write(&context, new, &[]).await
}

pub(super) async fn create_conversation_from_segments(
    context: Context,
    input: CreateConversationFromSegments,
) -> Result<CreatedConversation> {
    check(&input.transcript_segments)?;
    let utc_offset = input.started_at.map(|time| time.offset().local_minus_utc());
    let started_at = input.started_at.map_or_else(resources::now, |time| time.to_utc());
    let last = input.transcript_segments.iter().map(|segment| segment.end).fold(0.0, f64::max);
    let finished_at = input.finished_at.unwrap_or(started_at + seconds(last));
    if finished_at <= started_at {
        return Err(Error::Invalid("finished_at must be after started_at".into()));
    }
    let session = input.client_session_id.as_deref().map(str::trim).filter(|session| !session.is_empty());
    // The id is derived from the client's session id, so that a retry finds the first attempt. As it opens the conversation
    // once that is shared, others cannot compute it.
    let id_of_session = |session| context.resources.conversation_id_of_session(&context.caller.user, session);
    let id = session.map_or_else(resources::new_id, id_of_session);
    let source = input.source.as_deref().unwrap_or("phone");
    let segments: Vec<_> =
        (0..).zip(input.transcript_segments).map(|(place, segment)| segment_of(&id, place, segment)).collect();
    let new = NewConversation {
        id,
        started_at: Some(started_at),
        utc_offset,
        finished_at: Some(finished_at),
        source: serde_json::from_value(Value::from(source)).unwrap_or(ConversationSource::Unknown),
        language: input.language,
        geolocation: input.geolocation,
        external_data: None,
        client_device_id: input.client_device_id,
        client_platform: input.client_platform,
        status: ConversationStatus::Processing,
        segments: segments.clone(),
    };
    write(&context, new, &segments).await
}

pub(super) async fn finalize_current_conversation(
    context: Context,
    input: FinalizeCurrentConversation,
) -> Result<FinalizedConversation> {
    let current = context.conversations().newest(ConversationStatus::InProgress).await?;
    let current = current.ok_or_else(|| Error::NotFound("Conversation in progress not found".into()))?;
    attach_meeting(&context, &current, input.calendar_meeting_context).await?;
    processing::queue(&context.resources, &context.caller.user, &current.id, ProcessMode::Forced).await?;
    process(&context, &current.id).await?;
    Ok(FinalizedConversation { conversation: read(&context, &current.id).await?, messages: Vec::new() })
}

pub(super) async fn finalize_conversation(context: Context, input: FinalizeConversation) -> Result<Finalization> {
    let conversation = read(&context, &input.conversation_id).await?;
    attach_meeting(&context, &conversation, input.calendar_meeting_context).await?;
    if matches!(conversation.status, ConversationStatus::InProgress | ConversationStatus::Failed) {
        processing::queue(&context.resources, &context.caller.user, &conversation.id, ProcessMode::Forced).await?;
    }
    finalization(&context, &conversation.id).await
}

pub(super) async fn get_finalization(context: Context, input: GetFinalization) -> Result<Finalization> {
    finalization(&context, &input.conversation_id).await
}

pub(super) async fn reprocess_conversation(
    context: Context,
    input: ReprocessConversation,
) -> Result<ChangedConversation> {
    let conversation = read(&context, &input.conversation_id).await?;
    if input.app_id.is_some_and(|app| !app.is_empty()) {
        return Err(Error::NotFound("App not found".into()));
    }
    if conversation.status == ConversationStatus::InProgress {
        return Err(Error::Conflict("The conversation is still in progress".into()));
    }
    if let Some(language) = input.language_code {
        let language = ConversationChange { language: Some(language), ..ConversationChange::default() };
        context.conversations().change(&conversation.id, language).await?;
    }
    processing::queue(&context.resources, &context.caller.user, &conversation.id, ProcessMode::Forced).await?;
    context.progress(0, Some(1), "Processing the conversation").await;
    process(&context, &conversation.id).await?;
    Ok(ChangedConversation { success: true, conversation: read(&context, &conversation.id).await? })
}

pub(super) async fn test_prompt(context: Context, input: TestPrompt) -> Result<PromptTested> {
    let conversation = read(&context, &input.conversation_id).await?;
    let text = processing::transcript_of(&conversation);
    if text.trim().is_empty() {
        return Err(Error::Rejected("Conversation has no text or transcript".into()));
    }
    let Some(model) = &context.resources.llm else {
        return Err(Error::Unavailable("No language model is configured: set [model] to try prompts".into()));
    };
    let turns =
        [Turn::System(include_str!("test_prompt.md").into()), Turn::User(format!("{}\n\n{text}", input.prompt))];
    let pieces = model.answer(&turns, &[]).await?;
    futures::pin_mut!(pieces);
    let mut summary = String::new();
    while let Some(piece) = futures::StreamExt::next(&mut pieces).await {
        if let Piece::Text(text) = piece? {
            summary += &text;
        }
    }
    Ok(PromptTested { summary })
}

/// Stores a conversation, sends the user's webhook, and processes it, unless it already existed.
async fn write(context: &Context, new: NewConversation, said: &[TranscriptSegment]) -> Result<CreatedConversation> {
    let id = new.id.clone();
    context.progress(0, Some(2), "Storing the conversation").await;
    match context.conversations().create(new).await? {
        Created::New => {
            context.progress(1, Some(2), "Processing the conversation").await;
            webhooks::transcript(&context.resources, &context.caller.user, said).await?;
            process(context, &id).await?;
        }
        Created::Exists { .. } => {}
        Created::Deleted => return Ok(CreatedConversation { id, status: "deleted".into(), discarded: true }),
    }
    let Conversation { status, discarded, .. } =
        context.conversations().get_many(std::slice::from_ref(&id)).await?.pop().ok_or_else(not_found)?;
    let status = json!(status).as_str().unwrap_or_default().to_owned();
    Ok(CreatedConversation { id, status, discarded })
}

/// Processes a conversation, and waits for a limited time; the processing continues in the background.
pub(super) async fn process(context: &Context, id: &str) -> Result<()> {
    let (resources, user, id) = (context.resources.clone(), context.caller.user.clone(), id.to_owned());
    let running = tokio::spawn(async move { processing::run(&resources, &user, &id).await });
    match tokio::time::timeout(PROCESSING_TIMEOUT, running).await {
        // The error is stored with the job, which is retried.
        Ok(Ok(Err(error))) => tracing::warn!("a conversation could not be processed: {error}"),
        Ok(Err(panic)) => return Err(Error::Internal(panic.into())),
        Ok(Ok(Ok(_))) | Err(_) => {}
    }
    Ok(())
}

async fn finalization(context: &Context, id: &str) -> Result<Finalization> {
    processing::finalization(&context.resources, &context.caller.user, id).await?.ok_or_else(not_found)
}

async fn attach_meeting(
    context: &Context,
    conversation: &Conversation,
    meeting: Option<serde_json::Map<String, Value>>,
) -> Result<()> {
    let Some(meeting) = meeting else { return Ok(()) };
    let mut data = conversation.external_data.clone().unwrap_or_else(|| json!({}));
    data["calendar_meeting_context"] = Value::Object(meeting);
    let change = ConversationChange { external_data: Some(data), ..ConversationChange::default() };
    context.conversations().change(&conversation.id, change).await?;
    Ok(())
}

fn check(segments: &[NewSegment]) -> Result<()> {
    for (index, segment) in segments.iter().enumerate() {
        let wrong = match segment {
            segment if segment.end <= segment.start => "end time must be after start time",
            segment if segment.start < 0.0 => "start time cannot be negative",
            segment if segment.text.trim().is_empty() => "text cannot be empty",
            _ => continue,
        };
        return Err(Error::Invalid(format!("Segment {index}: {wrong}")));
    }
    Ok(())
}

/// A segment whose id is the same for a retry.
fn segment_of(conversation: &str, place: usize, new: NewSegment) -> TranscriptSegment {
    let number = new.speaker.rsplit('_').next().and_then(|number| number.parse().ok());
    let speaker_id = new.speaker_id.or(number).unwrap_or(0);
    TranscriptSegment {
        id: id_of(&format!("{conversation}\n{place}")),
        text: new.text.trim().to_owned(),
        speaker: new.speaker,
        speaker_id,
        speaker_name: String::new(),
        is_user: new.is_user,
        person_id: new.person_id,
        start: new.start,
        end: new.end,
        translations: Vec::new(),
        speech_profile_processed: true,
        stt_provider: None,
    }
}

/// A duration of at most a day.
fn seconds(seconds: f64) -> TimeDelta {
    const DAY: f64 = 86_400.0;
    TimeDelta::milliseconds((seconds.clamp(0.0, DAY) * 1000.0) as i64)
}
