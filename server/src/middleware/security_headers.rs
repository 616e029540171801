//! What browsers and caches are told with every answer.

use http::{HeaderName, HeaderValue, Method, StatusCode, header};
use poem::{Request, Response};

use super::host_check::Guest;

/// The headers that pages elsewhere may read.
const EXPOSED: &str = "Content-Disposition, Mcp-Session-Id, Retry-After, WWW-Authenticate, X-Next-Cursor, \
                       X-Omi-Memory-Next-Cursor, X-RateLimit-Limit, X-RateLimit-Remaining";

/// How long a browser may rely on what it was told of a cross-origin request, in seconds.
const RELIED_ON: &str = "600";

/// Two years of HTTPS only.
const SECURE: &str = "max-age=63072000";

/// What is said with every answer, where the answer itself says nothing of it.
const USUAL: [(HeaderName, &str); 4] = [
    (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
    (header::X_FRAME_OPTIONS, "DENY"),
    (header::CONTENT_SECURITY_POLICY, "default-src 'none'; frame-ancestors 'none'"),
    // With `no-referrer`, forms of the server's own pages would be sent with the origin `null`.
    (header::REFERRER_POLICY, "same-origin"),
];

/// How answers are made safe.
pub(super) struct Manners {
    /// Whether the server speaks HTTPS.
    pub(super) is_secure: bool,
}

/// As much of a request as it takes to dress its answer.
pub(super) struct About {
    is_signed_in: bool,
}

impl About {
    pub(super) fn of(request: &Request) -> Self {
        let headers = request.headers();
        Self { is_signed_in: headers.contains_key(header::AUTHORIZATION) || headers.contains_key("uid") }
    }
}

impl Manners {
    /// Adds what is said with every answer.
    pub(super) fn dress(&self, mut response: Response, about: &About, guest: &Guest) -> Response {
        let headers = response.headers_mut();
        for (name, value) in USUAL {
            headers.entry(name).or_insert(HeaderValue::from_static(value));
        }
        if about.is_signed_in || !headers.contains_key(header::CACHE_CONTROL) {
            headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
        }
        if self.is_secure {
            headers.insert(header::STRICT_TRANSPORT_SECURITY, HeaderValue::from_static(SECURE));
        }
        if let Guest::Page(origin) = guest {
            headers.insert(header::ACCESS_CONTROL_ALLOW_ORIGIN, origin.clone());
            headers.insert(header::ACCESS_CONTROL_EXPOSE_HEADERS, HeaderValue::from_static(EXPOSED));
        }
        headers.append(header::VARY, HeaderValue::from_static("Origin"));
        response
    }
}

/// What a browser wants to hear before it lets a page elsewhere call: which methods and headers it may use.
pub(super) fn permission(request: &Request) -> Response {
    let methods = [Method::GET, Method::POST, Method::PATCH, Method::PUT, Method::DELETE];
    let methods = methods.map(|method| method.to_string()).join(", ");
    let wanted = request.headers().get(header::ACCESS_CONTROL_REQUEST_HEADERS).cloned();
    let mut response = Response::builder().status(StatusCode::NO_CONTENT).finish();
    let headers = response.headers_mut();
    headers.extend(HeaderValue::try_from(methods).ok().map(|methods| (header::ACCESS_CONTROL_ALLOW_METHODS, methods)));
    headers.extend(wanted.map(|wanted| (header::ACCESS_CONTROL_ALLOW_HEADERS, wanted)));
    headers.insert(header::ACCESS_CONTROL_MAX_AGE, HeaderValue::from_static(RELIED_ON));
    response
}
