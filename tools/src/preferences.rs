//! Preferences: the user's time zone and language, and how their speech is transcribed.

use chrono_tz::Tz;
use schemas::{
    memory::Done,
    preferences::*,
    scope::Scope::{MemoriesRead, MemoriesWrite},
};
use serde_json::json;

use crate::{
    Access, Context, Error, Issue, Result, Tool,
    tool::{
        Noun,
        binding::{post, status},
    },
    toolsets::Toolset,
};

/// The languages that speech recognition detects within one recording.
const MULTI_LANGUAGES: &[&str] = &["multi", "en", "es", "fr", "de", "hi", "ru", "pt", "ja", "it", "nl"];

/// The maximum number of words in a vocabulary.
const MAX_VOCABULARY: usize = 100;

/// The maximum length of a language tag, in characters.
const MAX_LANGUAGE: usize = 35;

/// The user's settings. Keys have no scope of their own for preferences; those for memories apply.
pub(crate) const PREFERENCES: Noun = Noun {
    scopes: Some((MemoriesRead, MemoriesWrite)),
    ..Noun::new("preference", "preferences", "preference_id", Toolset::Admin)
};

pub(crate) fn tools() -> Vec<Tool> {
    PREFERENCES.tools([
        read!(get_preferences).app("/v1/users/preferences").developer("/v1/dev/user/preferences"),
        update!(update_preferences).app("/v1/users/preferences").developer("/v1/dev/user/preferences"),
        read!(get_transcription_preferences).app("/v1/users/transcription-preferences"),
        update!(set_transcription_preferences).app("/v1/users/transcription-preferences"),
        // Older routes of the app.
        read!(get_language).access(Access::User).app("/v1/users/language"),
        update!(set_language).access(Access::User).app("/v1/users/language"),
        update!(register_device).access(Access::User).app(post("/v1/users/fcm-token").constant(status("Ok"))),
    ])
}

async fn get_preferences(context: Context, _: GetPreferences) -> Result<UserPreferences> {
    stored(&context).await.map(user_preferences)
}

async fn update_preferences(context: Context, input: UpdatePreferences) -> Result<UserPreferences> {
    if input.time_zone.is_none() && input.language.is_none() {
        return Err(Error::Invalid("At least one field (time_zone, language) must be provided".into()));
    }
    let time_zone = input.time_zone.map(|given| given.map(zone).transpose()).transpose()?;
    let language = input.language.map(|given| given.map(language).transpose()).transpose()?;
    let change = PreferencesChange { time_zone, language, ..PreferencesChange::default() };
    write(&context, change).await.map(user_preferences)
}

async fn get_transcription_preferences(
    context: Context,
    _: GetTranscriptionPreferences,
) -> Result<TranscriptionPreferences> {
    let Preferences { single_language_mode, vocabulary, language, .. } = stored(&context).await?;
    Ok(TranscriptionPreferences { single_language_mode, vocabulary, language: language.unwrap_or_default() })
}

async fn set_transcription_preferences(context: Context, input: SetTranscriptionPreferences) -> Result<Done> {
    let SetTranscriptionPreferences { single_language_mode, mut vocabulary } = input;
    vocabulary.iter_mut().for_each(|words| words.truncate(MAX_VOCABULARY));
    write(&context, PreferencesChange { single_language_mode, vocabulary, ..PreferencesChange::default() }).await?;
    Ok(Done::DONE)
}

async fn get_language(context: Context, _: GetLanguage) -> Result<SpokenLanguage> {
    Ok(SpokenLanguage { language: stored(&context).await?.language })
}

async fn set_language(context: Context, input: SetLanguage) -> Result<LanguageSet> {
    let given = input.language.filter(|language| !language.trim().is_empty());
    let chosen = language(given.ok_or_else(|| Error::Rejected("Language is required".into()))?)?;
    let base = chosen.split(['-', '_']).next().unwrap_or_default().to_lowercase();
    let single_language_mode = !MULTI_LANGUAGES.contains(&base.as_str());
    let change = PreferencesChange {
        language: Some(Some(chosen)),
        // A detected language leaves the mode as the user has chosen it.
        single_language_mode: single_language_mode.then_some(true),
        ..PreferencesChange::default()
    };
    write(&context, change).await?;
    Ok(LanguageSet { status: "ok".into(), single_language_mode })
}

async fn register_device(context: Context, input: RegisterDevice) -> Result<Done> {
    let time_zone = Some(Some(zone(input.time_zone)?));
    write(&context, PreferencesChange { time_zone, ..PreferencesChange::default() }).await?;
    Ok(Done::DONE)
}

async fn stored(context: &Context) -> Result<Preferences> {
    Ok(context.resources.preferences(&context.caller.user).get().await?)
}

async fn write(context: &Context, change: PreferencesChange) -> Result<Preferences> {
    Ok(context.resources.preferences(&context.caller.user).change(change).await?)
}

fn user_preferences(preferences: Preferences) -> UserPreferences {
    UserPreferences { time_zone: preferences.time_zone, language: preferences.language }
}

/// Parses the IANA name of a time zone.
fn zone(name: String) -> Result<String> {
    match name.trim().parse::<Tz>() {
        Ok(zone) => Ok(zone.name().to_owned()),
        Err(_) => Err(wrong("time_zone", name, "Input should be an IANA time zone, such as Europe/Oslo")),
    }
}

/// Parses a language tag, such as `en` or `pt-BR`.
fn language(tag: String) -> Result<String> {
    let trimmed = tag.trim();
    let is_tag = |sign: char| sign.is_ascii_alphanumeric() || matches!(sign, '-' | '_');
    if (2..=MAX_LANGUAGE).contains(&trimmed.len()) && trimmed.chars().all(is_tag) {
        Ok(trimmed.to_owned())
    } else {
        Err(wrong("language", tag, "Input should be the tag of a language, such as en or pt-BR"))
    }
}

fn wrong(field: &str, input: String, sentence: &str) -> Error {
    let (loc, msg) = (vec![json!(field)], sentence.to_owned());
    Error::Arguments(vec![Issue::new("value_error", loc, msg, &json!(input), None)])
}
