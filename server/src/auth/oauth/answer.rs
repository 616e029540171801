//! Answers to programs: JSON, kept by nobody.

use poem::{
    Response,
    http::{HeaderValue, StatusCode, header},
};
use serde_json::{Value, json};

/// Why a program does not get what it asks for: one of OAuth's words, and a sentence for people.
#[derive(Debug)]
pub(super) struct Refused {
    pub(super) error: &'static str,
    pub(super) description: String,
}

impl Refused {
    pub(super) fn new(error: &'static str, description: impl Into<String>) -> Self {
        Self { error, description: description.into() }
    }

    pub(super) fn invalid_request(description: impl Into<String>) -> Self {
        Self::new("invalid_request", description)
    }

    pub(super) fn invalid_client(description: impl Into<String>) -> Self {
        Self::new("invalid_client", description)
    }

    fn status(&self) -> StatusCode {
        match self.error {
            "invalid_client" => StatusCode::UNAUTHORIZED,
            "temporarily_unavailable" => StatusCode::SERVICE_UNAVAILABLE,
            "server_error" => StatusCode::INTERNAL_SERVER_ERROR,
            _ => StatusCode::BAD_REQUEST,
        }
    }
}

/// What went wrong here is no matter of the program's: the details are in the log.
impl From<resources::Error> for Refused {
    fn from(error: resources::Error) -> Self {
        match error {
            resources::Error::Unavailable(_) => {
                Self::new("temporarily_unavailable", "A part of the server is away; please try again")
            }
            error => {
                tracing::error!("an OAuth request failed: {error}");
                Self::new("server_error", "Internal server error")
            }
        }
    }
}

impl From<Refused> for Response {
    fn from(refused: Refused) -> Self {
        let status = refused.status();
        let mut response =
            document(status, &json!({ "error": refused.error, "error_description": refused.description }));
        let advice = match status {
            StatusCode::UNAUTHORIZED => {
                (header::WWW_AUTHENTICATE, HeaderValue::from_static("Basic realm=\"recollect\""))
            }
            StatusCode::SERVICE_UNAVAILABLE => (header::RETRY_AFTER, HeaderValue::from_static("30")),
            _ => return response,
        };
        response.headers_mut().insert(advice.0, advice.1);
        response
    }
}

/// A JSON document.
pub(super) fn document(status: StatusCode, body: &Value) -> Response {
    Response::builder()
        .status(status)
        .content_type("application/json")
        .header(header::CACHE_CONTROL, "no-store")
        .header(header::PRAGMA, "no-cache")
        .body(body.to_string())
}

/// Nothing, where all is well.
pub(super) fn done() -> Response {
    Response::builder().header(header::CACHE_CONTROL, "no-store").finish()
}
