//! Database rows of conversations and what was said in them.

use std::collections::HashMap;

use chrono::{DateTime, Utc};
use schemas::conversation::*;
use serde::{Deserialize, Serialize};
use surrealdb::types::{RecordId, SurrealValue};

use super::NewConversation;
use crate::{
    database::{Json, name_of, value_of},
    transfer::ExportedConversation,
};

/// A row of `conversation`.
#[derive(Debug, Clone, SurrealValue)]
pub(crate) struct ConversationRow {
    pub(crate) cid: String,
    pub(crate) user: String,
    pub(crate) created_at: DateTime<Utc>,
    pub(crate) updated_at: DateTime<Utc>,
    pub(crate) started_at: Option<DateTime<Utc>>,
    pub(crate) finished_at: Option<DateTime<Utc>>,
    pub(crate) source: String,
    pub(crate) language: Option<String>,
    pub(crate) title: String,
    pub(crate) overview: String,
    pub(crate) emoji: String,
    pub(crate) category: String,
    pub(crate) discarded: bool,
    pub(crate) visibility: String,
    /// When it was shared or made public; none while it is private.
    pub(crate) shared_at: Option<DateTime<Utc>>,
    pub(crate) starred: bool,
    pub(crate) status: String,
    pub(crate) folder_id: Option<String>,
    pub(crate) processor: Option<String>,
    pub(crate) parts: Json<Parts>,
}

/// Fields that are neither searched nor sorted by.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub(crate) struct Parts {
    pub(crate) events: Vec<Event>,
    pub(crate) geolocation: Option<Geolocation>,
    pub(crate) apps_results: Vec<AppResult>,
    pub(crate) external_data: Option<serde_json::Value>,
    pub(crate) app_id: Option<String>,
    pub(crate) call_id: Option<String>,
    pub(crate) calendar_event: Option<CalendarEventLink>,
    pub(crate) client_device_id: Option<String>,
    pub(crate) client_platform: Option<String>,
    /// The offset from UTC, in seconds, of the time at which it began, as its client wrote it.
    pub(crate) utc_offset: Option<i32>,
    /// Whether the user has set the title, which processing then does not change.
    pub(crate) titled: bool,
}

/// A row of `segment`.
#[derive(Debug, Clone, SurrealValue)]
pub(crate) struct SegmentRow {
    pub(crate) user: String,
    pub(crate) conversation: String,
    /// Its place in the transcript, counted from 0; places grow, but may leave gaps.
    pub(crate) place: i64,
    pub(crate) sid: String,
    pub(crate) text: String,
    pub(crate) speaker: String,
    pub(crate) speaker_id: i64,
    pub(crate) is_user: bool,
    pub(crate) person_id: Option<String>,
    pub(crate) start: f64,
    pub(crate) end: f64,
    pub(crate) more: Json<More>,
}

/// What is only exported for clients.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub(crate) struct More {
    pub(crate) translations: Vec<Translation>,
    pub(crate) stt_provider: Option<String>,
}

impl ConversationRow {
    pub(crate) fn new(user: &str, new: &NewConversation) -> Self {
        let now = crate::now();
        Self {
            cid: new.id.clone(),
            user: user.to_owned(),
            created_at: new.started_at.map_or(now, |time| time.min(now)),
            updated_at: now,
            started_at: new.started_at,
            finished_at: new.finished_at,
            source: name_of(&new.source),
            language: new.language.clone(),
            title: String::new(),
            overview: String::new(),
            emoji: Structured::default().emoji,
            category: name_of(&ConversationCategory::Other),
            discarded: false,
            visibility: name_of(&ConversationVisibility::Private),
            shared_at: None,
            starred: false,
            status: name_of(&new.status),
            folder_id: None,
            processor: None,
            parts: Json(Parts {
                geolocation: new.geolocation.clone(),
                external_data: new.external_data.clone(),
                client_device_id: new.client_device_id.clone(),
                client_platform: new.client_platform.clone(),
                utc_offset: new.utc_offset,
                ..Parts::default()
            }),
        }
    }

    /// When the conversation began, as far as that is known.
    pub(crate) fn start(&self) -> DateTime<Utc> {
        self.started_at.unwrap_or(self.created_at)
    }

    /// The row of a conversation that was written elsewhere.
    pub(super) fn of(user: &str, exported: &ExportedConversation) -> Self {
        let from = &exported.conversation;
        let Structured { title, overview, emoji, category, events, .. } = from.structured.clone();
        Self {
            cid: from.id.clone(),
            user: user.to_owned(),
            created_at: from.created_at,
            updated_at: from.updated_at,
            started_at: from.started_at,
            finished_at: from.finished_at,
            source: name_of(&from.source),
            language: from.language.clone(),
            title,
            overview,
            emoji,
            category: name_of(&category),
            discarded: from.discarded,
            visibility: name_of(&from.visibility),
            shared_at: (from.visibility != ConversationVisibility::Private).then(crate::now),
            starred: from.starred,
            status: name_of(&from.status),
            folder_id: from.folder_id.clone(),
            processor: from.processor.as_ref().map(name_of),
            parts: Json(Parts {
                events,
                geolocation: from.geolocation.clone(),
                apps_results: from.apps_results.clone(),
                external_data: from.external_data.clone(),
                app_id: from.app_id.clone(),
                call_id: from.call_id.clone(),
                calendar_event: from.calendar_event.clone(),
                client_device_id: from.client_device_id.clone(),
                client_platform: from.client_platform.clone(),
                utc_offset: None,
                titled: exported.titled,
            }),
        }
    }
}

/// A conversation without transcript, photos, action items, and the names of folders and people.
impl From<ConversationRow> for Conversation {
    fn from(row: ConversationRow) -> Self {
        let parts = row.parts.0;
        let plugin =
            |result: &AppResult| PluginResult { plugin_id: result.app_id.clone(), content: result.content.clone() };
        Self {
            id: row.cid,
            created_at: row.created_at,
            updated_at: row.updated_at,
            started_at: row.started_at,
            finished_at: row.finished_at,
            source: value_of(&row.source).unwrap_or(ConversationSource::Unknown),
            language: row.language,
            structured: Structured {
                title: row.title,
                overview: row.overview,
                emoji: row.emoji,
                category: value_of(&row.category).unwrap_or_default(),
                action_items: Vec::new(),
                events: parts.events,
            },
            transcript_segments: None,
            transcript_segments_compressed: false,
            geolocation: parts.geolocation,
            photos: Vec::new(),
            audio_files: Vec::new(),
            private_cloud_sync_enabled: false,
            plugins_results: parts.apps_results.iter().map(plugin).collect(),
            apps_results: parts.apps_results,
            suggested_summarization_apps: Vec::new(),
            external_data: parts.external_data,
            app_id: parts.app_id,
            discarded: row.discarded,
            visibility: value_of(&row.visibility).unwrap_or_default(),
            starred: row.starred,
            processing_conversation_id: None,
            processing_memory_id: None,
            status: value_of(&row.status).unwrap_or_default(),
            is_locked: false,
            deferred: false,
            data_protection_level: None,
            folder_id: row.folder_id,
            folder_name: None,
            call_id: parts.call_id,
            calendar_event: parts.calendar_event,
            client_device_id: parts.client_device_id,
            client_platform: parts.client_platform,
            processor: row.processor.and_then(|name| value_of(&name)),
        }
    }
}

impl SegmentRow {
    pub(crate) fn new(user: &str, conversation: &str, place: i64, from: TranscriptSegment) -> Self {
        Self {
            user: user.to_owned(),
            conversation: conversation.to_owned(),
            place,
            sid: from.id,
            text: from.text,
            speaker: from.speaker,
            speaker_id: from.speaker_id,
            is_user: from.is_user,
            person_id: from.person_id,
            start: from.start,
            end: from.end,
            more: Json(More { translations: from.translations, stt_provider: from.stt_provider }),
        }
    }

    /// The name of its speaker: that of the person, `User`, or `Speaker 1`. `names` has people's names by their ids.
    pub(crate) fn speaker_name(&self, names: &HashMap<String, String>) -> String {
        let person = self.person_id.as_ref().and_then(|id| names.get(id)).cloned();
        person.unwrap_or_else(|| if self.is_user { "User".to_owned() } else { format!("Speaker {}", self.speaker_id) })
    }

    pub(super) fn id(&self) -> RecordId {
        segment_record(&self.user, &self.conversation, self.place)
    }
}

/// A segment without the name of a person, which the caller fills in.
impl From<SegmentRow> for TranscriptSegment {
    fn from(row: SegmentRow) -> Self {
        Self {
            speaker_name: row.speaker_name(&HashMap::new()),
            id: row.sid,
            text: row.text,
            speaker: row.speaker,
            speaker_id: row.speaker_id,
            is_user: row.is_user,
            person_id: row.person_id,
            start: row.start,
            end: row.end,
            translations: row.more.0.translations,
            speech_profile_processed: true,
            stt_provider: row.more.0.stt_provider,
        }
    }
}

/// The id of a segment's row.
pub(crate) fn segment_record(user: &str, conversation: &str, place: i64) -> RecordId {
    use surrealdb::types::{Array, Value};
    let key = [user.to_owned().into_value(), conversation.to_owned().into_value(), place.into_value()];
    RecordId::new("segment", Array::from(key.into_iter().collect::<Vec<Value>>()))
}
