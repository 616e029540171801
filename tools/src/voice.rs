//! Spoken messages: turn them into text.

mod recording;

use resources::speech::TranscriptionError;
use schemas::voice::*;

use crate::{Context, Error, Hints, Result, Tool, limits::Policy, route::post};

/// How long the bodies are that bring recordings, in bytes.
const LARGEST_RECORDING: usize = 200 << 20;

/// What is heard who calls while there is nothing that listens.
const NO_ENDPOINT: &str = "No transcription endpoint is configured: set speech.url";

pub(crate) fn tools() -> Vec<Tool> {
    vec![
        tool!(transcribe_voice_message)
            .limit(Policy::VoiceTranscribe)
            .app(post("/v2/voice-message/transcribe").files_or_bytes("files").largest(LARGEST_RECORDING))
            .hints(Hints { read_only: true, destructive: false, idempotent: true }),
    ]
}

async fn transcribe_voice_message(context: Context, input: TranscribeVoiceMessage) -> Result<Transcribed> {
    let speech = context.resources.speech.as_ref().ok_or_else(|| Error::Unavailable(NO_ENDPOINT.into()))?;
    if input.files.is_empty() {
        return Err(Error::Rejected("No audio was sent".into()));
    }
    let language = input.language.as_deref().and_then(plain_language);
    let samples = recording::Samples { rate: input.sample_rate, channels: input.channels };
    let (mut words, mut heard_language) = (Vec::new(), None);
    for file in input.files {
        let heard = speech.transcribe(recording::read(file, samples)?, language.as_deref()).await.map_err(refused)?;
        words.push(heard.text.trim().to_owned());
        heard_language = heard_language.or(heard.language);
    }
    words.retain(|words| !words.is_empty());
    Ok(Transcribed { transcript: words.join(" "), language: heard_language.or(language) })
}

/// The language without its country, as endpoints want it; `None` where it is to be found out.
fn plain_language(given: &str) -> Option<String> {
    let language = given.split(['-', '_']).next().unwrap_or_default().trim().to_lowercase();
    (!matches!(language.as_str(), "" | "auto" | "multi" | "null")).then_some(language)
}

fn refused(unheard: TranscriptionError) -> Error {
    match unheard {
        TranscriptionError::Unreadable(reason) => Error::Rejected(format!("The audio could not be read: {reason}")),
        TranscriptionError::Away(reason, Some(seconds)) => Error::Later(reason, seconds),
        TranscriptionError::Away(reason, None) => Error::Unavailable(reason),
    }
}
