//! What every request passes before a route sees it, and every answer after: from which host and page it may come, how
//! large and how slow it may be, how often somebody may knock with a wrong key, and what browsers are told to keep to.

mod body_timeout;
mod failed_auth_limiter;
mod host_check;
pub(crate) mod real_ip;
mod security_headers;
pub(crate) mod stream_limit;

use std::time::Duration;

use http::{Method, StatusCode, header};
use openapi::Whence;
use poem::{Endpoint, Request, Response};
use serde_json::json;

use crate::{
    auth_outcome::{self, Outcome},
    config::Config,
};
use failed_auth_limiter::Storms;
use host_check::{Barred, Door, Guest};
use real_ip::Proxies;
use security_headers::Manners;

/// The longest address, in bytes, the most parameters that it may have, and the largest headers, in bytes all together.
const LONGEST_ADDRESS: usize = 16 << 10;
const MOST_PARAMETERS: usize = 256;
const LARGEST_HEADERS: usize = 32 << 10;

/// Everything within the walls.
pub(crate) struct Walls<E> {
    within: E,
    door: Door,
    proxies: Proxies,
    storms: Storms,
    manners: Manners,
    /// How long a body may pause.
    pause: Duration,
}

impl<E> Walls<E> {
    /// Walls around `within`, as the configuration says.
    pub(crate) fn around(within: E, config: &Config) -> Self {
        let manners = Manners { is_secure: config.tls.certificate.is_some() };
        let (door, proxies) = (Door::new(&config.server), Proxies::new(&config.server));
        Self { within, door, proxies, storms: Storms::default(), manners, pause: config.server.patience() }
    }
}

impl<E: Endpoint<Output = Response>> Endpoint for Walls<E> {
    type Output = Response;

    async fn call(&self, mut request: Request) -> poem::Result<Response> {
        body_timeout::hurry(&mut request, self.pause);
        let about = security_headers::About::of(&request);
        let (guest, response) = match self.door.examine(&request) {
            Ok(guest) => {
                let response = self.admit(request, &guest).await?;
                (guest, response)
            }
            Err(Barred(status, sentence)) => (Guest::Own, refuse(status, &sentence)),
        };
        Ok(self.manners.dress(response, &about, &guest))
    }
}

impl<E: Endpoint<Output = Response>> Walls<E> {
    async fn admit(&self, mut request: Request, guest: &Guest) -> poem::Result<Response> {
        if let Some(refusal) = too_large(&request) {
            return Ok(refusal);
        }
        if request.method() == Method::OPTIONS
            && let Guest::Page(_) = guest
            && request.headers().contains_key(header::ACCESS_CONTROL_REQUEST_METHOD)
        {
            return Ok(security_headers::permission(&request));
        }
        let whence = Whence(self.proxies.sender(&request));
        request.extensions_mut().insert(whence);
        let knock = self.storms.knock(&request);
        if let Some(seconds) = self.storms.must_wait(&knock) {
            return Ok(failed_auth_limiter::refusal(seconds));
        }
        let (response, outcome) = auth_outcome::heard(self.within.call(request)).await;
        let response = response?;
        // What a tool refuses, or a route that signs in by itself, is told by the status.
        let is_refused = response.status() == StatusCode::UNAUTHORIZED;
        self.storms.note(&knock, if is_refused { Outcome::Refused } else { outcome });
        Ok(response)
    }
}

/// The refusal of a request whose head is too large to be meant.
fn too_large(request: &Request) -> Option<Response> {
    let uri = request.uri();
    let query = uri.query().unwrap_or_default();
    if uri.path().len() + query.len() > LONGEST_ADDRESS {
        let sentence = format!("The address is longer than {LONGEST_ADDRESS} bytes");
        return Some(refuse(StatusCode::URI_TOO_LONG, &sentence));
    }
    let headers: usize = request.headers().iter().map(|(name, value)| name.as_str().len() + value.len()).sum();
    if headers > LARGEST_HEADERS {
        let sentence = format!("The headers are larger than {LARGEST_HEADERS} bytes");
        return Some(refuse(StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE, &sentence));
    }
    let many = query.bytes().filter(|byte| *byte == b'&').count() >= MOST_PARAMETERS;
    many.then(|| refuse(StatusCode::BAD_REQUEST, &format!("The address has more than {MOST_PARAMETERS} parameters")))
}

fn refuse(status: StatusCode, sentence: &str) -> Response {
    let body = json!({ "detail": sentence }).to_string();
    Response::builder().status(status).content_type("application/json").body(body)
}
