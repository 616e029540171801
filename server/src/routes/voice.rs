//! Asking aloud: a spoken question, transcribed as its tool does it and then asked like a written one.

use futures::{StreamExt, stream::once};
use openapi::{PreparedCall, SignIn as _, locality, refuse};
use poem::{Request, Response};
use schemas::audit::AuditAccess;
use serde_json::{Map, Value};
use tools::{
    Audience, Error,
    assistant::agent::{self, Frame},
    limits::Policy,
};

use super::{Others, app_id, streamed};

/// How long a question may be, in characters; whoever talks on is not heard beyond.
const LONGEST_QUESTION: usize = 20_000;

/// Answers a spoken question: first the question as it was understood and stored, then as a written one is answered.
pub(crate) async fn ask(others: &Others, mut request: Request) -> Result<Response, Response> {
    let context = others.sign_in.context(Audience::App, request.headers()).await.map_err(refuse)?;
    context.note_acting("ask_aloud", AuditAccess::Write);
    context.check_rate_limit(&[Policy::VoiceMessage], 1, locality(&request)).map_err(refuse)?;
    let permit = others.streams.acquire(&context.caller.user).map_err(refuse)?;
    let app_id = app_id(&request);
    let (name, path) = ("transcribe_voice_message", "/v2/voice-message/transcribe");
    let mut spoken = PreparedCall::read(name, path, &context.caller.user, &mut request).await?;
    if let Some(Value::Array(files)) = spoken.arguments.get_mut("files") {
        files.truncate(1);
    }
    let heard = spoken.call(context.clone()).await.map_err(refuse)?;
    let text: String = heard["transcript"].as_str().unwrap_or_default().chars().take(LONGEST_QUESTION).collect();
    if text.is_empty() {
        return Err(refuse(Error::Rejected("No words were heard in the audio".into())));
    }
    let question = agent::parse_message(Map::from_iter([("text".to_owned(), text.into())])).map_err(refuse)?;
    let closed = others.connections.closed(request.remote_addr());
    let (asked, frames) = agent::ask(context, app_id, question, closed).await.map_err(refuse)?;
    let frames = once(async { Frame::Question(Box::new(asked)) }).chain(frames);
    Ok(permit.hold(streamed(frames)))
}
