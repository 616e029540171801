//! Errors as MCP clients get them: tool results, JSON-RPC errors, and HTTP responses where rmcp gives none.

use poem::{
    Response,
    http::{HeaderValue, StatusCode},
};
use rmcp::{
    ErrorData,
    model::{CallToolResult, ContentBlock, ErrorCode},
};
use serde_json::{Value, json};
use tools::Error;

/// The JSON-RPC code for a key that lacks a scope.
pub(crate) const MISSING_SCOPE: ErrorCode = ErrorCode(-32003);

/// A tool's error as a result, so that the model reads it and can do better.
pub(super) fn failure(error: Error) -> CallToolResult {
    let mut result = CallToolResult::error(vec![ContentBlock::text(error.to_string())]);
    result.structured_content = Some(json!({ "error": { "code": error.code(), "message": error.to_string() } }));
    result
}

/// A tool's error as a JSON-RPC error, where the request is not a tool call or never became one.
pub(super) fn refusal(error: Error) -> ErrorData {
    let sentence = error.to_string();
    match error {
        Error::Forbidden(_) | Error::Unauthorized(_) | Error::Leaving => ErrorData::new(MISSING_SCOPE, sentence, None),
        Error::Arguments(_) | Error::Invalid(_) | Error::Rejected(_) => ErrorData::invalid_params(sentence, None),
        Error::NotFound(_) => ErrorData::resource_not_found(sentence, None),
        Error::Declined(_) | Error::Asked => ErrorData::invalid_request(sentence, None),
        Error::Conflict(_) | Error::Unavailable(_) | Error::Later(..) | Error::Limited(_) | Error::Internal(_) => {
            ErrorData::internal_error(sentence, None)
        }
    }
}

/// Whether it says that a credential is no longer good, and not that this cannot be told at present.
pub(super) fn is_final(error: &Error) -> bool {
    matches!(error, Error::Unauthorized(_) | Error::Forbidden(_) | Error::Leaving)
}

pub(super) fn unknown(uri: &str) -> ErrorData {
    ErrorData::resource_not_found("Resource not found", Some(json!({ "uri": uri })))
}

pub(super) fn invalid_cursor() -> ErrorData {
    ErrorData::invalid_params("Invalid cursor", None)
}

pub(super) fn cancelled() -> ErrorData {
    ErrorData::internal_error("The call was cancelled", None)
}

/// A sentence, as REST has it.
pub(super) fn detail(status: StatusCode, sentence: &str) -> Response {
    let body = json!({ "detail": sentence }).to_string();
    Response::builder().status(status).content_type("application/json").body(body)
}

/// A tool's error, as REST has it.
pub(super) fn refuse(error: &Error) -> Response {
    let mut response = detail(error.status(), &error.to_string());
    for (name, value) in error.retry_headers() {
        if let Ok(value) = HeaderValue::try_from(value) {
            response.headers_mut().insert(name, value);
        }
    }
    response
}

/// A refusal in JSON-RPC's own form, with status 400.
pub(super) fn invalid_request(sentence: &str) -> Response {
    in_words_of_the_protocol(StatusCode::BAD_REQUEST, sentence)
}

/// The same for a client that does not take the form in which alone there is an answer.
pub(super) fn not_acceptable(sentence: &str) -> Response {
    in_words_of_the_protocol(StatusCode::NOT_ACCEPTABLE, sentence)
}

/// JSON-RPC's word for a message that is none.
pub(super) fn invalid(sentence: &str) -> Value {
    json!({ "jsonrpc": "2.0", "id": null, "error": { "code": -32600, "message": sentence } })
}

/// What rmcp could not read as JSON-RPC it calls an unsupported media type; JSON-RPC has its own word for it.
pub(super) fn understood(response: Response) -> Response {
    match response.status() {
        StatusCode::UNSUPPORTED_MEDIA_TYPE => invalid_request("Not a JSON-RPC message"),
        _ => response,
    }
}

fn in_words_of_the_protocol(status: StatusCode, sentence: &str) -> Response {
    let response = Response::builder().status(status).content_type("application/json");
    response.body(invalid(sentence).to_string())
}
