//! Every refusal in one form: a status and `{"detail": …}`.

use http::{HeaderValue, StatusCode, header};
use poem::{Endpoint, EndpointExt, IntoResponse, Middleware, PathPattern, Response, middleware::CatchPanic, web::Json};
use poem_openapi::OpenApi;
use serde_json::{Value, json};
use tools::Error;

use crate::api;

/// How long a client should wait before it asks again for a part of the server that is away, in seconds.
pub(crate) const RETRY_AFTER: &str = "5";

/// Brings every error of `endpoint`, the router's own and panics among them, into the form of a refusal. `Other` are
/// the APIs beside the tools': a wrong method is told which ones the path has.
pub fn catch_errors<Other: OpenApi>(endpoint: impl Endpoint + 'static) -> impl Endpoint<Output = Response> {
    let methods = api::methods_by_path::<Other>();
    let answer = move |error: poem::Error| {
        let allowed = error.data::<PathPattern>().and_then(|pattern| methods.get(pattern.0.as_ref()));
        let allowed = allowed.filter(|_| error.status() == StatusCode::METHOD_NOT_ALLOWED).cloned();
        async move {
            let response = of_router(error);
            match allowed {
                Some(allowed) => response.with_header(header::ALLOW, allowed).into_response(),
                None => response,
            }
        }
    };
    let panicked = |_| Refusal::internal().into_response();
    CatchPanic::new().with_handler(panicked).transform(endpoint).catch_all_error(answer)
}

/// The answer to a request that failed with `error`.
pub fn refuse(error: Error) -> Response {
    Refusal::from(error).into_response()
}

/// Why a request is not answered as asked.
#[derive(Debug)]
pub(crate) struct Refusal {
    status: StatusCode,
    detail: Value,
    /// Headers that say more: when to ask again, where that is known.
    advice: Vec<(&'static str, String)>,
}

impl Refusal {
    pub(crate) fn too_large(limit: usize) -> Self {
        let detail = json!(format!("The request body is larger than {limit} bytes"));
        Self { status: StatusCode::PAYLOAD_TOO_LARGE, detail, advice: Vec::new() }
    }

    pub(crate) fn too_slow() -> Self {
        let detail = json!("The request body did not come in time");
        Self { status: StatusCode::REQUEST_TIMEOUT, detail, advice: Vec::new() }
    }

    /// Tells whoever has not signed in how to, where there is more to say than usual.
    pub(crate) fn challenging(mut self, challenge: impl FnOnce() -> Option<String>) -> Self {
        if self.status == StatusCode::UNAUTHORIZED {
            self.advice.extend(challenge().map(|challenge| ("WWW-Authenticate", challenge)));
        }
        self
    }

    fn internal() -> Self {
        Self { status: StatusCode::INTERNAL_SERVER_ERROR, detail: json!("Internal server error"), advice: Vec::new() }
    }
}

impl From<Error> for Refusal {
    fn from(error: Error) -> Self {
        Self { status: error.status(), detail: error.detail(), advice: error.advice() }
    }
}

impl IntoResponse for Refusal {
    fn into_response(self) -> Response {
        let mut response = Json(json!({ "detail": self.detail })).with_status(self.status).into_response();
        let usual = match self.status {
            StatusCode::UNAUTHORIZED => Some((header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"))),
            StatusCode::SERVICE_UNAVAILABLE => Some((header::RETRY_AFTER, HeaderValue::from_static(RETRY_AFTER))),
            _ => None,
        };
        response.headers_mut().extend(usual.map(|(name, value)| (Some(name), value)));
        for (name, value) in self.advice {
            if let Ok(value) = HeaderValue::try_from(value) {
                response.headers_mut().insert(name, value);
            }
        }
        response
    }
}

/// An error of poem's as a refusal; one that brings its own response keeps it.
fn of_router(error: poem::Error) -> Response {
    if error.is_from_response() {
        return error.into_response();
    }
    let status = error.status();
    let detail = match status {
        StatusCode::NOT_FOUND => "Not Found".to_owned(),
        StatusCode::METHOD_NOT_ALLOWED => "Method Not Allowed".to_owned(),
        StatusCode::INTERNAL_SERVER_ERROR => {
            tracing::error!("failed: {error:?}");
            return Refusal::internal().into_response();
        }
        _ => error.to_string(),
    };
    Refusal { status, detail: json!(detail), advice: Vec::new() }.into_response()
}
