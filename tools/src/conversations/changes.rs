//! Change and delete conversations.

use std::collections::HashSet;

use resources::conversations::{Assignee, ConversationChange, SegmentSelection};
use schemas::{conversation::*, memory::Done};

use super::{not_found, queries::read};
use crate::{Context, Error, Result};

pub(super) async fn edit_conversation(context: Context, input: EditConversation) -> Result<ChangedConversation> {
    let title = input.title.map(|title| title.trim().to_owned());
    if title.is_none() && input.discarded.is_none() {
        return Err(Error::Invalid("At least one field (title or discarded) must be provided".into()));
    }
    if title.as_deref() == Some("") {
        return Err(Error::Invalid("title cannot be empty".into()));
    }
    change(
        &context,
        &input.conversation_id,
        ConversationChange { title, discarded: input.discarded, ..ConversationChange::default() },
    )
    .await
}

pub(super) async fn set_conversation_visibility(
    context: Context,
    input: SetConversationVisibility,
) -> Result<ChangedConversation> {
    if input.visibility == ConversationVisibility::Private {
        let links = context.resources.share_links(&context.caller.user);
        links.revoke_of_conversation(&input.conversation_id).await?;
    }
    let visibility = ConversationChange { visibility: Some(input.visibility), ..ConversationChange::default() };
    change(&context, &input.conversation_id, visibility).await
}

pub(super) async fn star_conversation(context: Context, input: StarConversation) -> Result<ChangedConversation> {
    let star = ConversationChange { starred: Some(input.starred), ..ConversationChange::default() };
    change(&context, &input.conversation_id, star).await
}

pub(super) async fn mark_conversation_events(
    context: Context,
    input: MarkConversationEvents,
) -> Result<ChangedConversation> {
    if input.events_idx.len() != input.values.len() {
        return Err(Error::Invalid("events_idx and values must be of the same length".into()));
    }
    let mut events = read(&context, &input.conversation_id).await?.structured.events;
    for (index, created) in input.events_idx.into_iter().zip(input.values) {
        let event = events.get_mut(index).ok_or_else(|| Error::Invalid(format!("events_idx: no event {index}")))?;
        event.created = created;
    }
    change(
        &context,
        &input.conversation_id,
        ConversationChange { events: Some(events), ..ConversationChange::default() },
    )
    .await
}

pub(super) async fn correct_segment(context: Context, input: CorrectSegment) -> Result<ChangedConversation> {
    read(&context, &input.conversation_id).await?;
    let text = input.text.trim();
    if text.is_empty() {
        return Err(Error::Invalid("text cannot be empty".into()));
    }
    if !context.conversations().correct(&input.conversation_id, &input.segment_id, text).await? {
        return Err(Error::NotFound("Segment not found".into()));
    }
    changed(&context, &input.conversation_id).await
}

pub(super) async fn edit_conversation_summary(
    context: Context,
    input: EditConversationSummary,
) -> Result<ChangedConversation> {
    let Some(app) = input.app_id else {
        let overview = ConversationChange { overview: Some(input.content), ..ConversationChange::default() };
        return change(&context, &input.conversation_id, overview).await;
    };
    let mut results = read(&context, &input.conversation_id).await?.apps_results;
    match results.iter_mut().find(|result| result.app_id.as_ref() == Some(&app)) {
        Some(result) => result.content = input.content,
        None => results.push(AppResult { app_id: Some(app), content: input.content }),
    }
    change(
        &context,
        &input.conversation_id,
        ConversationChange { apps_results: Some(results), ..ConversationChange::default() },
    )
    .await
}

pub(super) async fn assign_segments(context: Context, input: AssignSegments) -> Result<ChangedConversation> {
    let conversation = read(&context, &input.conversation_id).await?;
    let segments = conversation.transcript_segments.unwrap_or_default();
    let spoken = match (input.segment_idx, input.segment_ids, input.speaker_id) {
        (Some(place), ..) if place >= segments.len() => return Err(Error::NotFound("Segment not found".into())),
        (Some(place), ..) => SegmentSelection::Index(place),
        (None, Some(ids), _) => SegmentSelection::Ids(known(ids, &segments)?),
        (None, None, Some(speaker)) => SegmentSelection::Speaker(speaker),
        (None, None, None) => {
            return Err(Error::Invalid("segment_idx, speaker_id or segment_ids must be provided".into()));
        }
    };
    let value = input.value.filter(|value| value != "null" && !value.is_empty());
    let to = match (input.assign_type, value) {
        (AssignType::IsUser, Some(value)) if value.eq_ignore_ascii_case("true") => Assignee::User,
        (AssignType::IsUser, _) | (AssignType::PersonId, None) => Assignee::Unassigned,
        (AssignType::PersonId, Some(person)) => find_person(&context, person).await?,
    };
    context.conversations().assign(&input.conversation_id, &spoken, &to).await?;
    changed(&context, &input.conversation_id).await
}

pub(super) async fn assign_speaker(context: Context, input: AssignSpeaker) -> Result<SpeakerAssigned> {
    let conversation = read(&context, &input.conversation_id).await?;
    let segments = conversation.transcript_segments.unwrap_or_default();
    let ids = input.segment_ids.map(|ids| known(ids, &segments)).transpose()?;
    let spoken = match (input.speaker_id, ids) {
        (Some(speaker), Some(ids)) => SegmentSelection::SpeakerAmong(speaker, ids),
        (Some(speaker), None) => SegmentSelection::Speaker(speaker),
        (None, Some(ids)) => SegmentSelection::Ids(ids),
        (None, None) => return Err(Error::Invalid("speaker_id or segment_ids must be provided".into())),
    };
    let to = match input.assignee.as_str() {
        "user" => Assignee::User,
        person => find_person(&context, person.to_owned()).await?,
    };
    let updated_segment_count = context.conversations().assign(&input.conversation_id, &spoken, &to).await?;
    Ok(SpeakerAssigned {
        success: true,
        conversation_id: input.conversation_id,
        assignee: input.assignee,
        updated_segment_count,
        use_for_speech_training: input.use_for_speech_training,
    })
}

pub(super) async fn delete_conversation(context: Context, input: DeleteConversation) -> Result<Done> {
    let id = &input.conversation_id;
    if context.conversations().get_many(std::slice::from_ref(id)).await?.is_empty() {
        return Err(not_found());
    }
    // Extracted rows are deleted first: after a crash in between, the user can delete the conversation again.
    context.action_items().delete_of_conversation(id).await?;
    context.memories().delete_of_conversation(id).await?;
    context.conversations().delete(id).await?;
    Ok(Done::DONE)
}

/// These ids, each once, if all of them are of the transcript.
fn known(ids: Vec<String>, transcript: &[TranscriptSegment]) -> Result<HashSet<String>> {
    let there: HashSet<&str> = transcript.iter().map(|segment| segment.id.as_str()).collect();
    if ids.iter().all(|id| there.contains(id.as_str())) {
        Ok(ids.into_iter().collect())
    } else {
        Err(Error::Conflict("Some segments are not in this conversation".into()))
    }
}

async fn find_person(context: &Context, person: String) -> Result<Assignee> {
    match context.resources.people(&context.caller.user).get(&person).await? {
        Some(_) => Ok(Assignee::Person(person)),
        None => Err(Error::NotFound("Person not found".into())),
    }
}

async fn change(context: &Context, id: &str, change: ConversationChange) -> Result<ChangedConversation> {
    context.conversations().change(id, change).await?.ok_or_else(not_found)?;
    changed(context, id).await
}

async fn changed(context: &Context, id: &str) -> Result<ChangedConversation> {
    Ok(ChangedConversation { success: true, conversation: read(context, id).await? })
}
