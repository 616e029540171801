//! Shared and public conversations, and the view of them that others get.

use std::collections::HashMap;

use resources::{
    conversations::{find_sharing_user, list_public},
    share_links::{FollowedLink, NoCopy, SharedRow, follow},
};
use schemas::{
    conversation::*,
    memory::Done,
    share_link::{ActiveShareLinks, CreatedShareLink, ShareLinkKind},
};

use super::not_found;
use crate::{Context, Error, Result, share_links};

pub(super) async fn get_shared_conversation(
    context: Context,
    input: GetSharedConversation,
) -> Result<SharedConversation> {
    let private = || Error::NotFound("Conversation is private".into());
    let database = &context.resources.database;
    let asked = input.conversation_id;
    let link: Option<FollowedLink<NoCopy>> = follow(database, ShareLinkKind::Conversation, &asked).await?;
    let by_link = link.and_then(|mut link| Some((link.user, link.rows.pop()?.id)));
    let found = match by_link {
        Some(found) => Some(found),
        None => find_sharing_user(database, &asked).await?.map(|user| (user, asked.clone())),
    };
    let (user, id) = found.ok_or_else(private)?;
    let conversation = context.resources.conversations(&user).get(&id).await?.ok_or_else(private)?;
    let (shown, people) = view_of(conversation);
    // The id would outlive the link: it opens the conversation while that is shared by its id.
    Ok(SharedConversation { conversation: Conversation { id: asked, ..shown }, people })
}

pub(super) async fn get_public_conversations(
    context: Context,
    input: GetPublicConversations,
) -> Result<PublicConversations> {
    let found = list_public(&context.resources.database, input.offset, input.limit).await?;
    Ok(PublicConversations { conversations: found.into_iter().map(|conversation| view_of(conversation).0).collect() })
}

pub(super) async fn share_conversation(context: Context, input: ShareConversation) -> Result<CreatedShareLink> {
    share_links::check_expiry(input.expires_at)?;
    let links = context.resources.share_links(&context.caller.user);
    let row = SharedRow { id: input.conversation_id, copy: NoCopy {} };
    let creation = links.create(ShareLinkKind::Conversation, &[row], input.expires_at).await?;
    let path = "/v1/conversations/{token}/shared";
    share_links::created_link(&context, creation, path, input.expires_at, not_found)
}

pub(super) async fn get_conversation_links(context: Context, _: GetConversationLinks) -> Result<ActiveShareLinks> {
    share_links::list(&context, ShareLinkKind::Conversation).await
}

pub(super) async fn revoke_conversation_link(context: Context, input: RevokeConversationLink) -> Result<Done> {
    share_links::revoke(&context, ShareLinkKind::Conversation, &input.link_id).await
}

/// What others see of a conversation, and the people who speak in it. Each field is named, so that a new one does not compile
/// before somebody has decided whether it is shown. What is not shown has the value that clients take for nothing.
fn view_of(from: Conversation) -> (Conversation, Vec<SharedPerson>) {
    let (segments, people) = view_of_segments(from.transcript_segments.unwrap_or_default());
    let shown = Conversation {
        id: from.id,
        created_at: from.created_at,
        updated_at: from.updated_at,
        started_at: from.started_at,
        finished_at: from.finished_at,
        source: from.source,
        language: from.language,
        structured: Structured {
            title: from.structured.title,
            overview: from.structured.overview,
            emoji: from.structured.emoji,
            category: from.structured.category,
            action_items: Vec::new(),
            events: Vec::new(),
        },
        transcript_segments: Some(segments),
        transcript_segments_compressed: false,
        geolocation: None,
        photos: from.photos.into_iter().filter(|photo| !photo.discarded).map(view_of_photo).collect(),
        audio_files: Vec::new(),
        private_cloud_sync_enabled: false,
        apps_results: Vec::new(),
        plugins_results: Vec::new(),
        suggested_summarization_apps: Vec::new(),
        external_data: None,
        app_id: None,
        discarded: false,
        visibility: from.visibility,
        starred: false,
        processing_conversation_id: None,
        processing_memory_id: None,
        status: from.status,
        is_locked: false,
        deferred: false,
        data_protection_level: None,
        folder_id: None,
        folder_name: None,
        call_id: None,
        calendar_event: None,
        client_device_id: None,
        client_platform: None,
        processor: None,
    };
    (shown, people)
}

fn view_of_photo(from: ConversationPhoto) -> ConversationPhoto {
    ConversationPhoto {
        id: None,
        base64: from.base64,
        description: from.description,
        created_at: from.created_at,
        discarded: false,
    }
}

/// The segments, in which people are numbered in the place of their ids, and the people by these numbers.
fn view_of_segments(segments: Vec<TranscriptSegment>) -> (Vec<TranscriptSegment>, Vec<SharedPerson>) {
    let mut people = Vec::new();
    let mut numbers: HashMap<String, String> = HashMap::new();
    let mut view_of_segment = |from: TranscriptSegment| {
        let number = |person: String| {
            let known = numbers.entry(person);
            let number = known.or_insert_with(|| {
                let id = format!("person-{}", people.len() + 1);
                people.push(SharedPerson { id: id.clone(), name: from.speaker_name.clone() });
                id
            });
            number.clone()
        };
        TranscriptSegment {
            person_id: from.person_id.map(number),
            id: from.id,
            text: from.text,
            speaker: from.speaker,
            speaker_id: from.speaker_id,
            speaker_name: from.speaker_name,
            is_user: from.is_user,
            start: from.start,
            end: from.end,
            translations: from.translations,
            speech_profile_processed: from.speech_profile_processed,
            stt_provider: None,
        }
    };
    let shown = segments.into_iter().map(&mut view_of_segment).collect();
    (shown, people)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use serde_json::{Value, json};

    use super::*;

    /// Marks each text with the path to it.
    fn conversation() -> Conversation {
        let time = "2026-05-04T07:00:00Z";
        let text = |path: &str| format!("«{path}»");
        let segment = |person: &str| {
            json!({
                "id": text("segment.id"), "text": text("segment.text"), "speaker": text("segment.speaker"),
                "speaker_id": 1, "speaker_name": text("segment.speaker_name"), "is_user": false, "person_id": person,
                "start": 0.0, "end": 1.0, "speech_profile_processed": true,
                "translations": [{ "lang": "de", "text": text("segment.translation") }],
                "stt_provider": text("segment.stt_provider"),
            })
        };
        let photo = |discarded: bool| {
            json!({
                "id": text("photo.id"), "base64": if discarded { text("photo.discarded") } else { text("photo.base64") },
                "description": text("photo.description"), "created_at": time, "discarded": discarded,
            })
        };
        let item = json!({
            "description": text("action_item"), "completed": false, "created_at": time, "updated_at": time,
            "due_at": time, "completed_at": null, "conversation_id": text("action_item.conversation"),
        });
        let structured = json!({
            "title": text("title"), "overview": text("overview"), "emoji": text("emoji"), "category": "work",
            "action_items": [item], "events": [{ "title": text("event"), "start": time }],
        });
        let calendar = json!({
            "event_id": text("calendar.id"), "title": text("calendar.title"), "attendees": [text("calendar.attendee")],
            "attendee_emails": [text("calendar.email")], "start_time": time, "end_time": time,
            "html_link": text("calendar.link"),
        });
        let result = |name: &str| json!([{ name: text("result.app"), "content": text("result.content") }]);
        serde_json::from_value(json!({
            "id": text("id"), "created_at": time, "updated_at": time, "started_at": time, "finished_at": time,
            "source": "omi", "language": text("language"), "structured": structured,
            "transcript_segments": [segment("«ana»"), segment("«ben»"), segment("«ana»")],
            "transcript_segments_compressed": false,
            "geolocation": { "latitude": 1.0, "longitude": 2.0, "address": text("address") },
            "photos": [photo(false), photo(true)], "audio_files": [text("audio")], "private_cloud_sync_enabled": false,
            "apps_results": result("app_id"), "plugins_results": result("plugin_id"),
            "suggested_summarization_apps": [text("suggested_app")], "external_data": { "text": text("external") },
            "app_id": text("app_id"), "discarded": true, "visibility": "shared", "starred": true,
            "processing_conversation_id": text("processing"), "processing_memory_id": text("processing_memory"),
            "status": "completed", "is_locked": false, "deferred": false,
            "data_protection_level": text("protection"), "folder_id": text("folder_id"),
            "folder_name": text("folder_name"), "call_id": text("call_id"), "calendar_event": calendar,
            "client_device_id": text("device"), "client_platform": text("platform"), "processor": "local",
        }))
        .unwrap()
    }

    fn collect_texts(value: &Value, texts: &mut BTreeSet<String>) {
        match value {
            Value::String(text) if text.starts_with('«') => texts.extend([text.trim_matches(['«', '»']).to_owned()]),
            Value::Array(items) => items.iter().for_each(|item| collect_texts(item, texts)),
            Value::Object(fields) => fields.values().for_each(|field| collect_texts(field, texts)),
            _ => {}
        }
    }

    #[test]
    fn others_see_what_is_listed_and_nothing_else() {
        let (shown, people) = view_of(conversation());
        let mut texts = BTreeSet::new();
        collect_texts(&json!({ "conversation": shown, "people": people }), &mut texts);
        let expected = [
            "emoji",
            "id",
            "language",
            "overview",
            "photo.base64",
            "photo.description",
            "segment.id",
            "segment.speaker",
            "segment.speaker_name",
            "segment.text",
            "segment.translation",
            "title",
        ];
        assert_eq!(texts.iter().map(String::as_str).collect::<Vec<_>>(), expected);
        assert!(!shown.starred && !shown.discarded && shown.geolocation.is_none() && shown.processor.is_none());
    }

    #[test]
    fn people_are_numbered() {
        let (shown, people) = view_of(conversation());
        let segments = shown.transcript_segments.unwrap();
        let spoke: Vec<_> = segments.iter().map(|segment| segment.person_id.as_deref().unwrap()).collect();
        assert_eq!(spoke, ["person-1", "person-2", "person-1"]);
        assert_eq!(people.iter().map(|person| person.id.as_str()).collect::<Vec<_>>(), ["person-1", "person-2"]);
    }
}
