//! Conversations: what was said, and what was made of it.

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

/// The device or app that a conversation came from; `unknown` stands for names that are not in the list.
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

/// Where a conversation stands: `in_progress` is still being heard, `processing` is being understood, `merging` is on
/// its way into another one, `completed` is done, `failed` could not be understood yet and keeps its transcript.
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

/// Who may see a conversation: only its user, whoever has the link, or everyone.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
#[expect(missing_docs, reason = "described on the enum, so that the schema stays a plain one")]
pub enum ConversationVisibility {
    #[default]
    Private,
    Shared,
    Public,
}

/// What made the title, overview, action items and memories: `model` is the configured language model, `local` the rules
/// that work without one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
#[expect(missing_docs, reason = "described on the enum, so that the schema stays a plain one")]
pub enum Processor {
    Model,
    Local,
}

/// What a text that was handed in is: the words of a recording, a written message, or anything else.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
#[expect(missing_docs, reason = "described on the enum, so that the schema stays a plain one")]
pub enum TextSource {
    AudioTranscript,
    Message,
    #[default]
    OtherText,
}

/// A place on earth.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Geolocation {
    /// Google's id of the place.
    #[serde(default)]
    pub google_place_id: Option<String>,
    /// Degrees north.
    #[schemars(range(min = -90.0, max = 90.0), example = 59.91)]
    pub latitude: f64,
    /// Degrees east.
    #[schemars(range(min = -180.0, max = 180.0), example = 10.75)]
    pub longitude: f64,
    /// The address, for people.
    #[serde(default)]
    pub address: Option<String>,
    /// What sort of place it is.
    #[serde(default)]
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
    /// Whether it was judged not worth keeping.
    pub discarded: bool,
}

/// What an app made of a conversation.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct AppResult {
    /// The app.
    pub app_id: Option<String>,
    /// What it wrote.
    pub content: String,
}

/// What an app made of a conversation, under the older name of apps.
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
    /// The names of those who take part.
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

/// A conversation: its transcript, and what was made of it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Conversation {
    /// Identifies the conversation.
    #[schemars(example = &"0b7a6f6e-54a5-4c8a-8d0e-6f1f4b1f8a11")]
    pub id: String,
    /// When it was: when it began, where that is known, else when it was written here. Lists are sorted by it.
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
    /// What was made of it.
    pub structured: Structured,
    /// What was said, in order; null where the transcript was not asked for.
    pub transcript_segments: Option<Vec<TranscriptSegment>>,
    /// Whether the transcript is sent compressed; never so here.
    pub transcript_segments_compressed: bool,
    /// Where it was.
    pub geolocation: Option<Geolocation>,
    /// Pictures taken during it; lists leave them out.
    pub photos: Vec<ConversationPhoto>,
    /// Recordings; none are kept yet.
    pub audio_files: Vec<serde_json::Value>,
    /// Whether recordings are kept; never so yet.
    pub private_cloud_sync_enabled: bool,
    /// What apps made of it.
    pub apps_results: Vec<AppResult>,
    /// The same under the older name of apps.
    pub plugins_results: Vec<PluginResult>,
    /// Apps that could summarise it.
    pub suggested_summarization_apps: Vec<String>,
    /// What came along with it: the text it was made from, or its calendar meeting.
    pub external_data: Option<serde_json::Value>,
    /// The app that wrote it.
    pub app_id: Option<String>,
    /// Whether it was judged not worth keeping in view; it is kept all the same.
    pub discarded: bool,
    /// Who may see it.
    pub visibility: ConversationVisibility,
    /// Whether the user has starred it.
    pub starred: bool,
    /// An older handle of the conversation while it is processed.
    pub processing_conversation_id: Option<String>,
    /// The same under its older name.
    pub processing_memory_id: Option<String>,
    /// Where it stands.
    pub status: ConversationStatus,
    /// Whether it is hidden behind a paid plan; never so here.
    pub is_locked: bool,
    /// Whether its processing was put off; never so here.
    pub deferred: bool,
    /// How it is protected at rest.
    pub data_protection_level: Option<String>,
    /// The folder it is in.
    pub folder_id: Option<String>,
    /// The name of that folder.
    pub folder_name: Option<String>,
    /// The phone call that it was.
    pub call_id: Option<String>,
    /// The calendar event that it belongs to.
    pub calendar_event: Option<CalendarEventLink>,
    /// The device that heard it.
    pub client_device_id: Option<String>,
    /// The platform of that device.
    pub client_platform: Option<String>,
    /// What made the structured part; null before processing.
    pub processor: Option<Processor>,
}
