//! `POST /v2/voice-messages`: chat with a spoken question.

use std::sync::Arc;

use futures::{StreamExt, stream::once};
use openapi::{PreparedCall, refuse};
use poem::{Request, Response};
use schemas::audit::AuditAccess;
use serde_json::{Map, Value};
use tools::{
    Error,
    assistant::agent::{self, Frame},
    limits::Policy,
    streaming::StreamOperation,
};

use super::{
    State,
    chat::{app_id, frames_response},
};

const ASK_ALOUD: StreamOperation =
    StreamOperation { name: "ask_aloud", access: Some(AuditAccess::Write), policies: &[Policy::VoiceMessage] };

/// The maximum length of a question, in characters; the rest is cut off.
const MAX_QUESTION_LENGTH: usize = 20_000;

/// Transcribes the question and answers it. The first frame is the question as it was stored.
pub(super) async fn ask(state: Arc<State>, request: Request) -> Response {
    answer(&state, request).await.unwrap_or_else(|refusal| refusal)
}

async fn answer(state: &State, mut request: Request) -> Result<Response, Response> {
    let (context, permit) = state.admit(&request, &ASK_ALOUD).await.map_err(refuse)?;
    let app_id = app_id(&request);
    let (name, path) = ("transcribe_voice_message", "/v2/voice-message/transcribe");
    let mut call = PreparedCall::read(name, path, &context, &mut request).await?;
    if let Some(Value::Array(files)) = call.arguments.get_mut("files") {
        files.truncate(1);
    }
    let output = call.call(context.clone()).await.map_err(refuse)?;
    let text: String = output["transcript"].as_str().unwrap_or_default().chars().take(MAX_QUESTION_LENGTH).collect();
    if text.is_empty() {
        return Err(refuse(Error::Rejected("No speech was recognized in the audio".into())));
    }
    let question = agent::parse_message(Map::from_iter([("text".to_owned(), text.into())])).map_err(refuse)?;
    let closed = state.connections.closed(request.remote_addr());
    let (stored, frames) = agent::ask(context, app_id, question, closed).await.map_err(refuse)?;
    let frames = once(async { Frame::Question(Box::new(stored)) }).chain(frames);
    Ok(permit.hold(frames_response(frames)))
}
