//! Errors as HTTP responses: a status, the headers that help, and `{"detail": …}`.

use http::{HeaderValue, StatusCode, header};
use poem::{IntoResponse, Response, web::Json};
use serde_json::{Value, json};
use tools::Error;

/// The response to a request that failed with `error`.
pub fn refuse(error: Error) -> Response {
    Refusal::from(error).into_response()
}

/// The same with a sentence as the detail, also where REST clients get an object: MCP clients show it as it is.
pub fn refuse_as_text(error: Error) -> Response {
    let detail = json!(error.to_string());
    Refusal { detail, ..Refusal::from(error) }.into_response()
}

/// An error response.
#[derive(Debug)]
pub(crate) struct Refusal {
    pub(crate) status: StatusCode,
    pub(crate) detail: Value,
    pub(crate) headers: Vec<(&'static str, String)>,
}

impl Refusal {
    pub(crate) fn too_large(limit: usize) -> Self {
        let detail = json!(format!("The request body is larger than {limit} bytes"));
        Self { status: StatusCode::PAYLOAD_TOO_LARGE, detail, headers: Vec::new() }
    }

    pub(crate) fn too_many_values(limit: usize) -> Self {
        let detail = json!(format!("The request body contains more than {limit} values"));
        Self { status: StatusCode::PAYLOAD_TOO_LARGE, detail, headers: Vec::new() }
    }

    pub(crate) fn too_slow() -> Self {
        let detail = json!("The request body did not come in time");
        Self { status: StatusCode::REQUEST_TIMEOUT, detail, headers: Vec::new() }
    }

    /// Adds a challenge to 401, in place of the plain `Bearer`.
    pub(crate) fn challenging(mut self, challenge: impl FnOnce() -> Option<String>) -> Self {
        if self.status == StatusCode::UNAUTHORIZED {
            self.headers.extend(challenge().map(|challenge| ("WWW-Authenticate", challenge)));
        }
        self
    }

    pub(crate) fn internal() -> Self {
        Self { status: StatusCode::INTERNAL_SERVER_ERROR, detail: json!("Internal server error"), headers: Vec::new() }
    }
}

impl From<Error> for Refusal {
    fn from(error: Error) -> Self {
        Self { status: error.status(), detail: error.detail(), headers: error.retry_headers() }
    }
}

impl IntoResponse for Refusal {
    fn into_response(self) -> Response {
        let mut response = Json(json!({ "detail": self.detail })).with_status(self.status).into_response();
        if self.status == StatusCode::UNAUTHORIZED {
            response.headers_mut().insert(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
        }
        for (name, value) in self.headers {
            if let Ok(value) = HeaderValue::try_from(value) {
                response.headers_mut().insert(name, value);
            }
        }
        response
    }
}
