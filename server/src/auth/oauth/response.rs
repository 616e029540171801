//! JSON responses, and OAuth errors (RFC 6749, 5.2).

use poem::{
    Response,
    http::{HeaderValue, StatusCode, header},
};
use serde_json::{Value, json as value};
use tools::DEFAULT_RETRY_AFTER;

/// An OAuth error: its code, and a sentence for people.
#[derive(Debug)]
pub(super) struct OAuthError {
    pub(super) code: &'static str,
    pub(super) description: String,
}

impl OAuthError {
    pub(super) fn new(code: &'static str, description: impl Into<String>) -> Self {
        Self { code, description: description.into() }
    }

    pub(super) fn invalid_request(description: impl Into<String>) -> Self {
        Self::new("invalid_request", description)
    }

    pub(super) fn invalid_client(description: impl Into<String>) -> Self {
        Self::new("invalid_client", description)
    }

    fn status(&self) -> StatusCode {
        match self.code {
            "invalid_client" => StatusCode::UNAUTHORIZED,
            "temporarily_unavailable" => StatusCode::SERVICE_UNAVAILABLE,
            "server_error" => StatusCode::INTERNAL_SERVER_ERROR,
            _ => StatusCode::BAD_REQUEST,
        }
    }
}

/// The details of an internal error are logged, not sent.
impl From<resources::Error> for OAuthError {
    fn from(error: resources::Error) -> Self {
        match error {
            resources::Error::Unavailable(_) => {
                Self::new("temporarily_unavailable", "Service temporarily unavailable; try again later")
            }
            error => {
                tracing::error!("OAuth request failed: {error}");
                Self::new("server_error", "Internal server error")
            }
        }
    }
}

impl From<OAuthError> for Response {
    fn from(error: OAuthError) -> Self {
        let status = error.status();
        let mut response = json(status, &value!({ "error": error.code, "error_description": error.description }));
        let (name, value) = match status {
            StatusCode::UNAUTHORIZED => {
                (header::WWW_AUTHENTICATE, HeaderValue::from_static("Basic realm=\"recollect\""))
            }
            StatusCode::SERVICE_UNAVAILABLE => (header::RETRY_AFTER, HeaderValue::from(DEFAULT_RETRY_AFTER)),
            _ => return response,
        };
        response.headers_mut().insert(name, value);
        response
    }
}

/// A JSON response that is not cached.
pub(super) fn json(status: StatusCode, body: &Value) -> Response {
    Response::builder()
        .status(status)
        .content_type("application/json")
        .header(header::CACHE_CONTROL, "no-store")
        .header(header::PRAGMA, "no-cache")
        .body(body.to_string())
}

/// An empty response.
pub(super) fn empty() -> Response {
    Response::builder().header(header::CACHE_CONTROL, "no-store").finish()
}
