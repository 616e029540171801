//! Several messages in one JSON array, which the first revisions of the protocol allow and rmcp does not know.

use std::io;

use futures::{
    StreamExt, TryStreamExt,
    future::try_join_all,
    stream::{self, BoxStream},
};
use poem::{Endpoint, Request, Response, error::ReadBodyError, http::StatusCode};
use serde_json::Value;

use super::{
    endpoint::{Rmcp, like},
    errors::{invalid, understood},
    negotiate::{Accept, JSON},
    sse::{self, EVENTS, event, messages},
};

const MOST_MESSAGES: usize = 20;
const REVISIONS: [&str; 2] = ["2025-03-26", "2024-11-05"];

/// Whether a request may bring these messages; else why not.
pub(super) fn check(request: &Request, messages: &[Value]) -> Result<(), String> {
    if request.header("mcp-protocol-version").is_some_and(|version| !REVISIONS.contains(&version)) {
        return Err("This revision of the protocol has no batches".to_owned());
    }
    match messages.len() {
        1..=MOST_MESSAGES => Ok(()),
        _ => Err(format!("A batch has 1 to {MOST_MESSAGES} messages")),
    }
}

/// Has rmcp answer each of the messages by itself. Where one of the answers is a stream, and the client takes streams,
/// they come in one stream, each as soon as it is there; else in one array. `request` is the HTTP request without its
/// body. Fails when an answer breaks off.
pub(super) async fn answer(rmcp: &Rmcp, accept: Accept, request: Request, batch: &[Value]) -> poem::Result<Response> {
    let answers = try_join_all(batch.iter().map(|message| rmcp.call(like(&request, message.to_string())))).await?;
    let answers: Vec<Response> =
        answers.into_iter().filter(|answer| answer.status() != StatusCode::ACCEPTED).map(understood).collect();
    if answers.is_empty() {
        return Ok(StatusCode::ACCEPTED.into());
    }
    let is_told_more = answers.iter().any(|answer| answer.content_type() == Some(EVENTS));
    let told = answers.into_iter().map(told);
    if accept == Accept::Events || (accept == Accept::Either && is_told_more) {
        return Ok(sse::answer(stream::select_all(told).map_ok(|message| event(&message))));
    }
    let messages = try_join_all(told.map(sse::last)).await.map_err(ReadBodyError::Io)?;
    let messages: Vec<String> = messages.into_iter().flatten().collect();
    if messages.is_empty() {
        return Ok(StatusCode::ACCEPTED.into());
    }
    Ok(Response::builder().content_type(JSON).body(format!("[{}]", messages.join(","))))
}

/// The messages in rmcp's answer; what it says in plain words is one, too.
fn told(mut answer: Response) -> BoxStream<'static, io::Result<String>> {
    let (body, form) = (answer.take_body(), answer.content_type());
    if form == Some(EVENTS) {
        return messages(body.into_bytes_stream()).boxed();
    }
    let is_message = form == Some(JSON);
    let message = async move {
        let text = body.into_string().await.map_err(io::Error::other)?;
        Ok::<_, io::Error>(if is_message { text } else { invalid(&text).to_string() })
    };
    stream::once(message).boxed()
}
