//! JSON-RPC messages: what the server reads of a message is what a plain JSON parser finds in it.
#![no_main]

use libfuzzer_sys::fuzz_target;
use message::{Message, Payload};
use serde_json::Value;

#[allow(dead_code, reason = "the server uses all of it")]
#[path = "../../../server/src/mcp/message.rs"]
mod message;

/// Stands in for the errors of the server.
mod errors {
    use poem::{Error, Response, http::StatusCode};

    pub(crate) fn detail_response(status: StatusCode, sentence: &str) -> Response {
        Response::builder().status(status).body(sentence.to_owned())
    }

    pub(crate) fn invalid_request(sentence: &str) -> Error {
        Error::from_string(sentence.to_owned(), StatusCode::BAD_REQUEST)
    }
}

fn check(message: &Message<'_>, whole: &Value) {
    assert_eq!(message.method(), whole["method"].as_str().unwrap_or_default());
    assert!(!message.is_request() || whole.get("id").is_some());
    // Parameters in a list have no names.
    if let Some(tool) = message.called_tool().filter(|_| whole["params"].is_object()) {
        assert_eq!(tool, whole["params"]["name"].as_str().unwrap_or_default());
    }
    let _ = message.may_stream();
}

fuzz_target!(|body: &[u8]| {
    match Payload::parse(body) {
        Ok(Payload::Message(message)) => {
            if let Ok(whole) = serde_json::from_slice(body) {
                check(&message, &whole);
            }
        }
        Ok(Payload::Batch(messages)) => {
            for raw in messages {
                let message = Message::of_batch(raw);
                assert!(!message.is_request() || raw.get().starts_with('{'));
            }
        }
        Err(_) => {}
    }
});
