//! `WWW-Authenticate` challenges of the MCP endpoint (RFC 6750, RFC 9728).

use poem::{Request, http::HeaderValue};
use schemas::{key::KeyFamily, scope::Scope};
use tools::Error;

use crate::address::{self, BaseUrl};

/// The supported scopes, as MCP keys spell them.
pub(crate) fn supported_scopes() -> Vec<String> {
    Scope::available(KeyFamily::Mcp).iter().map(|scope| scope.spelling(KeyFamily::Mcp)).collect()
}

/// The challenge for an unauthenticated request to the MCP endpoint; `error` is what is wrong with its credential, and
/// `None` where it brought none.
pub(crate) fn unauthorized(base: &BaseUrl, request: &Request, error: Option<&Error>) -> Option<HeaderValue> {
    let wrong = error.map(|error| ("invalid_token", error.to_string()));
    challenge(base, request, &supported_scopes().join(" "), wrong)
}

/// A challenge for these scopes, with an error code and a sentence.
pub(crate) fn challenge(
    base: &BaseUrl,
    request: &Request,
    scope: &str,
    wrong: Option<(&str, String)>,
) -> Option<HeaderValue> {
    let mut parts = Vec::new();
    if let Some(url) = base.of(request) {
        let path = address::mcp_path_of(request.original_uri().path());
        parts.push(format!(r#"resource_metadata="{url}/.well-known/oauth-protected-resource{path}""#));
    }
    parts.push(format!(r#"scope="{scope}""#));
    if let Some((error, sentence)) = wrong {
        let sentence: String = sentence.chars().filter(|character| !matches!(character, '"' | '\\')).collect();
        parts.push(format!(r#"error="{error}", error_description="{sentence}""#));
    }
    HeaderValue::from_str(&format!("Bearer {}", parts.join(", "))).ok()
}
