//! Transcribes voice messages.

mod recording;

use resources::{
    Resources,
    speech::{Speech, TranscriptionError},
};
use schemas::voice::*;

use crate::{Context, Error, Placement, Result, Tool, chat::CHAT, limits::Policy, tool::binding::post};

/// The maximum size of an upload, in bytes.
const MAX_UPLOAD: usize = 200 << 20;

/// The error while no transcription endpoint is configured.
const NO_ENDPOINT: &str = "No transcription endpoint is configured: set speech.url";

pub(crate) fn tools() -> Vec<Tool> {
    let ready = |resources: &Resources| speech_of(resources).map(drop);
    CHAT.tools([read!(transcribe_voice_message)
        .ready(ready)
        .limited(&[Policy::VoiceTranscribe])
        .app(post("/v2/voice-message/transcribe").placed(Placement::FormOrBytes("files")).max_body(MAX_UPLOAD))])
}

fn speech_of(resources: &Resources) -> Result<&Speech> {
    resources.speech.as_ref().ok_or_else(|| Error::Unavailable(NO_ENDPOINT.into()))
}

async fn transcribe_voice_message(context: Context, input: TranscribeVoiceMessage) -> Result<Transcribed> {
    let speech = speech_of(&context.resources)?;
    if input.files.is_empty() {
        return Err(Error::Rejected("No audio was sent".into()));
    }
    let language = input.language.as_deref().and_then(base_language);
    let samples = recording::Samples { rate: input.sample_rate, channels: input.channels };
    let (mut texts, mut detected_language) = (Vec::new(), None);
    for file in input.files {
        let transcription =
            speech.transcribe(recording::read(file, samples)?, language.as_deref()).await.map_err(to_error)?;
        texts.push(transcription.text.trim().to_owned());
        detected_language = detected_language.or(transcription.language);
    }
    texts.retain(|text| !text.is_empty());
    Ok(Transcribed { transcript: texts.join(" "), language: detected_language.or(language) })
}

/// The language without its region, as endpoints expect it; `None` when it should be detected.
fn base_language(given: &str) -> Option<String> {
    let language = given.split(['-', '_']).next().unwrap_or_default().trim().to_lowercase();
    (!matches!(language.as_str(), "" | "auto" | "multi" | "null")).then_some(language)
}

fn to_error(error: TranscriptionError) -> Error {
    match error {
        TranscriptionError::Unreadable(reason) => Error::Rejected(format!("The audio could not be read: {reason}")),
        TranscriptionError::Unavailable(reason, Some(seconds)) => Error::Later(reason, seconds),
        TranscriptionError::Unavailable(reason, None) => Error::Unavailable(reason),
    }
}
