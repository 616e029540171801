//! `POST /v2/messages`: chat, with the answer as a stream.

use std::{collections::HashMap, io, sync::Arc};

use base64::{Engine, engine::general_purpose::STANDARD};
use futures::{Stream, StreamExt};
use http::header;
use openapi::{read_json, refuse};
use poem::{Body, Request, Response};
use schemas::audit::AuditAccess;
use serde_json::{Map, Value};
use tools::{
    Error,
    assistant::agent::{self, Frame},
    limits::Policy,
    streaming::StreamOperation,
};

use super::State;

const SEND_MESSAGE: StreamOperation =
    StreamOperation { name: "send_message", access: Some(AuditAccess::Write), policies: &[Policy::ChatSend] };

/// The maximum size of the body, in bytes.
const MAX_BODY: usize = 256 << 10;

/// Stands for a line break within a frame.
const LINE_BREAK: &str = "__CRLF__";

/// Answers a question.
pub(super) async fn ask(state: Arc<State>, request: Request) -> Response {
    answer(&state, request).await.unwrap_or_else(|refusal| refusal)
}

async fn answer(state: &State, mut request: Request) -> Result<Response, Response> {
    let (context, permit) = state.admit(&request, &SEND_MESSAGE).await.map_err(refuse)?;
    let app_id = app_id(&request);
    let body = read_json(&mut request, MAX_BODY).await?;
    let invalid = |error| refuse(Error::Invalid(format!("The body is not a JSON object: {error}")));
    let fields: Map<String, Value> = serde_json::from_slice(&body).map_err(invalid)?;
    let question = agent::parse_message(fields).map_err(|error| refuse(in_body(error)))?;
    let closed = state.connections.closed(request.remote_addr());
    let (_, frames) = agent::ask(context, app_id, question, closed).await.map_err(refuse)?;
    Ok(permit.hold(frames_response(frames)))
}

/// The app of the chat; clients send `null` or nothing for none.
pub(super) fn app_id(request: &Request) -> Option<String> {
    let query: HashMap<String, String> = request.params().unwrap_or_default();
    let given = query.get("app_id").or_else(|| query.get("plugin_id"));
    given.filter(|id| !id.is_empty() && *id != "null").cloned()
}

/// The frames of an answer as Omi clients read them: each a prefix, a payload and an empty line. They are not standard
/// server-sent events.
pub(super) fn frames_response(frames: impl Stream<Item = Frame> + Send + 'static) -> Response {
    let body = Body::from_bytes_stream(frames.map(|frame| encode(&frame)));
    Response::builder().content_type("text/event-stream").header(header::CACHE_CONTROL, "no-cache").body(body)
}

fn encode(frame: &Frame) -> io::Result<String> {
    let (prefix, payload) = match frame {
        Frame::Question(message) => ("message", STANDARD.encode(serde_json::to_vec(message)?)),
        Frame::Think(text) => ("think", on_one_line(text)),
        Frame::Data(text) => ("data", on_one_line(text)),
        Frame::Done(message) => ("done", STANDARD.encode(serde_json::to_vec(message)?)),
    };
    Ok(format!("{prefix}: {payload}\n\n"))
}

fn on_one_line(text: &str) -> String {
    text.replace("\r\n", LINE_BREAK).replace('\n', LINE_BREAK)
}

/// Adds to the location of each invalid argument that it is in the body.
fn in_body(mut error: Error) -> Error {
    if let Error::Arguments(issues) = &mut error {
        issues.iter_mut().for_each(|issue| issue.loc.insert(0, "body".into()));
    }
    error
}
