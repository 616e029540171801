//! Spoken messages. The servers of these tests have no transcription endpoint.

use base64::{Engine, engine::general_purpose::STANDARD};
use serde_json::{Value, json};

use crate::support::tables::{Expected::Refused, Noun};

pub(crate) const NOUN: Noun = Noun {
    seed: |_| Box::pin(async { json!({}) }),
    calls: |_| vec![("transcribe_voice_message", recording())],
    attempts: |_| {
        let expected = Refused(503, "No transcription endpoint is configured: set speech.url");
        vec![("transcribe_voice_message", recording(), expected)]
    },
    owned_paths: |_| vec![],
    secrets: &[],
    volatile: &[],
};

fn recording() -> Value {
    let file = json!({ "name": "a.wav", "mime_type": "audio/wav", "content": STANDARD.encode("RIFF") });
    json!({ "files": [file], "language": "en" })
}
