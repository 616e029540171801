//! The browser that a user signs in with, identified by a cookie.

use poem::{Request, Response};
use resources::identity::crypto::{csrf_token, is_csrf_token, long_random_secret};

use crate::cookies::{self, Cookie};

/// The length of a secret, in hexadecimal characters.
const SECRET_LENGTH: usize = 64;

/// A browser, by the secret in its cookie.
#[derive(Clone)]
pub(super) struct Browser {
    pub(super) secret: String,
    /// The name of the cookie; over HTTPS its prefix keeps other hosts from setting it.
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

    /// Sets the cookie.
    pub(super) fn set_cookie(&self, response: &mut Response) {
        let is_secure = self.cookie.starts_with("__Host-");
        Cookie { name: self.cookie, value: &self.secret, path: "/", max_age: None, is_secure }.set(response);
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
    if base.starts_with("https://") { "__Host-recollect" } else { "recollect" }
}
