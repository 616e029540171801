//! Authorization requests: validated, first the client and its redirect URI, then everything else.

use std::{net::IpAddr, sync::Arc};

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use reqwest::Url;
use resources::grants::{Client, Trust, is_loopback};
use schemas::{key::KeyFamily, scope::Scope};

use super::{Oauth, parameters::Parameters, response::OAuthError};
use crate::address::DEFAULT_MCP_PATH;

/// Requested by clients that want refresh tokens; here every client gets one.
const OFFLINE_ACCESS: &str = "offline_access";

/// How many ignored scopes are logged, and how many characters of each.
const MAX_LOGGED: (usize, usize) = (8, 64);

/// A valid authorization request.
pub(super) struct AuthorizationRequest {
    /// Where to send the response.
    pub(super) target: RedirectTarget,
    /// The requested scopes.
    pub(super) scopes: Vec<Scope>,
    /// The resource that the tokens are for.
    pub(super) resource: String,
    /// The PKCE code challenge.
    pub(super) challenge: String,
}

/// Where to send the response: a known client, at a registered redirect URI.
pub(super) struct RedirectTarget {
    pub(super) client: Arc<Client>,
    pub(super) redirect_uri: String,
    pub(super) state: Option<String>,
    pub(super) issuer: String,
}

/// Why an authorization request is refused.
pub(super) enum AuthorizeError {
    /// The client or its redirect URI is invalid: the error is shown to the user, without a redirect.
    Untrusted(String),
    /// The client gets the error.
    Redirect(RedirectTarget, OAuthError),
    /// The server failed, or refuses to look the client up.
    Failed(tools::Error),
}

impl AuthorizationRequest {
    /// Validates a request to the server at `base` from the client at `address`.
    pub(super) async fn read(
        oauth: &Oauth,
        base: &str,
        given: &Parameters,
        address: Option<IpAddr>,
    ) -> Result<Self, AuthorizeError> {
        let target = RedirectTarget::read(oauth, base, given, address).await?;
        match GrantParameters::read(oauth, base, given) {
            Ok(GrantParameters { scopes, resource, challenge }) => Ok(Self { target, scopes, resource, challenge }),
            Err(error) => Err(AuthorizeError::Redirect(target, error)),
        }
    }
}

impl RedirectTarget {
    async fn read(
        oauth: &Oauth,
        base: &str,
        given: &Parameters,
        address: Option<IpAddr>,
    ) -> Result<Self, AuthorizeError> {
        let untrusted = |error: OAuthError| AuthorizeError::Untrusted(error.description);
        let id = given.require("client_id").map_err(untrusted)?;
        let found = oauth.resources.clients().find(id, address).await;
        let found = found.map_err(|error| AuthorizeError::Failed(error.into()))?;
        let client = found.map_err(|reason| AuthorizeError::Untrusted(format!("Invalid client: {reason}.")))?;
        let redirect_uri = match (given.get("redirect_uri").map_err(untrusted)?, client.redirect_uris.as_slice()) {
            (Some(given), _) => given.to_owned(),
            (None, [only]) => only.clone(),
            (None, _) => return Err(AuthorizeError::Untrusted("`redirect_uri` is missing.".into())),
        };
        if !client.has_redirect_uri(&redirect_uri) {
            let sentence = "`redirect_uri` is not registered for this client.";
            return Err(AuthorizeError::Untrusted(sentence.into()));
        }
        let state = given.get("state").map_err(untrusted)?.map(str::to_owned);
        Ok(Self { client, redirect_uri, state, issuer: base.to_owned() })
    }

    /// Whether an error may be sent to the client without asking the user: to one that was added by hand, or one on the
    /// user's machine. Any other could abuse the server as an open redirector.
    pub(super) fn is_trusted(&self) -> bool {
        let is_local = self.redirect_uri.parse::<Url>().is_ok_and(|url| is_loopback(&url));
        self.client.trust == Trust::Manual || is_local
    }

    /// The redirect with an authorization code.
    pub(super) fn with_code(&self, code: &str) -> String {
        self.with(&[("code", code)])
    }

    /// The redirect with an error.
    pub(super) fn with_error(&self, error: &OAuthError) -> String {
        self.with(&[("error", error.code), ("error_description", &error.description)])
    }

    fn with(&self, parameters: &[(&str, &str)]) -> String {
        response_url(&self.redirect_uri, parameters, self.state.as_deref(), &self.issuer)
    }
}

/// A redirect URI with these parameters, the state of the client, and the issuer (RFC 9207).
pub(super) fn response_url(
    redirect_uri: &str,
    parameters: &[(&str, &str)],
    state: Option<&str>,
    issuer: &str,
) -> String {
    let Ok(mut url) = redirect_uri.parse::<Url>() else { return redirect_uri.to_owned() };
    let state = state.map(|state| ("state", state));
    let pairs = parameters.iter().copied().chain(state).chain([("iss", issuer)]);
    url.query_pairs_mut().extend_pairs(pairs);
    url.into()
}

/// The parameters that make up the grant.
struct GrantParameters {
    scopes: Vec<Scope>,
    resource: String,
    challenge: String,
}

impl GrantParameters {
    fn read(oauth: &Oauth, base: &str, given: &Parameters) -> Result<Self, OAuthError> {
        match given.require("response_type")? {
            "code" => {}
            _ => return Err(OAuthError::new("unsupported_response_type", "response_type must be code")),
        }
        if given.get("request")?.is_some() || given.get("request_uri")?.is_some() {
            return Err(OAuthError::new("request_not_supported", "Requests in a JWT are not supported"));
        }
        if given.get("response_mode")?.is_some_and(|mode| mode != "query") {
            return Err(OAuthError::invalid_request("response_mode must be query"));
        }
        if given.get("prompt")? == Some("none") {
            return Err(OAuthError::new("interaction_required", "The user must always consent"));
        }
        let challenge = given.require("code_challenge")?;
        if given.get("code_challenge_method")? != Some("S256") {
            return Err(OAuthError::invalid_request("code_challenge_method must be S256"));
        }
        if !URL_SAFE_NO_PAD.decode(challenge).is_ok_and(|hash| hash.len() == 32) {
            return Err(OAuthError::invalid_request("code_challenge is not a base64url-encoded SHA-256"));
        }
        let default = || format!("{base}{DEFAULT_MCP_PATH}");
        let resource = given
            .get("resource")
            .map_err(|_| invalid_target())?
            .map(|resource| oauth.base.mcp_resource(resource, base));
        let resource = resource.unwrap_or_else(|| Some(default())).ok_or_else(invalid_target)?;
        let scopes = requested_scopes(given.get("scope")?, given.require("client_id")?);
        Ok(Self { scopes, resource, challenge: challenge.to_owned() })
    }
}

pub(super) fn invalid_target() -> OAuthError {
    OAuthError::new("invalid_target", "resource must be the URL of this server's MCP endpoint")
}

/// The requested scopes, in the order in which they are shown. Without any, a client requests to read memories, as with
/// Omi; one that names none of this server's requests those that the challenge names.
fn requested_scopes(text: Option<&str>, client_id: &str) -> Vec<Scope> {
    let text = text.filter(|text| !text.trim().is_empty());
    if text.is_none() {
        return vec![Scope::MemoriesRead];
    }
    let (requested, available) = (known_scopes(text, client_id), Scope::available(KeyFamily::Mcp));
    let is_requested = |scope: &Scope| requested.is_empty() || requested.contains(scope);
    available.iter().copied().filter(is_requested).collect()
}

/// The scopes of this server in a `scope` parameter. Others are ignored, as RFC 6749, 3.3 allows: many clients always
/// request `openid` and the like, and their users could not change that. The token response has what was granted.
pub(super) fn known_scopes(text: Option<&str>, client_id: &str) -> Vec<Scope> {
    let names = || text.unwrap_or_default().split_ascii_whitespace().filter(|name| *name != OFFLINE_ACCESS);
    let (count, length) = MAX_LOGGED;
    let unknown = names().filter(|name| Scope::parse(name, KeyFamily::Mcp).is_none()).take(count);
    let unknown: Vec<String> = unknown.map(|name| name.chars().take(length).collect()).collect();
    if !unknown.is_empty() {
        tracing::info!(client_id, scopes = ?unknown, "unknown scopes in an OAuth request were ignored");
    }
    names().filter_map(|name| Scope::parse(name, KeyFamily::Mcp)).collect()
}
