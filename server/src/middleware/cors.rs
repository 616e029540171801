//! Cross-origin resource sharing. The origin itself is checked with the host.

use http::{HeaderValue, Method, StatusCode, header};
use poem::{Request, Response};

use super::host_check::RequestOrigin;

/// The response headers that pages of other origins may read.
const EXPOSED_HEADERS: &str = "Content-Disposition, MCP-Protocol-Version, Mcp-Session-Id, Retry-After, WWW-Authenticate, X-Next-Cursor, \
                               X-Omi-Memory-Next-Cursor, X-RateLimit-Limit, X-RateLimit-Remaining";

const ALLOWED_METHODS: &str = "GET, POST, PATCH, PUT, DELETE";

/// What a preflight response allows where the request names no headers: those of MCP clients.
const DEFAULT_ALLOWED_HEADERS: &str =
    "authorization, content-type, mcp-protocol-version, mcp-session-id, last-event-id";

/// How long a browser may cache the answer to a preflight request, in seconds.
const MAX_AGE: &str = "600";

/// Lets the page that made the request read the response.
pub(super) fn apply(response: &mut Response, origin: &RequestOrigin) {
    let headers = response.headers_mut();
    if let RequestOrigin::Other(origin) = origin {
        headers.insert(header::ACCESS_CONTROL_ALLOW_ORIGIN, origin.clone());
        headers.insert(header::ACCESS_CONTROL_EXPOSE_HEADERS, HeaderValue::from_static(EXPOSED_HEADERS));
    }
    headers.append(header::VARY, HeaderValue::from_static("Origin"));
}

/// Whether a browser asks what a page of another origin may send.
pub(super) fn is_preflight(request: &Request, origin: &RequestOrigin) -> bool {
    request.method() == Method::OPTIONS
        && matches!(origin, RequestOrigin::Other(_))
        && request.headers().contains_key(header::ACCESS_CONTROL_REQUEST_METHOD)
}

/// The answer to a preflight request: any of our methods, and the headers that were asked for.
pub(super) fn preflight_response(request: &Request) -> Response {
    let requested = request.headers().get(header::ACCESS_CONTROL_REQUEST_HEADERS).cloned();
    let mut response = Response::builder().status(StatusCode::NO_CONTENT).finish();
    let headers = response.headers_mut();
    headers.insert(header::ACCESS_CONTROL_ALLOW_METHODS, HeaderValue::from_static(ALLOWED_METHODS));
    let allowed = requested.unwrap_or(HeaderValue::from_static(DEFAULT_ALLOWED_HEADERS));
    headers.insert(header::ACCESS_CONTROL_ALLOW_HEADERS, allowed);
    headers.insert(header::ACCESS_CONTROL_MAX_AGE, HeaderValue::from_static(MAX_AGE));
    response
}
