//! Errors of the router and panics, in the form of every other error.

use std::collections::{BTreeSet, HashMap};

use http::{StatusCode, header};
use poem::{Endpoint, EndpointExt, IntoResponse, Middleware, PathPattern, Response, middleware::CatchPanic};
use serde_json::json;

use crate::error::Refusal;

/// Renders every error of `endpoint` as `{"detail": …}`, those of the router and panics included. `routes` are all mounted
/// routes, such as `GET /healthz`: 405 lists the methods of the path.
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

/// The `Allow` header of each path, in the syntax of the router.
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

/// The response to an error of poem, which keeps its own response where it has one.
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
    Refusal { status, detail: json!(detail), headers: Vec::new() }.into_response()
}
