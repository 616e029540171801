//! HTTP middleware around all routes: host and origin checks, CORS, size limits and timeouts of requests, the limits on
//! failed authentication and on anonymous requests, and security headers.

mod address_counter;
mod anonymous_limiter;
mod body_timeout;
mod cors;
mod failed_auth_limiter;
mod host_check;
pub(crate) mod real_ip;
mod security_headers;
pub(crate) mod stream_limit;

use std::time::Duration;

use http::{StatusCode, header};
use openapi::Whence;
use poem::{Endpoint, Request, Response};
use serde_json::json;

use crate::{
    auth_outcome::{self, AuthOutcome},
    config::Config,
};
use anonymous_limiter::AnonymousLimiter;
use failed_auth_limiter::FailedAuthLimiter;
use host_check::{HostPolicy, Rejection, RequestOrigin};
use real_ip::TrustedProxies;
use security_headers::SecurityHeaders;

/// The maximum length of a URL, in bytes, the maximum number of its query parameters, and the maximum size of all
/// request headers together, in bytes.
const MAX_URL_LENGTH: usize = 16 << 10;
const MAX_QUERY_PARAMETERS: usize = 256;
const MAX_HEADERS_SIZE: usize = 32 << 10;

/// The application with the middleware around it.
pub(crate) struct Middleware<E> {
    inner: E,
    hosts: HostPolicy,
    proxies: TrustedProxies,
    failed_auth: FailedAuthLimiter,
    anonymous: AnonymousLimiter,
    security_headers: SecurityHeaders,
    /// How long a client may take for the next part of a body.
    request_timeout: Duration,
}

impl<E> Middleware<E> {
    /// Wraps the application, as the configuration says.
    pub(crate) fn wrap(inner: E, config: &Config) -> Self {
        Self {
            inner,
            hosts: HostPolicy::new(&config.server),
            proxies: TrustedProxies::new(&config.server),
            failed_auth: FailedAuthLimiter::default(),
            anonymous: AnonymousLimiter::new(&config.limits),
            security_headers: SecurityHeaders { is_https: config.tls.certificate.is_some() },
            request_timeout: config.server.request_timeout(),
        }
    }
}

impl<E: Endpoint<Output = Response>> Endpoint for Middleware<E> {
    type Output = Response;

    async fn call(&self, mut request: Request) -> poem::Result<Response> {
        body_timeout::apply(&mut request, self.request_timeout);
        let has_credentials = security_headers::has_credentials(&request);
        let (origin, mut response) = match self.hosts.check(&request) {
            Ok(origin) => {
                let response = self.forward(request, &origin).await?;
                (origin, response)
            }
            Err(Rejection(status, sentence)) => (RequestOrigin::Own, refuse(status, &sentence)),
        };
        self.security_headers.apply(&mut response, has_credentials);
        cors::apply(&mut response, &origin);
        Ok(response)
    }
}

impl<E: Endpoint<Output = Response>> Middleware<E> {
    async fn forward(&self, mut request: Request, origin: &RequestOrigin) -> poem::Result<Response> {
        if let Some(refusal) = too_large(&request) {
            return Ok(refusal);
        }
        if cors::is_preflight(&request, origin) {
            return Ok(cors::preflight_response(&request));
        }
        let client_ip = Whence(self.proxies.client_ip(&request));
        request.extensions_mut().insert(client_ip);
        let attempt = self.failed_auth.attempt(&request);
        if let Some(seconds) = self.failed_auth.retry_after(&attempt) {
            return Ok(failed_auth_limiter::refusal(seconds));
        }
        if let Err(seconds) = self.anonymous.count(&attempt, &self.failed_auth) {
            return Ok(anonymous_limiter::refusal(seconds));
        }
        let (response, outcome) = auth_outcome::observe(self.inner.call(request)).await;
        let response = response?;
        // Tools, and routes that authenticate by themselves, report a rejection by the status.
        let is_rejected = response.status() == StatusCode::UNAUTHORIZED;
        self.failed_auth.record(&attempt, if is_rejected { AuthOutcome::Rejected } else { outcome });
        Ok(response)
    }
}

/// The refusal of a request whose URL or headers are too large.
fn too_large(request: &Request) -> Option<Response> {
    let uri = request.uri();
    let query = uri.query().unwrap_or_default();
    if uri.path().len() + query.len() > MAX_URL_LENGTH {
        return Some(refuse(StatusCode::URI_TOO_LONG, &format!("The URL is longer than {MAX_URL_LENGTH} bytes")));
    }
    let size: usize = request.headers().iter().map(|(name, value)| name.as_str().len() + value.len()).sum();
    if size > MAX_HEADERS_SIZE {
        let sentence = format!("The headers are larger than {MAX_HEADERS_SIZE} bytes");
        return Some(refuse(StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE, &sentence));
    }
    let has_too_many = query.bytes().filter(|byte| *byte == b'&').count() >= MAX_QUERY_PARAMETERS;
    let sentence = || format!("The URL has more than {MAX_QUERY_PARAMETERS} query parameters");
    has_too_many.then(|| refuse(StatusCode::BAD_REQUEST, &sentence()))
}

fn refuse(status: StatusCode, sentence: &str) -> Response {
    let body = json!({ "detail": sentence }).to_string();
    Response::builder().status(status).header(header::CONTENT_TYPE, "application/json").body(body)
}

fn too_many_requests(sentence: &str, retry_after: u64) -> Response {
    let mut response = refuse(StatusCode::TOO_MANY_REQUESTS, sentence);
    response.headers_mut().insert(header::RETRY_AFTER, retry_after.into());
    response
}
