//! Transcription: a client of OpenAI-compatible endpoints.

use std::time::Duration;

use futures::stream;
use reqwest::{
    Body, Response, StatusCode,
    header::RETRY_AFTER,
    multipart::{Form, Part},
};
use serde::Deserialize;

use crate::{Error, Result, Secret, http};

/// The timeout of connecting.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);

/// The maximum length of a reported error, in characters.
const MAX_REASON_CHARS: usize = 300;

/// Settings of the transcription endpoint.
#[derive(Debug, Clone, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct SpeechSettings {
    /// The base URL, such as `http://localhost:8000/v1`; without one, nothing is transcribed.
    pub url: Option<String>,
    /// The API key, if it needs one.
    pub key: Option<Secret>,
    /// The name of the model; required with `url`.
    pub name: Option<String>,
    /// The timeout of a request, in seconds.
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
    timeout: Duration,
}

/// A recording.
#[derive(Debug, Clone)]
pub struct Recording {
    /// A file name; its extension says which format the recording has.
    pub name: String,
    /// The content in parts, which are sent one after another, so that raw samples can be prefixed with a header.
    pub pieces: Vec<Vec<u8>>,
}

/// The result of a transcription.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct Transcription {
    /// The text.
    pub text: String,
    /// The language, if the endpoint reports it.
    #[serde(default)]
    pub language: Option<String>,
}

/// Why a transcription failed.
#[derive(Debug, PartialEq, Eq)]
pub enum TranscriptionError {
    /// The endpoint cannot read the recording.
    Unreadable(String),
    /// The endpoint is unavailable or refuses; it may say after how many seconds to retry.
    Unavailable(String, Option<u64>),
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
        let client = http::client().connect_timeout(CONNECT_TIMEOUT).build().map_err(Error::internal)?;
        Ok(Some(Self {
            client,
            url: format!("{}/audio/transcriptions", url.trim_end_matches('/')),
            key: settings.key.clone(),
            name: name.clone(),
            timeout: Duration::from_secs(settings.timeout_seconds),
        }))
    }

    /// The name of the model.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Transcribes a recording in this language or, without one, in the detected one.
    ///
    /// # Errors
    /// [`TranscriptionError`] with the message of the endpoint.
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
        let request = async {
            read_transcription(request.send().await.map_err(|error| unavailable(http::root_cause(&error)))?).await
        };
        let result = tokio::time::timeout(self.timeout, request).await;
        result.unwrap_or_else(|_| Err(unavailable("it did not answer in time"))).map_err(|error| self.redact(error))
    }

    /// Removes the key, which some endpoints repeat.
    fn redact(&self, error: TranscriptionError) -> TranscriptionError {
        match (&self.key, error) {
            (Some(key), TranscriptionError::Unreadable(reason)) => TranscriptionError::Unreadable(key.redact(&reason)),
            (_, error) => error,
        }
    }
}

async fn read_transcription(response: Response) -> Result<Transcription, TranscriptionError> {
    let status = response.status();
    let retry_after = response.headers().get(RETRY_AFTER).and_then(|value| value.to_str().ok()?.trim().parse().ok());
    let text = response.text().await.map_err(|error| unavailable(http::root_cause(&error)))?;
    match status {
        status if status.is_success() => {
            serde_json::from_str(&text).map_err(|_| unavailable("its answer is not a transcript in JSON"))
        }
        StatusCode::BAD_REQUEST
        | StatusCode::PAYLOAD_TOO_LARGE
        | StatusCode::UNSUPPORTED_MEDIA_TYPE
        | StatusCode::UNPROCESSABLE_ENTITY => Err(TranscriptionError::Unreadable(reason(&text))),
        status => Err(TranscriptionError::Unavailable(
            format!("the transcription endpoint is unavailable: {status}"),
            retry_after,
        )),
    }
}

/// The message of an error response: in the common JSON form, or the text as it is.
fn reason(text: &str) -> String {
    let json: serde_json::Value = serde_json::from_str(text).unwrap_or_default();
    let message = [&json["error"]["message"], &json["detail"], &json["error"]];
    let message = message.into_iter().find_map(serde_json::Value::as_str).unwrap_or(text);
    message.chars().take(MAX_REASON_CHARS).collect()
}

fn unavailable(reason: impl std::fmt::Display) -> TranscriptionError {
    TranscriptionError::Unavailable(format!("the transcription endpoint is unavailable: {reason}"), None)
}
