//! Conversations: recorded talk, and what was extracted from it.

mod changes;
mod finalization;
mod listing;
mod segment;
mod structured;
mod writing;

use chrono::{DateTime, Utc};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

pub use changes::*;
pub use finalization::*;
pub use listing::*;
pub use segment::*;
pub use structured::*;
pub use writing::*;

/// The device or app that a conversation came from; `unknown` for names that are not in the list.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
#[expect(missing_docs, reason = "described on the enum, so that the schema stays a plain one")]
pub enum ConversationSource {
    Friend,
    #[default]
    Omi,
    Fieldy,
    Bee,
    Plaud,
    Frame,
    FriendCom,
    AppleWatch,
    Phone,
    PhoneCall,
    Desktop,
    Openglass,
    Screenpipe,
    Workflow,
    Sdcard,
    ExternalIntegration,
    Limitless,
    RaybanMeta,
    Onboarding,
    #[serde(other)]
    Unknown,
}

/// The status of a conversation: `in_progress` is being recorded, `processing` is being processed, `merging` is being
/// merged into another one, `completed` is done, `failed` could not be processed and keeps its transcript.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
#[expect(missing_docs, reason = "described on the enum, so that the schema stays a plain one")]
pub enum ConversationStatus {
    InProgress,
    Processing,
    Merging,
    #[default]
    Completed,
    Failed,
}

/// Who may see a conversation: only its user, everyone with the link, or everyone.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
#[expect(missing_docs, reason = "described on the enum, so that the schema stays a plain one")]
pub enum ConversationVisibility {
    #[default]
    Private,
    Shared,
    Public,
}

/// What produced the title, overview, action items and memories: `model` is the configured language model, `local`
/// the built-in rules.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
#[expect(missing_docs, reason = "described on the enum, so that the schema stays a plain one")]
pub enum Processor {
    Model,
    Local,
}

/// The source of a submitted text: a recording, a written message, or anything else.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
#[expect(missing_docs, reason = "described on the enum, so that the schema stays a plain one")]
pub enum TextSource {
    AudioTranscript,
    Message,
    #[default]
    OtherText,
}

/// A location.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Geolocation {
    /// The Google place id.
    #[serde(default)]
    #[schemars(length(max = 1024))]
    pub google_place_id: Option<String>,
    /// Latitude in degrees.
    #[schemars(range(min = -90.0, max = 90.0), example = 59.91)]
    pub latitude: f64,
    /// Longitude in degrees.
    #[schemars(range(min = -180.0, max = 180.0), example = 10.75)]
    pub longitude: f64,
    /// The address.
    #[serde(default)]
    #[schemars(length(max = 1024))]
    pub address: Option<String>,
    /// The type of the place.
    #[serde(default)]
    #[schemars(length(max = 256))]
    pub location_type: Option<String>,
}

/// A picture taken during a conversation.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct ConversationPhoto {
    /// Identifies the photo.
    pub id: Option<String>,
    /// The picture, as base64.
    pub base64: String,
    /// What it shows.
    pub description: Option<String>,
    /// When it was taken.
    pub created_at: DateTime<Utc>,
    /// Whether it was discarded as not useful.
    pub discarded: bool,
}

/// The result of an app for a conversation.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct AppResult {
    /// The app.
    pub app_id: Option<String>,
    /// What it wrote.
    pub content: String,
}

/// The result of an app, under the older name of apps.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct PluginResult {
    /// The app.
    pub plugin_id: Option<String>,
    /// What it wrote.
    pub content: String,
}

/// The calendar event that a conversation belongs to.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct CalendarEventLink {
    /// The event's id in its calendar.
    pub event_id: String,
    /// What the event is called.
    pub title: String,
    /// The names of the participants.
    #[serde(default)]
    pub attendees: Vec<String>,
    /// Their addresses.
    #[serde(default)]
    pub attendee_emails: Vec<String>,
    /// When it begins.
    pub start_time: DateTime<Utc>,
    /// When it ends.
    pub end_time: DateTime<Utc>,
    /// Its page.
    #[serde(default)]
    pub html_link: Option<String>,
}

/// A conversation: its transcript, and what was extracted from it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Conversation {
    /// Identifies the conversation.
    #[schemars(example = &"0b7a6f6e-54a5-4c8a-8d0e-6f1f4b1f8a11")]
    pub id: String,
    /// When it began, where that is known, else when it was stored. Lists are sorted by it.
    pub created_at: DateTime<Utc>,
    /// When it was last changed.
    pub updated_at: DateTime<Utc>,
    /// When it began.
    pub started_at: Option<DateTime<Utc>>,
    /// When it ended.
    pub finished_at: Option<DateTime<Utc>>,
    /// The device or app that it came from.
    pub source: ConversationSource,
    /// The language spoken, such as `en`.
    pub language: Option<String>,
    /// What was extracted from it.
    pub structured: Structured,
    /// The transcript, in order; null where it was not requested.
    pub transcript_segments: Option<Vec<TranscriptSegment>>,
    /// Whether the transcript is sent compressed; always false.
    pub transcript_segments_compressed: bool,
    /// Where it was.
    pub geolocation: Option<Geolocation>,
    /// Pictures taken during it; lists leave them out.
    pub photos: Vec<ConversationPhoto>,
    /// Recordings; always empty so far.
    pub audio_files: Vec<serde_json::Value>,
    /// Whether recordings are stored; always false so far.
    pub private_cloud_sync_enabled: bool,
    /// The results of apps.
    pub apps_results: Vec<AppResult>,
    /// The same under the older name of apps.
    pub plugins_results: Vec<PluginResult>,
    /// Apps that could summarise it.
    pub suggested_summarization_apps: Vec<String>,
    /// Its external data: the text it was created from, or its calendar meeting.
    pub external_data: Option<serde_json::Value>,
    /// The app that wrote it.
    pub app_id: Option<String>,
    /// Whether it is hidden from lists as not useful; it is not deleted.
    pub discarded: bool,
    /// Who may see it.
    pub visibility: ConversationVisibility,
    /// Whether the user has starred it.
    pub starred: bool,
    /// The older id of the conversation during processing.
    pub processing_conversation_id: Option<String>,
    /// The same under its older name.
    pub processing_memory_id: Option<String>,
    /// Its status.
    pub status: ConversationStatus,
    /// Whether it requires a paid plan; always false.
    pub is_locked: bool,
    /// Whether its processing is deferred; always false.
    pub deferred: bool,
    /// Its protection at rest.
    pub data_protection_level: Option<String>,
    /// The folder it is in.
    pub folder_id: Option<String>,
    /// The name of that folder.
    pub folder_name: Option<String>,
    /// The phone call that was recorded.
    pub call_id: Option<String>,
    /// The calendar event that it belongs to.
    pub calendar_event: Option<CalendarEventLink>,
    /// The device that recorded it.
    pub client_device_id: Option<String>,
    /// The platform of that device.
    pub client_platform: Option<String>,
    /// What produced the structured part; null before processing.
    pub processor: Option<Processor>,
}
