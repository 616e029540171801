//! Errors as MCP clients get them: tool results, JSON-RPC errors, and HTTP responses where rmcp gives none.

use poem::{
    Request, Response,
    http::{StatusCode, header},
};
use rmcp::{
    ErrorData,
    model::{CallToolResult, ContentBlock, ErrorCode},
};
use serde_json::{Value, json};
use tools::{Access, Context, Credential, Error};

use super::message::Message;
use crate::{address::BaseUrl, auth::challenge};

/// The JSON-RPC code for a credential that lacks a scope.
const MISSING_SCOPE: ErrorCode = ErrorCode(-32003);

/// A tool's error as a result, which the model reads and can act on.
pub(super) fn tool_error(error: Error) -> CallToolResult {
    let mut result = CallToolResult::error(vec![ContentBlock::text(error.to_string())]);
    result.structured_content = Some(json!({ "error": { "code": error.code(), "message": error.to_string() } }));
    result
}

/// A tool's error as a JSON-RPC error, where the request is not a tool call or was refused before the tool ran.
pub(super) fn protocol_error(error: Error) -> ErrorData {
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

/// Whether the error says that a credential is invalid, rather than that it cannot be checked at present.
pub(super) fn is_credential_rejected(error: &Error) -> bool {
    matches!(error, Error::Unauthorized(_) | Error::Forbidden(_) | Error::Leaving)
}

pub(super) fn resource_not_found(uri: &str) -> ErrorData {
    ErrorData::resource_not_found("Resource not found", Some(json!({ "uri": uri })))
}

pub(super) fn invalid_cursor() -> ErrorData {
    ErrorData::invalid_params("Invalid cursor", None)
}

pub(super) fn cancelled() -> ErrorData {
    ErrorData::internal_error("The call was cancelled", None)
}

/// A response with a sentence, in the form of the REST API.
pub(super) fn detail_response(status: StatusCode, sentence: &str) -> Response {
    let body = json!({ "detail": sentence }).to_string();
    Response::builder().status(status).content_type("application/json").body(body)
}

/// The response to a request without a valid credential, with the way to authenticate.
pub(super) fn unauthorized(base: &BaseUrl, request: &Request, error: Error) -> Response {
    let wrong = request.headers().contains_key(header::AUTHORIZATION).then_some(&error);
    let challenge =
        challenge::unauthorized(base, request, wrong).filter(|_| error.status() == StatusCode::UNAUTHORIZED);
    let mut response = openapi::refuse_as_text(error);
    if let Some(challenge) = challenge {
        response.headers_mut().insert(header::WWW_AUTHENTICATE, challenge);
    }
    response
}

/// A JSON-RPC error for a message that cannot be read, with status 400.
pub(super) fn invalid_request(sentence: &str) -> poem::Error {
    poem::Error::from_response(json_rpc_response(StatusCode::BAD_REQUEST, &invalid_request_json(sentence)))
}

/// The same for a client that does not accept the only form that the response has.
pub(super) fn not_acceptable(sentence: &str) -> poem::Error {
    poem::Error::from_response(json_rpc_response(StatusCode::NOT_ACCEPTABLE, &invalid_request_json(sentence)))
}

/// The JSON-RPC error "invalid request".
pub(super) fn invalid_request_json(sentence: &str) -> Value {
    json!({ "jsonrpc": "2.0", "id": null, "error": { "code": ErrorCode::INVALID_REQUEST.0, "message": sentence } })
}

/// rmcp's response, where what it cannot read as JSON-RPC is a JSON-RPC error and no unsupported media type.
pub(super) fn as_json_rpc(response: Response) -> Response {
    match response.status() {
        StatusCode::UNSUPPORTED_MEDIA_TYPE => invalid_request("Not a JSON-RPC message").into_response(),
        _ => response,
    }
}

/// The refusal of a call to a tool beyond the caller's scopes (RFC 6750, section 3.1); `None` for any other message. A
/// client with a token learns from the status that it may ask for more scopes; a key cannot get more.
pub(super) fn insufficient_scope(
    base: &BaseUrl,
    request: &Request,
    context: &Context,
    message: &Message<'_>,
) -> Option<Response> {
    let Credential::Key(key) = &context.caller.credential else { return None };
    let tool = tools::find(message.called_tool()?)?;
    let (Access::Scope(_), Err(error)) = (tool.access, tool.permits(context)) else { return None };
    let missing = tool.scopes().filter(|scope| !key.has_scope(*scope)).map(|scope| scope.spelling(key.family));
    // The next token needs the present scopes as well.
    let held = key.effective_scopes().iter().map(|scope| scope.spelling(key.family));
    let wanted: Vec<String> = held.chain(missing).collect();
    let header =
        challenge::challenge(base, request, &wanted.join(" "), Some(("insufficient_scope", error.to_string())));
    let challenge = header.as_ref().and_then(|header| header.to_str().ok());
    let body = json!({
        "jsonrpc": "2.0",
        "id": message.id,
        "error": {
            "code": MISSING_SCOPE.0,
            "message": error.to_string(),
            "data": { "_meta": { "mcp/www_authenticate": challenge.map(|challenge| [challenge]) } },
        },
    });
    let is_token = key.resource.is_some();
    let mut response = json_rpc_response(if is_token { StatusCode::FORBIDDEN } else { StatusCode::OK }, &body);
    response.headers_mut().extend(header.filter(|_| is_token).map(|header| (header::WWW_AUTHENTICATE, header)));
    Some(response)
}

fn json_rpc_response(status: StatusCode, body: &Value) -> Response {
    Response::builder().status(status).content_type("application/json").body(body.to_string())
}
