//! User preferences.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// The stored preferences of a user.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct Preferences {
    /// The IANA name of the time zone that the user lives in, such as `Europe/Oslo`; none means UTC.
    #[schemars(example = &"Europe/Oslo")]
    pub time_zone: Option<String>,
    /// The language that the user speaks, such as `en`.
    #[schemars(example = &"en")]
    pub language: Option<String>,
    /// Whether speech is transcribed in that language only, instead of detecting the language.
    pub single_language_mode: bool,
    /// Words and names that occur in the user's speech, for better transcription.
    pub vocabulary: Vec<String>,
    /// Whether each day with conversations gets a summary; none means yes.
    pub daily_summary_enabled: Option<bool>,
    /// The hour of the user's day at which the summary is written; none means 22.
    pub daily_summary_hour: Option<u32>,
}

/// What changes in a user's preferences; an inner `None` removes a value.
#[derive(Debug, Clone, Default, Serialize)]
#[expect(missing_docs, reason = "as in Preferences")]
pub struct PreferencesChange {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub time_zone: Option<Option<String>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub language: Option<Option<String>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub single_language_mode: Option<bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub vocabulary: Option<Vec<String>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub daily_summary_enabled: Option<bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub daily_summary_hour: Option<u32>,
}

/// Get the user's time zone and language. For how speech is transcribed, use get_transcription_preferences.
#[derive(Debug, Deserialize, JsonSchema)]
pub struct GetPreferences {}

/// The user's preferences.
#[derive(Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub struct UserPreferences {
    /// The IANA name of the time zone that the user lives in; null means UTC.
    #[schemars(example = &"Europe/Oslo")]
    pub time_zone: Option<String>,
    /// The language that the user speaks.
    #[schemars(example = &"en")]
    pub language: Option<String>,
}

/// Set the user's time zone, which determines their days, or their language. For how speech is transcribed, use
/// set_transcription_preferences.
#[derive(Debug, Deserialize, JsonSchema)]
pub struct UpdatePreferences {
    /// The IANA name of the time zone that the user lives in; null means UTC.
    #[serde(default, deserialize_with = "crate::given")]
    #[schemars(example = &"Europe/Oslo")]
    #[schemars(length(max = 64))]
    pub time_zone: Option<Option<String>>,
    /// The language that the user speaks, such as `en` or `pt-BR`; null removes it.
    #[serde(default, deserialize_with = "crate::given")]
    #[schemars(example = &"en")]
    #[schemars(length(max = 64))]
    pub language: Option<Option<String>>,
}

/// Get the language that the user speaks.
#[derive(Debug, Deserialize, JsonSchema)]
pub struct GetLanguage {}

/// The language that the user speaks.
#[derive(Debug, Serialize, JsonSchema)]
pub struct SpokenLanguage {
    /// The language, such as `en`; null while it is not known.
    #[schemars(example = &"en")]
    pub language: Option<String>,
}

/// Set the language that the user speaks. A language that cannot be detected turns single language mode on.
#[derive(Debug, Deserialize, JsonSchema)]
pub struct SetLanguage {
    /// The language, such as `en` or `pt-BR`.
    #[serde(default)]
    #[schemars(example = &"en")]
    #[schemars(length(max = 64))]
    pub language: Option<String>,
}

/// The result of setting the language.
#[derive(Debug, Serialize, JsonSchema)]
pub struct LanguageSet {
    /// Always `ok`.
    pub status: String,
    /// Whether speech is transcribed in that language only.
    pub single_language_mode: bool,
}

/// Get how the user's speech is transcribed. For time zone and language, use get_preferences.
#[derive(Debug, Deserialize, JsonSchema)]
pub struct GetTranscriptionPreferences {}

/// How the user's speech is transcribed.
#[derive(Debug, Serialize, JsonSchema)]
pub struct TranscriptionPreferences {
    /// Whether speech is transcribed in one language only.
    pub single_language_mode: bool,
    /// Words and names that occur in the user's speech, for better transcription.
    pub vocabulary: Vec<String>,
    /// The language that the user speaks; empty while it is not known.
    pub language: String,
}

/// Set how the user's speech is transcribed. For time zone and language, use update_preferences.
#[derive(Debug, Deserialize, JsonSchema)]
pub struct SetTranscriptionPreferences {
    /// Whether speech is transcribed in one language only.
    #[serde(default)]
    pub single_language_mode: Option<bool>,
    /// Words and names that occur in the user's speech; at most 100 are stored.
    #[serde(default)]
    #[schemars(length(max = 50_000))]
    #[schemars(inner(length(max = 256)))]
    pub vocabulary: Option<Vec<String>>,
}

/// Register a device of the user; its time zone becomes the user's. Push notifications are not sent yet.
#[derive(Debug, Deserialize, JsonSchema)]
pub struct RegisterDevice {
    /// The device's push token; it is not stored.
    #[schemars(length(max = 4096))]
    pub fcm_token: String,
    /// The IANA name of the device's time zone.
    #[schemars(example = &"Europe/Oslo")]
    #[schemars(length(max = 64))]
    pub time_zone: String,
}
