//! What a user sets once.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// What a user has set, as it is stored.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct Preferences {
    /// The IANA name of the time zone that the user lives in, such as `Europe/Oslo`; none means UTC.
    #[schemars(example = &"Europe/Oslo")]
    pub time_zone: Option<String>,
    /// The language that the user speaks, such as `en`.
    #[schemars(example = &"en")]
    pub language: Option<String>,
    /// Whether speech is heard in that language alone, rather than in whichever is spoken.
    pub single_language_mode: bool,
    /// Words and names that come up in the user's speech, to be heard rightly.
    pub vocabulary: Vec<String>,
    /// Whether each day with conversations gets a summary; none means yes.
    pub daily_summary_enabled: Option<bool>,
    /// The hour of the user's day at which the summary is written; none means 22.
    pub daily_summary_hour: Option<u32>,
}

/// What changes in a user's preferences; an inner `None` takes a value away.
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

/// Get what the user has set: time zone and language. For how speech is transcribed, use get_transcription_preferences.
#[derive(Debug, Deserialize, JsonSchema)]
pub struct GetPreferences {}

/// What the user has set.
#[derive(Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub struct UserPreferences {
    /// The IANA name of the time zone that the user lives in; null means UTC.
    #[schemars(example = &"Europe/Oslo")]
    pub time_zone: Option<String>,
    /// The language that the user speaks.
    #[schemars(example = &"en")]
    pub language: Option<String>,
}

/// Set the user's time zone, by which days are told apart, or their language. For how speech is transcribed, use
/// set_transcription_preferences.
#[derive(Debug, Deserialize, JsonSchema)]
pub struct UpdatePreferences {
    /// The IANA name of the time zone that the user lives in; null means UTC.
    #[serde(default, deserialize_with = "crate::given")]
    #[schemars(example = &"Europe/Oslo")]
    pub time_zone: Option<Option<String>>,
    /// The language that the user speaks, such as `en` or `pt-BR`; null takes it away.
    #[serde(default, deserialize_with = "crate::given")]
    #[schemars(example = &"en")]
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

/// Set the language that the user speaks. One that is not told from others by ear turns single language mode on.
#[derive(Debug, Deserialize, JsonSchema)]
pub struct SetLanguage {
    /// The language, such as `en` or `pt-BR`.
    #[serde(default)]
    #[schemars(example = &"en")]
    pub language: Option<String>,
}

/// What setting the language came to.
#[derive(Debug, Serialize, JsonSchema)]
pub struct LanguageSet {
    /// Always `ok`.
    pub status: String,
    /// Whether speech is heard in that language alone from now on.
    pub single_language_mode: bool,
}

/// Get how the user's speech is transcribed. For time zone and language, use get_preferences.
#[derive(Debug, Deserialize, JsonSchema)]
pub struct GetTranscriptionPreferences {}

/// How the user's speech is transcribed.
#[derive(Debug, Serialize, JsonSchema)]
pub struct TranscriptionPreferences {
    /// Whether speech is heard in one language alone.
    pub single_language_mode: bool,
    /// Words and names that come up in the user's speech, to be heard rightly.
    pub vocabulary: Vec<String>,
    /// The language that the user speaks; empty while it is not known.
    pub language: String,
}

/// Set how the user's speech is transcribed. For time zone and language, use update_preferences.
#[derive(Debug, Deserialize, JsonSchema)]
pub struct SetTranscriptionPreferences {
    /// Whether speech is heard in one language alone.
    #[serde(default)]
    pub single_language_mode: Option<bool>,
    /// Words and names that come up in the user's speech; the first 100 are kept.
    #[serde(default)]
    #[schemars(length(max = 1000))]
    pub vocabulary: Option<Vec<String>>,
}

/// Register a device of the user's: its time zone becomes the user's. Nothing is pushed to devices yet.
#[derive(Debug, Deserialize, JsonSchema)]
pub struct RegisterDevice {
    /// The device's push token; it is not kept.
    pub fcm_token: String,
    /// The IANA name of the device's time zone.
    #[schemars(example = &"Europe/Oslo")]
    pub time_zone: String,
}
