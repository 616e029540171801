//! Why something was not done, in the words of the protocol.

use rmcp::{
    ErrorData,
    model::{CallToolResult, ContentBlock, ErrorCode},
};
use serde_json::json;
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
