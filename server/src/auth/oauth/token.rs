//! `POST /token` and `POST /revoke`.

use std::sync::Arc;

use base64::{Engine, engine::general_purpose::STANDARD};
use poem::{
    Request, Response,
    http::{StatusCode, header},
};
use resources::grants::{CodeExchange, IssuedTokens, TokenError};
use schemas::key::KeyFamily;
use serde_json::json;

use super::{
    Oauth,
    omi::{self, OMI},
    parameters::{Parameters, decoded},
    request::{invalid_target, known_scopes},
    response::{self, OAuthError},
};

/// The length of a PKCE code verifier, in characters (RFC 7636).
const VERIFIER_LENGTH: std::ops::RangeInclusive<usize> = 43..=128;

/// `POST /token`.
pub(crate) async fn issue(oauth: Arc<Oauth>, mut request: Request) -> Response {
    issue_tokens(&oauth, &mut request).await.unwrap_or_else(Response::from)
}

/// `POST /revoke` (RFC 7009): an unknown token counts as revoked.
pub(crate) async fn revoke(oauth: Arc<Oauth>, mut request: Request) -> Response {
    revoke_token(&oauth, &mut request).await.unwrap_or_else(Response::from)
}

async fn issue_tokens(oauth: &Oauth, request: &mut Request) -> Result<Response, OAuthError> {
    let given = Parameters::of_body(request).await?;
    let credentials = ClientCredentials::read(request, &given)?;
    if credentials.id == OMI {
        return omi::token(&oauth.resources, credentials.secret.as_deref()).await;
    }
    credentials.check(oauth).await?;
    let outcome = match given.require("grant_type")? {
        "authorization_code" => exchange(oauth, &credentials.id, &given, request).await?,
        "refresh_token" => refresh(oauth, &credentials.id, &given, request).await?,
        _ => {
            let sentence = "grant_type must be authorization_code or refresh_token";
            return Err(OAuthError::new("unsupported_grant_type", sentence));
        }
    };
    Ok(issued(outcome.map_err(OAuthError::from)?))
}

type Outcome = Result<Result<IssuedTokens, TokenError>, OAuthError>;

async fn exchange(oauth: &Oauth, client_id: &str, given: &Parameters, request: &Request) -> Outcome {
    let verifier = given.require("code_verifier")?;
    if !VERIFIER_LENGTH.contains(&verifier.len()) {
        return Err(OAuthError::invalid_request("code_verifier must have 43 to 128 characters"));
    }
    let resource = resource(oauth, given, request)?;
    let exchange = CodeExchange {
        code: given.require("code")?,
        client_id,
        redirect_uri: given.get("redirect_uri")?,
        verifier,
        resource: resource.as_deref(),
    };
    Ok(oauth.resources.grants().exchange_code(exchange).await?)
}

async fn refresh(oauth: &Oauth, client_id: &str, given: &Parameters, request: &Request) -> Outcome {
    let token = given.require("refresh_token")?;
    let scopes = known_scopes(given.get("scope")?, client_id);
    let scopes = scopes.into_iter().map(|scope| scope.spelling(KeyFamily::Mcp)).collect();
    let resource = resource(oauth, given, request)?;
    Ok(oauth.resources.grants().refresh(token, client_id, scopes, resource.as_deref()).await?)
}

async fn revoke_token(oauth: &Oauth, request: &mut Request) -> Result<Response, OAuthError> {
    let given = Parameters::of_body(request).await?;
    let credentials = ClientCredentials::read(request, &given)?;
    credentials.check(oauth).await?;
    match oauth.resources.grants().revoke_token(given.require("token")?, &credentials.id).await? {
        true => Ok(response::empty()),
        false => Err(OAuthError::new("invalid_grant", "The token was issued to another client")),
    }
}

/// The requested resource, in canonical form.
///
/// # Errors
/// `invalid_target` where it is not this server's MCP endpoint.
fn resource(oauth: &Oauth, given: &Parameters, request: &Request) -> Result<Option<String>, OAuthError> {
    let Some(resource) = given.get("resource")? else { return Ok(None) };
    let own = oauth.base.of(request).and_then(|base| oauth.base.mcp_resource(resource, &base));
    own.map(Some).ok_or_else(invalid_target)
}

fn issued(issued: IssuedTokens) -> Response {
    let mut body = json!({
        "access_token": issued.access_token,
        "token_type": "Bearer",
        "expires_in": issued.expires_in,
        "scope": issued.scopes.join(" "),
    });
    if let Some(token) = issued.refresh_token {
        body["refresh_token"] = json!(token);
    }
    response::json(StatusCode::OK, &body)
}

impl From<TokenError> for OAuthError {
    fn from(error: TokenError) -> Self {
        match error {
            TokenError::InvalidGrant(sentence) => Self::new("invalid_grant", sentence),
            TokenError::InvalidScope(sentence) => Self::new("invalid_scope", sentence),
            TokenError::InvalidTarget(sentence) => Self::new("invalid_target", sentence),
        }
    }
}

/// The credentials of a client, from the header or the body.
struct ClientCredentials {
    id: String,
    secret: Option<String>,
}

impl ClientCredentials {
    fn read(request: &Request, given: &Parameters) -> Result<Self, OAuthError> {
        let (id, secret) = (given.get("client_id")?, given.get("client_secret")?);
        match request.header(header::AUTHORIZATION).map(basic) {
            Some(Some(basic)) => {
                if secret.is_some() || id.is_some_and(|id| id != basic.id) {
                    return Err(OAuthError::invalid_request("Use only one client authentication method"));
                }
                Ok(basic)
            }
            Some(None) => Err(OAuthError::invalid_client("The Authorization header is not HTTP Basic")),
            None => {
                let id = id.ok_or_else(|| OAuthError::invalid_request("client_id is missing"))?;
                Ok(Self { id: id.to_owned(), secret: secret.map(str::to_owned) })
            }
        }
    }

    /// Authenticates the client. One with a metadata document has no secret: its code was sent to a redirect URI of
    /// that document, which need not be fetched again.
    async fn check(&self, oauth: &Oauth) -> Result<(), OAuthError> {
        if resources::grants::is_metadata_url(&self.id) {
            return Ok(());
        }
        match oauth.resources.clients().find(&self.id, None).await? {
            Ok(client) if client.is_authenticated_by(self.secret.as_deref()) => Ok(()),
            Ok(_) => Err(OAuthError::invalid_client("client_secret is missing or wrong")),
            Err(_) => Err(OAuthError::invalid_client("Unknown client")),
        }
    }
}

/// The credentials in an HTTP Basic header, each form-encoded (RFC 6749, 2.3.1).
fn basic(header: &str) -> Option<ClientCredentials> {
    let (scheme, encoded) = header.split_once(' ')?;
    let text = scheme.eq_ignore_ascii_case("basic").then(|| STANDARD.decode(encoded.trim()).ok()).flatten()?;
    let text = String::from_utf8(text).ok()?;
    let (id, secret) = text.split_once(':')?;
    let secret = decoded(secret);
    Some(ClientCredentials { id: decoded(id), secret: (!secret.is_empty()).then_some(secret) })
}
