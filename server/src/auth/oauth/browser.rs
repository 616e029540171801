//! The browser that a user signs in with, identified by a cookie.

use std::time::Duration;

use poem::{Request, Response};
use resources::{
    grants::BROWSER_SESSION_TTL,
    identity::crypto::{csrf_token, is_csrf_token, long_random_secret},
};

use crate::cookies::{self, Cookie};

/// The length of a secret, in hexadecimal characters.
const SECRET_LENGTH: usize = 64;

/// The name of the cookie over HTTPS.
const SECURE_COOKIE: &str = "__Secure-recollect";

/// The path of the cookie: only the authorization endpoint and its callback read it. Cookies know no ports, so that a
/// wider path would send it to every other service on the same host.
const COOKIE_PATH: &str = "/authorize";

/// A browser, by the secret in its cookie.
#[derive(Clone)]
pub(super) struct Browser {
    pub(super) secret: String,
    /// The name of the cookie; over HTTPS its prefix keeps pages without TLS from setting it. `__Host-` would require the
    /// path `/`.
    cookie: &'static str,
}

impl Browser {
    /// The browser that made a request to the server at `base`, if it has a cookie.
    pub(super) fn of(request: &Request, base: &str) -> Option<Self> {
        let cookie = cookie_name(base);
        let secret = cookies::get(request, cookie)?;
        let is_secret = secret.len() == SECRET_LENGTH && secret.bytes().all(|byte| byte.is_ascii_hexdigit());
        is_secret.then(|| Self { secret: secret.to_owned(), cookie })
    }

    /// A browser with a new secret, which it gets on its first visit and whenever its user signs in or out.
    pub(super) fn new(base: &str) -> Self {
        Self { secret: long_random_secret(), cookie: cookie_name(base) }
    }

    /// Sets the cookie, for as long as a session lasts.
    pub(super) fn set_cookie(&self, response: &mut Response) {
        self.write_cookie(&self.secret, BROWSER_SESSION_TTL, response);
    }

    /// Removes the cookie.
    pub(super) fn remove_cookie(&self, response: &mut Response) {
        self.write_cookie("", Duration::ZERO, response);
    }

    fn write_cookie(&self, value: &str, max_age: Duration, response: &mut Response) {
        let is_secure = self.cookie == SECURE_COOKIE;
        Cookie { name: self.cookie, value, path: COOKIE_PATH, max_age: Some(max_age), is_secure }.set(response);
    }

    /// The CSRF token of forms for this browser.
    pub(super) fn csrf_token(&self) -> String {
        csrf_token(&self.secret)
    }

    /// Whether this is the CSRF token of this browser.
    pub(super) fn is_csrf_token(&self, given: &str) -> bool {
        is_csrf_token(&self.secret, given)
    }
}

fn cookie_name(base: &str) -> &'static str {
    if base.starts_with("https://") { SECURE_COOKIE } else { "recollect" }
}
