//! JSON-RPC batches, which the first protocol versions allow and rmcp does not support.

use std::io;

use futures::{
    StreamExt, TryStreamExt,
    future::try_join_all,
    stream::{self, BoxStream},
};
use poem::{Endpoint, Request, Response, error::ReadBodyError, http::StatusCode};
use rmcp::transport::common::http_header::{EVENT_STREAM_MIME_TYPE, HEADER_MCP_PROTOCOL_VERSION, JSON_MIME_TYPE};
use serde_json::value::RawValue;

use super::{
    endpoint::{RmcpEndpoint, with_body},
    errors::{as_json_rpc, invalid_request_json},
    negotiate::Accept,
    sse::{self, event, messages},
};

const MAX_MESSAGES: usize = 20;
const VERSIONS_WITH_BATCHES: [&str; 2] = ["2025-03-26", "2024-11-05"];

/// Checks that a request may have a batch of this many messages; else says why not.
pub(super) fn check(request: &Request, messages: usize) -> Result<(), String> {
    if request.header(HEADER_MCP_PROTOCOL_VERSION).is_some_and(|version| !VERSIONS_WITH_BATCHES.contains(&version)) {
        return Err("This protocol version does not support batches".to_owned());
    }
    match messages {
        1..=MAX_MESSAGES => Ok(()),
        _ => Err(format!("A batch has 1 to {MAX_MESSAGES} messages")),
    }
}

/// Passes each message to rmcp by itself. If a response is a stream, and the client accepts streams, all responses are
/// sent as one stream, each as soon as it is there; else as one array. `request` is the HTTP request without its body.
/// Fails when a response breaks off.
pub(super) async fn call(
    rmcp: &RmcpEndpoint,
    accept: Accept,
    request: Request,
    batch: &[&RawValue],
) -> poem::Result<Response> {
    let calls = batch.iter().map(|message| rmcp.call(with_body(&request, message.get().to_owned())));
    let responses = try_join_all(calls).await?;
    let responses: Vec<Response> =
        responses.into_iter().filter(|response| response.status() != StatusCode::ACCEPTED).map(as_json_rpc).collect();
    if responses.is_empty() {
        return Ok(StatusCode::ACCEPTED.into());
    }
    let has_stream = responses.iter().any(|response| response.content_type() == Some(EVENT_STREAM_MIME_TYPE));
    let responses = responses.into_iter().map(messages_of);
    if accept == Accept::EventStream || (accept == Accept::Either && has_stream) {
        return Ok(sse::response(stream::select_all(responses).map_ok(|message| event(&message))));
    }
    let messages = try_join_all(responses.map(sse::last)).await.map_err(ReadBodyError::Io)?;
    let messages: Vec<String> = messages.into_iter().flatten().collect();
    if messages.is_empty() {
        return Ok(StatusCode::ACCEPTED.into());
    }
    Ok(Response::builder().content_type(JSON_MIME_TYPE).body(format!("[{}]", messages.join(","))))
}

/// The messages in rmcp's response; plain text becomes a JSON-RPC error.
fn messages_of(mut response: Response) -> BoxStream<'static, io::Result<String>> {
    let (body, media_type) = (response.take_body(), response.content_type());
    if media_type == Some(EVENT_STREAM_MIME_TYPE) {
        return messages(body.into_bytes_stream()).boxed();
    }
    let is_message = media_type == Some(JSON_MIME_TYPE);
    let message = async move {
        let text = body.into_string().await.map_err(io::Error::other)?;
        Ok::<_, io::Error>(if is_message { text } else { invalid_request_json(&text).to_string() })
    };
    stream::once(message).boxed()
}
