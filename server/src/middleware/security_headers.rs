//! Security headers of responses.

use http::{HeaderName, HeaderValue, header};
use poem::{Request, Response};

/// Two years of HTTPS only.
const HSTS: &str = "max-age=63072000";

/// Set where the response does not set them itself.
const DEFAULTS: [(HeaderName, &str); 4] = [
    (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
    (header::X_FRAME_OPTIONS, "DENY"),
    (header::CONTENT_SECURITY_POLICY, "default-src 'none'; frame-ancestors 'none'"),
    // With `no-referrer`, browsers would send the forms of the server's own pages with the origin `null`.
    (header::REFERRER_POLICY, "same-origin"),
];

/// Which headers are set.
pub(super) struct SecurityHeaders {
    /// Whether the server speaks HTTPS.
    pub(super) is_https: bool,
}

/// Whether a request brings credentials, so that nobody may cache its response.
pub(super) fn has_credentials(request: &Request) -> bool {
    let headers = request.headers();
    headers.contains_key(header::AUTHORIZATION) || headers.contains_key("uid")
}

impl SecurityHeaders {
    /// Sets the headers of the response to a request with or without credentials.
    pub(super) fn apply(&self, response: &mut Response, has_credentials: bool) {
        let headers = response.headers_mut();
        for (name, value) in DEFAULTS {
            headers.entry(name).or_insert(HeaderValue::from_static(value));
        }
        if has_credentials || !headers.contains_key(header::CACHE_CONTROL) {
            headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
        }
        if self.is_https {
            headers.insert(header::STRICT_TRANSPORT_SECURITY, HeaderValue::from_static(HSTS));
        }
    }
}
