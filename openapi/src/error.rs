//! Every refusal in one form: a status and `{"detail": …}`.

use std::collections::{BTreeSet, HashMap};

use http::{HeaderValue, StatusCode, header};
use poem::{Endpoint, EndpointExt, IntoResponse, Middleware, PathPattern, Response, middleware::CatchPanic, web::Json};
use serde_json::{Value, json};
use tools::Error;

/// How long a client should wait before it asks again for a part of the server that is away, in seconds.
pub(crate) const RETRY_AFTER: &str = "5";

/// Renders every error of `endpoint` as `{"detail": …}`, those of the router and panics included. `routes` are all routes that
/// are mounted, such as `GET /healthz`: a wrong method is answered with the methods of the path.
pub fn catch_errors(endpoint: impl Endpoint + 'static, routes: Vec<String>) -> impl Endpoint<Output = Response> {
    let methods = methods_by_path(&routes);
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

/// The `Allow` header of each path, as the router spells it.
fn methods_by_path(routes: &[String]) -> HashMap<String, String> {
    let mut methods: HashMap<String, BTreeSet<&str>> = HashMap::new();
    for (method, path) in routes.iter().filter_map(|route| route.split_once(' ')) {
        let allowed = methods.entry(path.replace('{', ":").replace('}', "")).or_default();
        allowed.insert(method);
        if method == "GET" {
            allowed.insert("HEAD");
        }
    }
    let join = |allowed: BTreeSet<&str>| allowed.into_iter().collect::<Vec<_>>().join(", ");
    methods.into_iter().map(|(path, allowed)| (path, join(allowed))).collect()
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
