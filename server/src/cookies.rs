//! Cookies.

use std::time::Duration;

use poem::{
    Request, Response,
    http::{HeaderValue, header},
};

/// A cookie for the server itself: scripts cannot read it, and other sites send it only with ordinary links.
pub(crate) struct Cookie<'a> {
    pub(crate) name: &'a str,
    pub(crate) value: &'a str,
    pub(crate) path: &'a str,
    /// `None` lasts until the browser is closed.
    pub(crate) max_age: Option<Duration>,
    /// Whether it is sent over HTTPS only.
    pub(crate) is_secure: bool,
}

/// The value of a cookie of this request; `None` where there are several of this name, since another host of the same
/// domain may have set one of them.
pub(crate) fn get<'r>(request: &'r Request, name: &str) -> Option<&'r str> {
    let all = request.headers().get_all(header::COOKIE).into_iter().filter_map(|value| value.to_str().ok());
    let pairs = all.flat_map(|value| value.split(';')).filter_map(|pair| pair.trim().split_once('='));
    let mut values = pairs.filter(|(given, _)| *given == name).map(|(_, value)| value);
    values.next().filter(|_| values.next().is_none())
}

impl Cookie<'_> {
    /// Adds the `Set-Cookie` header.
    pub(crate) fn set(&self, response: &mut Response) {
        let Self { name, value, path, .. } = self;
        let max_age = self.max_age.map(|age| format!("; Max-Age={}", age.as_secs())).unwrap_or_default();
        let secure = if self.is_secure { "; Secure" } else { "" };
        let text = format!("{name}={value}; Path={path}{max_age}; HttpOnly; SameSite=Lax{secure}");
        if let Ok(value) = HeaderValue::from_str(&text) {
            response.headers_mut().append(header::SET_COOKIE, value);
        }
    }
}
