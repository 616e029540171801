//! Errors of tools: one enum, with its HTTP status, headers and body, and its code for MCP.

use std::io::{self, Write};

use http::StatusCode;
use resources::{RateLimited, identity::AuthError};
use schemars::JsonSchema;
use serde::Serialize;
use serde_json::{Value, json};

/// One invalid argument, in the form that FastAPI clients know.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
#[schemars(rename = "ValidationIssue")]
pub struct Issue {
    /// What is wrong: `missing`, `string_too_long`, `enum` …
    #[serde(rename = "type")]
    pub kind: &'static str,
    /// Where: the argument's name, then keys and indexes below it. REST puts `body`, `query` or `path` before it.
    pub loc: Vec<Value>,
    /// A sentence for people.
    pub msg: String,
    /// What was given; the beginning of it where its JSON has more than 1,024 bytes.
    pub input: Value,
    /// The bound that was broken.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ctx: Option<Value>,
}

/// How much of an invalid value an issue repeats, in bytes of JSON.
const MAX_INPUT: usize = 1024;

impl Issue {
    /// The issue of an invalid `input`, of which it repeats at most the first 1,024 bytes.
    pub fn new(kind: &'static str, loc: Vec<Value>, msg: String, input: &Value, ctx: Option<Value>) -> Self {
        Self { kind, loc, msg, input: shorten(input), ctx }
    }
}

/// The value or, where it is long, the beginning of its text. Takes no longer for a long value than for a short one.
fn shorten(input: &Value) -> Value {
    if let Value::String(text) = input {
        let end = text.floor_char_boundary(MAX_INPUT);
        return if end == text.len() { input.clone() } else { format!("{}…", &text[..end]).into() };
    }
    let mut beginning = Beginning(Vec::new());
    if serde_json::to_writer(&mut beginning, input).is_ok() {
        return input.clone();
    }
    let text = String::from_utf8_lossy(&beginning.0);
    format!("{}…", text.trim_end_matches(char::REPLACEMENT_CHARACTER)).into()
}

/// Takes the first [`MAX_INPUT`] bytes, and fails at the next one.
struct Beginning(Vec<u8>);

impl Write for Beginning {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let taken = bytes.len().min(MAX_INPUT - self.0.len());
        self.0.extend_from_slice(&bytes[..taken]);
        if taken == 0 && !bytes.is_empty() { Err(io::ErrorKind::WriteZero.into()) } else { Ok(taken) }
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// An error of a tool.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// Arguments that are not as their schema says.
    #[error("{}", sentences(.0))]
    Arguments(Vec<Issue>),
    /// Arguments that fit the schema and are invalid together or by their content.
    #[error("{0}")]
    Invalid(String),
    /// The same, where the contract wants 400.
    #[error("{0}")]
    Rejected(String),
    /// The credential is missing or invalid.
    #[error("{0}")]
    Unauthorized(String),
    /// The caller may not do this.
    #[error("{0}")]
    Forbidden(String),
    /// The caller's account is being deleted.
    #[error("This account is being deleted")]
    Leaving,
    /// It does not exist, or belongs to another user.
    #[error("{0}")]
    NotFound(String),
    /// It conflicts with existing data or an ongoing operation.
    #[error("{0}")]
    Conflict(String),
    /// The user was asked, and said no.
    #[error("{0}")]
    Declined(String),
    /// The user is being asked; the client makes the call again with the answer.
    #[error("Waiting for user confirmation")]
    Asked,
    /// A part of the server is unavailable.
    #[error("{0}")]
    Unavailable(String),
    /// The same, with the number of seconds after which to retry.
    #[error("{0}")]
    Later(String, u64),
    /// A rate limit is exceeded.
    #[error("{0}")]
    Limited(RateLimited),
    /// A defect; the details are in the log, not in the reply.
    #[error("Internal server error")]
    Internal(anyhow::Error),
}

/// After how many seconds to retry while a part of the server is unavailable, where nothing better is known.
pub const DEFAULT_RETRY_AFTER: u64 = 5;

/// The result of every tool.
pub type Result<T, E = Error> = std::result::Result<T, E>;

impl Error {
    /// The error of a failed authentication, in the contract's words; `invalid` is the sentence for an invalid token.
    pub fn refused(refused: AuthError, invalid: &str) -> Self {
        match refused {
            AuthError::Invalid(_) | AuthError::Expired | AuthError::SessionRevoked => {
                Error::Unauthorized(invalid.into())
            }
            AuthError::NoAccount => {
                Error::Forbidden("No account here belongs to this sign-in; ask the owner for an invitation".into())
            }
            AuthError::Disabled => Error::Forbidden("This account is disabled".into()),
            AuthError::Deleting => Error::Leaving,
            AuthError::Failed(error) => error.into(),
        }
    }

    /// The HTTP status.
    pub fn status(&self) -> StatusCode {
        match self {
            Error::Arguments(_) | Error::Invalid(_) => StatusCode::UNPROCESSABLE_ENTITY,
            Error::Rejected(_) => StatusCode::BAD_REQUEST,
            Error::Unauthorized(_) => StatusCode::UNAUTHORIZED,
            Error::Forbidden(_) | Error::Leaving => StatusCode::FORBIDDEN,
            Error::NotFound(_) => StatusCode::NOT_FOUND,
            Error::Conflict(_) | Error::Declined(_) | Error::Asked => StatusCode::CONFLICT,
            Error::Unavailable(_) | Error::Later(..) => StatusCode::SERVICE_UNAVAILABLE,
            Error::Limited(_) => StatusCode::TOO_MANY_REQUESTS,
            Error::Internal(_) => StatusCode::INTERNAL_SERVER_ERROR,
        }
    }

    /// The code for MCP clients and models.
    pub fn code(&self) -> &'static str {
        match self {
            Error::Arguments(_) | Error::Invalid(_) | Error::Rejected(_) => "invalid_arguments",
            Error::Unauthorized(_) | Error::Forbidden(_) | Error::Leaving => "authorization_denied",
            Error::NotFound(_) => "not_found",
            Error::Conflict(_) => "conflict",
            Error::Declined(_) => "declined",
            Error::Asked => "input_required",
            Error::Unavailable(_) | Error::Later(..) => "unavailable",
            Error::Limited(_) => "rate_limited",
            Error::Internal(_) => "internal",
        }
    }

    /// The headers of the HTTP response that say when to retry.
    pub fn retry_headers(&self) -> Vec<(&'static str, String)> {
        match self {
            Error::Unavailable(_) => vec![("Retry-After", DEFAULT_RETRY_AFTER.to_string())],
            Error::Later(_, seconds) => vec![("Retry-After", seconds.to_string())],
            Error::Limited(RateLimited { limit, retry_after }) => vec![
                ("Retry-After", retry_after.to_string()),
                ("X-RateLimit-Limit", limit.to_string()),
                ("X-RateLimit-Remaining", "0".to_owned()),
            ],
            _ => Vec::new(),
        }
    }

    /// The `detail` of a REST error body: a list for arguments, an object where apps look for a code, else a sentence.
    pub fn detail(&self) -> Value {
        match self {
            Error::Arguments(issues) => json!(issues),
            Error::Leaving => {
                json!({ "code": "account_deletion_in_progress", "status": "deleting", "retryable": false })
            }
            other => Value::String(other.to_string()),
        }
    }
}

impl From<resources::Error> for Error {
    fn from(error: resources::Error) -> Self {
        match error {
            resources::Error::Unavailable(reason) => Error::Unavailable(reason),
            resources::Error::Setting(reason) => Error::Unavailable(reason),
            resources::Error::RateLimited(exceeded) => Error::Limited(exceeded),
            resources::Error::Internal(error) => Error::Internal(error),
        }
    }
}

fn sentences(issues: &[Issue]) -> String {
    let sentence = |issue: &Issue| {
        let place: Vec<String> = issue.loc.iter().map(|part| part.to_string().replace('"', "")).collect();
        format!("{}: {}", place.join("."), issue.msg)
    };
    issues.iter().map(sentence).collect::<Vec<_>>().join("; ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn issues_repeat_the_beginning_of_long_values() {
        let issue = |input: Value| Issue::new("list_type", Vec::new(), String::new(), &input, None).input;
        for short in [json!(null), json!([1, "é"]), json!("é".repeat(512))] {
            assert_eq!(issue(short.clone()), short);
        }
        assert_eq!(issue(json!("é".repeat(513))), json!("é".repeat(512) + "…"));
        let long = issue(json!(vec!["é"; 1_000]));
        let text = long.as_str().unwrap();
        assert!(text.starts_with(r#"["é","é""#) && text.ends_with('…') && text.len() <= MAX_INPUT + 3, "{text}");
    }
}
