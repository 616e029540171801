//! What clients are told over HTTP where rmcp has nothing to say, or says it in words of its own.

use poem::{
    Response,
    http::{HeaderValue, StatusCode},
};
use serde_json::{Value, json};
use tools::Error;

/// A sentence, as REST has it.
pub(super) fn detail(status: StatusCode, sentence: &str) -> Response {
    let body = json!({ "detail": sentence }).to_string();
    Response::builder().status(status).content_type("application/json").body(body)
}

/// A tool's error, as REST has it.
pub(super) fn refuse(error: &Error) -> Response {
    let mut response = detail(error.status(), &error.to_string());
    let mut advice = error.advice();
    if error.status() == StatusCode::SERVICE_UNAVAILABLE && advice.is_empty() {
        advice.push(("Retry-After", "30".into()));
    }
    for (name, value) in advice {
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
