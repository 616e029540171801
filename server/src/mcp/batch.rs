//! Several messages in one JSON array, which the first revisions of the protocol allow and rmcp does not know.

use futures::future::try_join_all;
use poem::{Endpoint, Request, Response, http::StatusCode};
use serde::de::IgnoredAny;
use serde_json::Value;

use super::gate::{Rmcp, invalid_request, like};

const MOST_MESSAGES: usize = 20;
const REVISIONS: [&str; 2] = ["2025-03-26", "2024-11-05"];

/// How many messages there are; one where they cannot be read, which is told later.
pub(super) fn length(body: &[u8]) -> u32 {
    let messages = serde_json::from_slice::<Vec<IgnoredAny>>(body).map_or(1, |messages| messages.len());
    u32::try_from(messages).unwrap_or(u32::MAX)
}

/// Answers each message of the array in `body` by itself, and puts the answers into one array. `request` is the HTTP
/// request without its body. Fails when an answer breaks off.
pub(super) async fn answer(stateless: &Rmcp, request: Request, body: &[u8]) -> poem::Result<Response> {
    if request.header("mcp-protocol-version").is_some_and(|version| !REVISIONS.contains(&version)) {
        return Ok(invalid_request("This revision of the protocol has no batches"));
    }
    let Ok(messages) = serde_json::from_slice::<Vec<Value>>(body) else {
        return Ok(invalid_request("Invalid JSON body"));
    };
    if messages.is_empty() || messages.len() > MOST_MESSAGES {
        return Ok(invalid_request(&format!("A batch has 1 to {MOST_MESSAGES} messages")));
    }
    let answers =
        try_join_all(messages.iter().map(|message| stateless.call(like(&request, message.to_string())))).await?;
    let mut bodies = Vec::new();
    for mut answer in answers {
        match answer.status() {
            StatusCode::ACCEPTED => {}
            StatusCode::UNSUPPORTED_MEDIA_TYPE => bodies.push(invalid_request("Not a JSON-RPC message").into_body()),
            _ => bodies.push(answer.take_body()),
        }
    }
    if bodies.is_empty() {
        return Ok(StatusCode::ACCEPTED.into());
    }
    let texts = try_join_all(bodies.into_iter().map(|body| body.into_string())).await?;
    Ok(Response::builder().content_type("application/json").body(format!("[{}]", texts.join(","))))
}
