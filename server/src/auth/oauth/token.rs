//! `POST /token` and `POST /revoke`: tokens for a code or a refresh token, and back again.

use std::sync::Arc;

use base64::{Engine, engine::general_purpose::STANDARD};
use poem::{
    Request, Response,
    http::{StatusCode, header},
};
use resources::grants::{CodeExchange, IssuedTokens, TokenError};
use serde_json::json;

use super::{
    Oauth,
    answer::{self, Refused},
    omi::{self, OMI},
    parameters::{Parameters, decoded},
    request::OFFLINE,
};
use crate::address::called;

/// How long the secret behind a challenge is, in characters (RFC 7636).
const VERIFIER: std::ops::RangeInclusive<usize> = 43..=128;

/// Answers `POST /token`.
pub(super) async fn issue(oauth: Arc<Oauth>, mut request: Request) -> Response {
    answer_token(&oauth, &mut request).await.unwrap_or_else(Response::from)
}

/// Answers `POST /revoke` (RFC 7009): what is not known is as good as revoked.
pub(super) async fn take_back(oauth: Arc<Oauth>, mut request: Request) -> Response {
    revoke(&oauth, &mut request).await.unwrap_or_else(Response::from)
}

async fn answer_token(oauth: &Oauth, request: &mut Request) -> Result<Response, Refused> {
    let given = Parameters::of_body(request).await?;
    let credentials = Credentials::read(request, &given)?;
    if credentials.id == OMI {
        return omi::token(&oauth.resources, credentials.secret.as_deref()).await;
    }
    credentials.check(oauth).await?;
    let outcome = match given.need("grant_type")? {
        "authorization_code" => exchange(oauth, &credentials.id, &given, called(request)).await?,
        "refresh_token" => refresh(oauth, &credentials.id, &given, called(request)).await?,
        _ => {
            let sentence = "grant_type must be authorization_code or refresh_token";
            return Err(Refused::new("unsupported_grant_type", sentence));
        }
    };
    Ok(issued(outcome.map_err(denied)?))
}

type Outcome = Result<Result<IssuedTokens, TokenError>, Refused>;

async fn exchange(oauth: &Oauth, client_id: &str, given: &Parameters, called: Option<&str>) -> Outcome {
    let verifier = given.need("code_verifier")?;
    if !VERIFIER.contains(&verifier.len()) {
        return Err(Refused::invalid_request("code_verifier has 43 to 128 characters"));
    }
    let resource = resource(oauth, given, called)?;
    let exchange = CodeExchange {
        code: given.need("code")?,
        client_id,
        redirect_uri: given.get("redirect_uri")?,
        verifier,
        resource: resource.as_deref(),
    };
    Ok(oauth.resources.grants().exchange_code(exchange).await?)
}

async fn refresh(oauth: &Oauth, client_id: &str, given: &Parameters, called: Option<&str>) -> Outcome {
    let token = given.need("refresh_token")?;
    let scopes = given.get("scope")?.map(|text| text.split_ascii_whitespace());
    let scopes = scopes.map(|names| names.filter(|name| *name != OFFLINE).map(str::to_owned).collect());
    let resource = resource(oauth, given, called)?;
    Ok(oauth.resources.grants().refresh(token, client_id, scopes, resource.as_deref()).await?)
}

async fn revoke(oauth: &Oauth, request: &mut Request) -> Result<Response, Refused> {
    let given = Parameters::of_body(request).await?;
    let credentials = Credentials::read(request, &given)?;
    credentials.check(oauth).await?;
    match oauth.resources.grants().revoke_token(given.need("token")?, &credentials.id).await? {
        true => Ok(answer::done()),
        false => Err(Refused::new("invalid_grant", "The token was given to another client")),
    }
}

/// The address that tokens are asked for, in its one spelling; one that is not the server's is left for the grant to
/// refuse.
fn resource(oauth: &Oauth, given: &Parameters, called: Option<&str>) -> Result<Option<String>, Refused> {
    let resource = given.get("resource")?;
    Ok(resource.map(|resource| oauth.base.endpoint(resource, called).unwrap_or_else(|| resource.to_owned())))
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
    answer::document(StatusCode::OK, &body)
}

fn denied(denied: TokenError) -> Refused {
    match denied {
        TokenError::InvalidGrant(sentence) => Refused::new("invalid_grant", sentence),
        TokenError::InvalidScope(sentence) => Refused::new("invalid_scope", sentence),
        TokenError::InvalidTarget(sentence) => Refused::new("invalid_target", sentence),
    }
}

/// Who a client says it is, in the header or in the body.
struct Credentials {
    id: String,
    secret: Option<String>,
}

impl Credentials {
    fn read(request: &Request, given: &Parameters) -> Result<Self, Refused> {
        let (id, secret) = (given.get("client_id")?, given.get("client_secret")?);
        match request.header(header::AUTHORIZATION).map(basic) {
            Some(Some(basic)) => {
                if secret.is_some() || id.is_some_and(|id| id != basic.id) {
                    return Err(Refused::invalid_request("The client proves itself in two ways"));
                }
                Ok(basic)
            }
            Some(None) => Err(Refused::invalid_client("The Authorization header is not one of HTTP Basic")),
            None => {
                let id = id.ok_or_else(|| Refused::invalid_request("client_id is missing"))?;
                Ok(Self { id: id.to_owned(), secret: secret.map(str::to_owned) })
            }
        }
    }

    /// Sees to it that the client is who it says. One that is known by the address of its document keeps no secret: what
    /// it brings was sent to that document's addresses, and its document need not be there each time.
    async fn check(&self, oauth: &Oauth) -> Result<(), Refused> {
        if resources::grants::is_metadata_url(&self.id) {
            return Ok(());
        }
        match oauth.resources.clients().find(&self.id).await? {
            Ok(client) if client.is_authenticated_by(self.secret.as_deref()) => Ok(()),
            Ok(_) => Err(Refused::invalid_client("client_secret is missing or wrong")),
            Err(_) => Err(Refused::invalid_client("No client has this id")),
        }
    }
}

/// The two halves of an HTTP Basic header, each encoded as in a form (RFC 6749, 2.3.1).
fn basic(header: &str) -> Option<Credentials> {
    let (scheme, encoded) = header.split_once(' ')?;
    let text = scheme.eq_ignore_ascii_case("basic").then(|| STANDARD.decode(encoded.trim()).ok()).flatten()?;
    let text = String::from_utf8(text).ok()?;
    let (id, secret) = text.split_once(':')?;
    let secret = decoded(secret);
    Some(Credentials { id: decoded(id), secret: (!secret.is_empty()).then_some(secret) })
}
