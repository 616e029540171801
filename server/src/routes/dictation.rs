//! Dictation: samples come in over a WebSocket, and whenever the client says `finalize`, what was said in them goes out.

use std::{collections::HashMap, time::Duration};

use base64::{Engine, engine::general_purpose::STANDARD};
use futures::{SinkExt, StreamExt};
use openapi::{locality, refuse};
use poem::{
    FromRequest, IntoResponse, Request, Response,
    web::websocket::{CloseCode, Message, WebSocket, WebSocketConfig, WebSocketStream},
};
use schemas::conversation::TranscriptSegment;
use serde_json::{Map, Value, json};
use tokio::time::{Instant, timeout, timeout_at};
use tools::{Context, Error, limits::Policy};

use super::Others;

/// How long no sound may come.
const PATIENCE: Duration = Duration::from_secs(60);

/// How long a client has to take leave.
const FAREWELL: Duration = Duration::from_secs(5);

/// How long the reason in a close frame may be, in bytes (RFC 6455, 5.5).
const LONGEST_REASON: usize = 123;

/// How many bytes of samples are kept until the client says `finalize`.
const LONGEST: usize = 25 << 20;

/// What a client wants to hear of what it sends.
#[derive(Debug, Clone)]
struct Wish {
    language: String,
    sample_rate: u32,
    channels: u16,
}

/// Why a connection ends, as its close frame says it.
type End = (CloseCode, String);

/// Takes a connection up; whoever has not signed in, or wants what there is not, is told so by how it closes.
pub(crate) async fn listen(others: &Others, request: Request) -> Response {
    let Ok(socket) = WebSocket::from_request_without_body(&request).await else {
        return refuse(Error::Rejected("This route is for WebSockets".into()));
    };
    let refused = |error: Error| match error {
        Error::Limited(_) => (CloseCode::Again, error.to_string()),
        error => (CloseCode::Policy, error.to_string()),
    };
    let context = others.sign_in.socket_context(request.headers()).await;
    let charged = context.and_then(|context| {
        context.check_rate_limit(&[Policy::VoiceStream], 1, locality(&request)).map_err(refused)?;
        Ok((others.streams.acquire(&context.caller.user).map_err(refused)?, context))
    });
    let begun = charged.and_then(|(place, context)| Ok((place, context, Wish::read(&request)?)));
    let dictation = async move |mut socket: WebSocketStream| {
        let end = match begun {
            Ok((_place, context, wish)) => dictate(&mut socket, &context, &wish).await,
            Err(end) => Some(end),
        };
        if let Some((code, mut reason)) = end {
            reason.truncate(reason.floor_char_boundary(LONGEST_REASON));
            // Whoever has gone already hears nothing; whoever is still sending must be able to read on.
            let _ = socket.send(Message::close_with(code, reason)).await;
            let _ = timeout(FAREWELL, async { while let Some(Ok(_)) = socket.next().await {} }).await;
        }
    };
    let largest = WebSocketConfig::default().max_message_size(Some(LONGEST)).max_frame_size(Some(LONGEST));
    socket.config(largest).on_upgrade(dictation).into_response()
}

impl Wish {
    fn read(request: &Request) -> Result<Self, End> {
        let query: HashMap<String, String> = request.params().unwrap_or_default();
        let wrong = |name: &str| (CloseCode::Policy, format!("{name} is not one that is understood here"));
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

    /// How many seconds so many bytes last.
    fn seconds(&self, bytes: usize) -> f64 {
        bytes as f64 / (2.0 * f64::from(self.channels) * f64::from(self.sample_rate))
    }
}

/// Listens until the client goes, or the server has enough; the latter is told why.
async fn dictate(socket: &mut WebSocketStream, context: &Context, wish: &Wish) -> Option<End> {
    if context.resources.speech.is_none() {
        return Some((CloseCode::Error, "No transcription endpoint is configured: set speech.url".into()));
    }
    let (mut samples, mut heard, mut deadline) = (Vec::new(), 0, Instant::now() + PATIENCE);
    loop {
        match timeout_at(deadline, socket.next()).await {
            Err(_) => return Some((CloseCode::Policy, "No audio has come for a minute".into())),
            Ok(Some(Ok(Message::Binary(more)))) if samples.len() + more.len() > LONGEST => {
                return Some((CloseCode::Policy, format!("More than {LONGEST} bytes have come without finalize")));
            }
            Ok(Some(Ok(Message::Binary(more)))) => {
                samples.extend(more);
                deadline = Instant::now() + PATIENCE;
            }
            Ok(Some(Ok(Message::Text(word)))) if word.trim() == "finalize" => {
                let length = samples.len();
                let segments = match transcribe(context, wish, heard, std::mem::take(&mut samples)).await {
                    Ok(segments) => json!(segments),
                    Err(error) => return Some((CloseCode::Error, error.to_string())),
                };
                heard += length;
                if socket.send(Message::text(segments.to_string())).await.is_err() {
                    return None;
                }
                deadline = Instant::now() + PATIENCE;
            }
            Ok(None | Some(Err(_) | Ok(Message::Close(_)))) => return None,
            Ok(Some(Ok(_))) => {}
        }
    }
}

/// What is said in these samples, of which so many bytes came before; nothing where nothing is heard.
async fn transcribe(
    context: &Context,
    wish: &Wish,
    before: usize,
    samples: Vec<u8>,
) -> tools::Result<Vec<TranscriptSegment>> {
    if samples.is_empty() {
        return Ok(Vec::new());
    }
    let (start, end) = (wish.seconds(before), wish.seconds(before + samples.len()));
    let content = Value::String(STANDARD.encode(samples));
    let file = [("name", json!("audio")), ("content", content)].map(|(name, value)| (name.to_owned(), value));
    let given = [
        ("files", Value::Array(vec![Value::Object(Map::from_iter(file))])),
        ("language", json!(wish.language)),
        ("sample_rate", json!(wish.sample_rate)),
        ("channels", json!(wish.channels)),
    ];
    let given = given.into_iter().map(|(name, value)| (name.to_owned(), value)).collect();
    let tool = tools::find("transcribe_voice_message").expect("voice is transcribed");
    let heard = tool.call(context.clone(), &tool.arguments, given).await?;
    let text = heard["transcript"].as_str().unwrap_or_default().to_owned();
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
