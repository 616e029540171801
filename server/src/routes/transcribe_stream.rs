//! `GET /v2/voice-message/transcribe-stream`: transcription over a WebSocket. The client sends samples; whenever it
//! sends `finalize`, it receives the transcript of the samples since the last one.

use std::{collections::HashMap, sync::Arc, time::Duration};

use base64::{Engine, engine::general_purpose::STANDARD};
use futures::{SinkExt, StreamExt};
use openapi::{BodyMemory, refuse};
use poem::{
    FromRequest, IntoResponse, Request, Response,
    web::websocket::{CloseCode, Message, WebSocket, WebSocketConfig, WebSocketStream},
};
use schemas::conversation::TranscriptSegment;
use serde_json::{Map, Value, json};
use tokio::time::{Instant, timeout, timeout_at};
use tools::{Context, Error, limits::Policy, streaming::StreamOperation};

use super::State;

/// Its transcriptions are tool calls, which are recorded themselves.
const TRANSCRIBE: StreamOperation =
    StreamOperation { name: "transcribe_stream", access: None, policies: &[Policy::VoiceStream] };

/// The maximum time between two messages of the client.
const IDLE_TIMEOUT: Duration = Duration::from_secs(60);

/// The maximum time for the closing handshake.
const CLOSE_TIMEOUT: Duration = Duration::from_secs(5);

/// The maximum length of the reason in a close frame, in bytes (RFC 6455, 5.5).
const MAX_REASON: usize = 123;

/// The maximum number of bytes of samples that are kept until the client sends `finalize`.
const MAX_SAMPLES: usize = 25 << 20;

/// The maximum size of a message, in bytes: before the caller is known to be admitted, and after.
const MAX_REFUSED_MESSAGE: usize = 4 << 10;
const MAX_MESSAGE: usize = 4 << 20;

/// The format of the audio.
#[derive(Debug, Clone)]
struct AudioFormat {
    language: String,
    sample_rate: u32,
    channels: u16,
}

/// The close code of a connection, and the reason.
type Close = (CloseCode, String);

/// Upgrades the connection. Refusals are sent as its close code.
pub(super) async fn transcribe(state: Arc<State>, request: Request) -> Response {
    let Ok(socket) = WebSocket::from_request_without_body(&request).await else {
        return refuse(Error::Rejected("This route requires a WebSocket".into()));
    };
    let refused = |error: Error| match error {
        Error::Limited(_) => (CloseCode::Again, error.to_string()),
        error => (CloseCode::Policy, error.to_string()),
    };
    let admitted = state.authenticator.socket_context(request.headers()).await.and_then(|context| {
        let permit = state.open(&context, &request, &TRANSCRIBE).map_err(refused)?;
        Ok((permit, context, AudioFormat::read(&request)?))
    });
    let max_message = if admitted.is_ok() { MAX_MESSAGE } else { MAX_REFUSED_MESSAGE };
    let serve = async move |mut socket: WebSocketStream| {
        let close = match admitted {
            Ok((_permit, context, format)) => receive_audio(&mut socket, &context, &format).await,
            Err(close) => Some(close),
        };
        if let Some((code, mut reason)) = close {
            reason.truncate(reason.floor_char_boundary(MAX_REASON));
            // The client may be gone already, or still sending: what it sends is read until it closes.
            let _ = socket.send(Message::close_with(code, reason)).await;
            let _ = timeout(CLOSE_TIMEOUT, async { while let Some(Ok(_)) = socket.next().await {} }).await;
        }
    };
    let config = WebSocketConfig::default().max_message_size(Some(max_message)).max_frame_size(Some(max_message));
    socket.config(config).on_upgrade(serve).into_response()
}

impl AudioFormat {
    fn read(request: &Request) -> Result<Self, Close> {
        let query: HashMap<String, String> = request.params().unwrap_or_default();
        let wrong = |name: &str| (CloseCode::Policy, format!("{name} is not supported"));
        let given = |name: &str, default: &str| query.get(name).map_or(default, String::as_str).to_owned();
        if given("codec", "linear16") != "linear16" {
            return Err(wrong("codec"));
        }
        let sample_rate = given("sample_rate", "16000").parse().ok().filter(|rate| (8000..=48_000).contains(rate));
        let channels = given("channels", "1").parse().ok().filter(|channels| *channels == 1);
        Ok(Self {
            language: given("language", "en"),
            sample_rate: sample_rate.ok_or_else(|| wrong("sample_rate"))?,
            channels: channels.ok_or_else(|| wrong("channels"))?,
        })
    }

    /// The duration of so many bytes, in seconds.
    fn seconds(&self, bytes: usize) -> f64 {
        bytes as f64 / (2.0 * f64::from(self.channels) * f64::from(self.sample_rate))
    }
}

/// Receives audio until the client disconnects, or until an error, which is returned.
async fn receive_audio(socket: &mut WebSocketStream, context: &Context, format: &AudioFormat) -> Option<Close> {
    if context.resources.speech.is_none() {
        return Some((CloseCode::Error, "No transcription endpoint is configured: set speech.url".into()));
    }
    let (mut samples, mut transcribed, mut deadline) = (Vec::new(), 0, Instant::now() + IDLE_TIMEOUT);
    let mut memory = BodyMemory::of(&context.caller.user);
    loop {
        match timeout_at(deadline, socket.next()).await {
            Err(_) => return Some((CloseCode::Policy, "No audio was received for a minute".into())),
            Ok(Some(Ok(Message::Binary(more)))) if samples.len() + more.len() > MAX_SAMPLES => {
                return Some((
                    CloseCode::Policy,
                    format!("More than {MAX_SAMPLES} bytes were received without `finalize`"),
                ));
            }
            Ok(Some(Ok(Message::Binary(more)))) => {
                if memory.grow(more.len()).is_err() {
                    return Some((CloseCode::Again, "Too many uploads at once; try again later".into()));
                }
                samples.extend(more);
                deadline = Instant::now() + IDLE_TIMEOUT;
            }
            Ok(Some(Ok(Message::Text(text)))) if text.trim() == "finalize" => {
                let length = samples.len();
                let segments =
                    match transcribe_samples(context, format, transcribed, std::mem::take(&mut samples)).await {
                        Ok(segments) => json!(segments),
                        Err(error) => return Some((CloseCode::Error, error.to_string())),
                    };
                transcribed += length;
                memory = BodyMemory::of(&context.caller.user);
                if socket.send(Message::text(segments.to_string())).await.is_err() {
                    return None;
                }
                deadline = Instant::now() + IDLE_TIMEOUT;
            }
            Ok(None | Some(Err(_) | Ok(Message::Close(_)))) => return None,
            Ok(Some(Ok(_))) => {}
        }
    }
}

/// The transcript of these samples, before which so many bytes were transcribed; empty where no speech is recognized.
async fn transcribe_samples(
    context: &Context,
    format: &AudioFormat,
    before: usize,
    samples: Vec<u8>,
) -> tools::Result<Vec<TranscriptSegment>> {
    if samples.is_empty() {
        return Ok(Vec::new());
    }
    let (start, end) = (format.seconds(before), format.seconds(before + samples.len()));
    let content = Value::String(STANDARD.encode(samples));
    let file = [("name", json!("audio")), ("content", content)].map(|(name, value)| (name.to_owned(), value));
    let given = [
        ("files", Value::Array(vec![Value::Object(Map::from_iter(file))])),
        ("language", json!(format.language)),
        ("sample_rate", json!(format.sample_rate)),
        ("channels", json!(format.channels)),
    ];
    let given = given.into_iter().map(|(name, value)| (name.to_owned(), value)).collect();
    let tool = tools::find("transcribe_voice_message").expect("the tool exists");
    let output = tool.call(context.clone(), &tool.arguments, given).await?;
    let text = output["transcript"].as_str().unwrap_or_default().to_owned();
    let segment = TranscriptSegment {
        id: resources::new_id(),
        text,
        speaker: "SPEAKER_00".into(),
        speaker_id: 0,
        speaker_name: "User".into(),
        is_user: true,
        person_id: None,
        start,
        end,
        translations: Vec::new(),
        speech_profile_processed: false,
        stt_provider: context.resources.speech.as_ref().map(|speech| speech.name().to_owned()),
    };
    Ok(Some(segment).filter(|segment| !segment.text.is_empty()).into_iter().collect())
}
