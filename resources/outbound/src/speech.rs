//! Turning speech into text: a client of an OpenAI-compatible transcription endpoint.

use std::time::Duration;

use futures::stream;
use reqwest::{
    Body, Response, StatusCode,
    header::RETRY_AFTER,
    multipart::{Form, Part},
};
use serde::Deserialize;

use crate::{Error, Result, Secret, http};

/// How long it may take to connect.
const CONNECT: Duration = Duration::from_secs(5);

/// How much of a refusal is told on, in characters.
const LONGEST_REASON: usize = 300;

/// What turns speech into text.
#[derive(Debug, Clone, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct SpeechSettings {
    /// The base URL, such as `http://localhost:8000/v1`; none means that nothing is transcribed.
    pub url: Option<String>,
    /// The key, if it wants one.
    pub key: Option<Secret>,
    /// The name of the model; required with `url`.
    pub name: Option<String>,
    /// Seconds to wait for a transcript.
    pub timeout_seconds: u64,
}

impl Default for SpeechSettings {
    fn default() -> Self {
        Self { url: None, key: None, name: None, timeout_seconds: 120 }
    }
}

/// A transcription endpoint.
pub struct Speech {
    client: reqwest::Client,
    url: String,
    key: Option<Secret>,
    name: String,
    patience: Duration,
}

/// A recording.
#[derive(Debug, Clone)]
pub struct Recording {
    /// A file name; its ending says what sort of recording it is.
    pub name: String,
    /// The recording in pieces, which are sent as they are, so that a header can be put before bare samples.
    pub pieces: Vec<Vec<u8>>,
}

/// What was heard.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct Transcription {
    /// The words.
    pub text: String,
    /// The language, where the endpoint tells it.
    #[serde(default)]
    pub language: Option<String>,
}

/// Why nothing was heard.
#[derive(Debug, PartialEq, Eq)]
pub enum TranscriptionError {
    /// The recording is not one that the endpoint can read.
    Unreadable(String),
    /// The endpoint is away, or does not want to; it may say after how many seconds to ask again.
    Away(String, Option<u64>),
}

impl Speech {
    /// The endpoint of the settings; `None` when none is configured.
    ///
    /// # Errors
    /// [`Error::Setting`] when a URL is given without a name.
    pub fn open(settings: &SpeechSettings) -> Result<Option<Self>> {
        let Some(url) = &settings.url else { return Ok(None) };
        let Some(name) = &settings.name else {
            return Err(Error::Setting("speech.name must be set together with speech.url".into()));
        };
        let client = http::client().connect_timeout(CONNECT).build().map_err(Error::internal)?;
        Ok(Some(Self {
            client,
            url: format!("{}/audio/transcriptions", url.trim_end_matches('/')),
            key: settings.key.clone(),
            name: name.clone(),
            patience: Duration::from_secs(settings.timeout_seconds),
        }))
    }

    /// What the endpoint calls the model.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// What is said in a recording, in this language or, without one, in whichever it is.
    ///
    /// # Errors
    /// [`TranscriptionError`], with what the endpoint said.
    pub async fn transcribe(
        &self,
        recording: Recording,
        language: Option<&str>,
    ) -> Result<Transcription, TranscriptionError> {
        let length = recording.pieces.iter().map(Vec::len).sum::<usize>() as u64;
        let pieces = stream::iter(recording.pieces.into_iter().map(Ok::<_, std::io::Error>));
        let part = Part::stream_with_length(Body::wrap_stream(pieces), length).file_name(recording.name);
        let form = Form::new().text("model", self.name.clone()).text("response_format", "json").part("file", part);
        let form = match language {
            Some(language) => form.text("language", language.to_owned()),
            None => form,
        };
        let request = self.client.post(&self.url).multipart(form);
        let request = match &self.key {
            Some(key) => request.bearer_auth(key.expose()),
            None => request,
        };
        let asking = async { read(request.send().await.map_err(|error| away(http::root_cause(&error)))?).await };
        let asked = tokio::time::timeout(self.patience, asking).await;
        asked.unwrap_or_else(|_| Err(away("it did not answer in time"))).map_err(|unheard| self.redact(unheard))
    }

    /// Without the key, which some endpoints repeat.
    fn redact(&self, unheard: TranscriptionError) -> TranscriptionError {
        match (&self.key, unheard) {
            (Some(key), TranscriptionError::Unreadable(reason)) => TranscriptionError::Unreadable(key.redact(&reason)),
            (_, unheard) => unheard,
        }
    }
}

async fn read(response: Response) -> Result<Transcription, TranscriptionError> {
    let status = response.status();
    let later = response.headers().get(RETRY_AFTER).and_then(|value| value.to_str().ok()?.trim().parse().ok());
    let text = response.text().await.map_err(|error| away(http::root_cause(&error)))?;
    match status {
        status if status.is_success() => {
            serde_json::from_str(&text).map_err(|_| away("its answer is not a transcript in JSON"))
        }
        StatusCode::BAD_REQUEST
        | StatusCode::PAYLOAD_TOO_LARGE
        | StatusCode::UNSUPPORTED_MEDIA_TYPE
        | StatusCode::UNPROCESSABLE_ENTITY => Err(TranscriptionError::Unreadable(reason(&text))),
        status => Err(TranscriptionError::Away(format!("the transcription endpoint is away: {status}"), later)),
    }
}

/// What an endpoint says of its refusal, in the form that they have agreed on, or as it is.
fn reason(text: &str) -> String {
    let json: serde_json::Value = serde_json::from_str(text).unwrap_or_default();
    let said = [&json["error"]["message"], &json["detail"], &json["error"]];
    let said = said.into_iter().find_map(serde_json::Value::as_str).unwrap_or(text);
    said.chars().take(LONGEST_REASON).collect()
}

fn away(reason: impl std::fmt::Display) -> TranscriptionError {
    TranscriptionError::Away(format!("the transcription endpoint is away: {reason}"), None)
}
