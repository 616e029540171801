//! The browser that a user signs in with: a cookie that no script reads and no other site sends along with a form.

use poem::{Request, http::header};
use resources::identity::crypto::{csrf_token, is_csrf_token, long_random_secret};

/// How long a secret is, in hexadecimal characters.
const SECRET: usize = 64;

/// A browser, by the secret that it keeps.
#[derive(Clone)]
pub(super) struct Browser {
    pub(super) secret: String,
    /// Over https the name itself sees to it that no other host can set the cookie.
    cookie: &'static str,
}

impl Browser {
    /// The browser that made a request to the server at `base`, if it has been here before.
    pub(super) fn of(request: &Request, base: &str) -> Option<Self> {
        let cookie = cookie_name(base);
        let secret = cookie_of(request, cookie)?;
        let is_secret = secret.len() == SECRET && secret.bytes().all(|byte| byte.is_ascii_hexdigit());
        is_secret.then(|| Self { secret: secret.to_owned(), cookie })
    }

    /// A browser that is new here, or that somebody has just signed in or out with.
    pub(super) fn new(base: &str) -> Self {
        Self { secret: long_random_secret(), cookie: cookie_name(base) }
    }

    /// The header that makes the browser keep its secret.
    pub(super) fn set_cookie(&self) -> String {
        let secure = if self.cookie.starts_with("__Host-") { "; Secure" } else { "" };
        format!("{}={}; Path=/; HttpOnly; SameSite=Lax{secure}", self.cookie, self.secret)
    }

    /// What the forms for this browser hold.
    pub(super) fn form_secret(&self) -> String {
        csrf_token(&self.secret)
    }

    /// Whether a form was made for this browser.
    pub(super) fn has_form(&self, given: &str) -> bool {
        is_csrf_token(&self.secret, given)
    }
}

/// The value of a cookie.
pub(crate) fn cookie_of<'r>(request: &'r Request, name: &str) -> Option<&'r str> {
    let all = request.headers().get_all(header::COOKIE).into_iter().filter_map(|value| value.to_str().ok());
    let mut pairs = all.flat_map(|value| value.split(';')).filter_map(|pair| pair.trim().split_once('='));
    pairs.find(|(given, _)| *given == name).map(|(_, value)| value)
}

fn cookie_name(base: &str) -> &'static str {
    if base.starts_with("https://") { "__Host-recollect" } else { "recollect" }
}
