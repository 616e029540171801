//! How the MCP endpoint tells a client what it lacks: a token, or a scope (RFC 6750, RFC 9728).

use poem::{Request, http::HeaderValue};
use tools::Error;

use super::metadata;
use crate::address::{self, Base};

/// The `WWW-Authenticate` of a request to the MCP endpoint that nobody has signed in for; `error` says what is wrong with
/// the credential that came with it, and is `None` where none did.
pub(crate) fn unauthorized(base: &Base, request: &Request, error: Option<&Error>) -> Option<HeaderValue> {
    let wrong = error.map(|error| ("invalid_token", error.to_string()));
    challenge(base, request, &metadata::scopes().join(" "), wrong)
}

/// A `WWW-Authenticate` of these scopes, with an error and a sentence about it.
pub(crate) fn challenge(
    base: &Base,
    request: &Request,
    scope: &str,
    wrong: Option<(&str, String)>,
) -> Option<HeaderValue> {
    let mut parts = Vec::new();
    if let Some(url) = base.of(request) {
        let path = address::endpoint_of(request.original_uri().path());
        parts.push(format!(r#"resource_metadata="{url}/.well-known/oauth-protected-resource{path}""#));
    }
    parts.push(format!(r#"scope="{scope}""#));
    if let Some((error, sentence)) = wrong {
        let sentence: String = sentence.chars().filter(|character| !matches!(character, '"' | '\\')).collect();
        parts.push(format!(r#"error="{error}", error_description="{sentence}""#));
    }
    HeaderValue::from_str(&format!("Bearer {}", parts.join(", "))).ok()
}
