//! A tool's result as the response of a route.

use poem::{IntoResponse, Response, web::Json};
use serde_json::Value;
use tools::Reply;

/// The response with the result in the shape of the route.
pub(crate) fn answer(reply: &Reply, result: Value) -> Response {
    let cursor = reply.cursor.zip(result.get("next_cursor").and_then(Value::as_str).map(str::to_owned));
    let body = reply.body(result).map(|body| Json(body).into_response());
    let response = body.unwrap_or_default().with_status(reply.status);
    match cursor {
        Some((header, cursor)) => response.with_header(header, cursor).into_response(),
        None => response.into_response(),
    }
}
