//! What a client asks a user for: read and checked, first where to answer, then what it is about.

use std::sync::Arc;

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use reqwest::Url;
use resources::grants::{Client, Trust, is_loopback};
use schemas::{key::KeyFamily, scope::Scope};

use super::{Oauth, answer::Refused, parameters::Parameters};
use crate::address::USUAL_ENDPOINT;

/// Asked for by clients that want refresh tokens, which here everybody gets.
pub(super) const OFFLINE: &str = "offline_access";

/// What a client asks for.
pub(super) struct Asked {
    /// Where to answer.
    pub(super) back: Back,
    /// What it wants to do.
    pub(super) scopes: Vec<Scope>,
    /// The address that the tokens are for.
    pub(super) resource: String,
    /// What the secret has to fit that the client keeps.
    pub(super) challenge: String,
}

/// Where to answer a client that is known.
pub(super) struct Back {
    pub(super) client: Arc<Client>,
    pub(super) redirect_uri: String,
    pub(super) state: Option<String>,
    pub(super) issuer: String,
}

/// Why a request is not put to the user.
pub(super) enum Objection {
    /// It is not known where to answer, so that only the user is told.
    Shown(String),
    /// The client is told.
    Told(Back, Refused),
    /// It is none of the client's doing.
    Failed(Refused),
}

impl Asked {
    /// Reads a request that came to the server at `base`.
    pub(super) async fn read(oauth: &Oauth, base: &str, given: &Parameters) -> Result<Self, Objection> {
        let back = Back::read(oauth, base, given).await?;
        match Terms::read(oauth, base, given) {
            Ok(Terms { scopes, resource, challenge }) => Ok(Self { back, scopes, resource, challenge }),
            Err(refused) => Err(Objection::Told(back, refused)),
        }
    }
}

impl Back {
    async fn read(oauth: &Oauth, base: &str, given: &Parameters) -> Result<Self, Objection> {
        let shown = |refused: Refused| Objection::Shown(refused.description);
        let id = given.need("client_id").map_err(shown)?;
        let found = oauth.resources.clients().find(id).await.map_err(|error| Objection::Failed(error.into()))?;
        let client = found.map_err(|reason| Objection::Shown(format!("The client is not known: {reason}.")))?;
        let redirect_uri = match (given.get("redirect_uri").map_err(shown)?, client.redirect_uris.as_slice()) {
            (Some(given), _) => given.to_owned(),
            (None, [only]) => only.clone(),
            (None, _) => return Err(Objection::Shown("The client does not say where it is to be answered.".into())),
        };
        if !client.has_redirect_uri(&redirect_uri) {
            let sentence = "The client wants to be answered at an address that is not one of its own.";
            return Err(Objection::Shown(sentence.into()));
        }
        let state = given.get("state").map_err(shown)?.map(str::to_owned);
        Ok(Self { client, redirect_uri, state, issuer: base.to_owned() })
    }

    /// Whether the client may be answered before the user has had a say: a known one may, and one on the user's own
    /// machine. Any other could have made the request only to have the browser sent to itself.
    pub(super) fn is_trusted(&self) -> bool {
        let is_near = self.redirect_uri.parse::<Url>().is_ok_and(|url| is_loopback(&url));
        self.client.trust == Trust::Manual || is_near
    }

    /// The address with the code.
    pub(super) fn with_code(&self, code: &str) -> String {
        self.with(&[("code", code)])
    }

    /// The address with an error.
    pub(super) fn with_error(&self, refused: &Refused) -> String {
        self.with(&[("error", refused.error), ("error_description", &refused.description)])
    }

    fn with(&self, answer: &[(&str, &str)]) -> String {
        answered(&self.redirect_uri, answer, self.state.as_deref(), &self.issuer)
    }
}

/// An address with an answer, the client's own state, and who answers (RFC 9207).
pub(super) fn answered(redirect_uri: &str, answer: &[(&str, &str)], state: Option<&str>, issuer: &str) -> String {
    let Ok(mut url) = redirect_uri.parse::<Url>() else { return redirect_uri.to_owned() };
    let state = state.map(|state| ("state", state));
    let pairs = answer.iter().copied().chain(state).chain([("iss", issuer)]);
    url.query_pairs_mut().extend_pairs(pairs);
    url.into()
}

/// What a request is about.
struct Terms {
    scopes: Vec<Scope>,
    resource: String,
    challenge: String,
}

impl Terms {
    fn read(oauth: &Oauth, base: &str, given: &Parameters) -> Result<Self, Refused> {
        match given.need("response_type")? {
            "code" => {}
            _ => return Err(Refused::new("unsupported_response_type", "response_type must be code")),
        }
        if given.get("request")?.is_some() || given.get("request_uri")?.is_some() {
            return Err(Refused::new("request_not_supported", "Requests in a JWT are not supported"));
        }
        if given.get("response_mode")?.is_some_and(|mode| mode != "query") {
            return Err(Refused::invalid_request("response_mode must be query"));
        }
        if given.get("prompt")? == Some("none") {
            return Err(Refused::new("interaction_required", "The user is always asked"));
        }
        let challenge = given.need("code_challenge")?;
        if given.get("code_challenge_method")? != Some("S256") {
            return Err(Refused::invalid_request("code_challenge_method must be S256"));
        }
        if !URL_SAFE_NO_PAD.decode(challenge).is_ok_and(|hash| hash.len() == 32) {
            return Err(Refused::invalid_request("code_challenge is not the base64url of a SHA-256"));
        }
        let usual = || format!("{base}{USUAL_ENDPOINT}");
        let resource =
            given.get("resource").map_err(|_| not_ours())?.map(|resource| oauth.base.endpoint(resource, host_of(base)));
        let resource = resource.unwrap_or_else(|| Some(usual())).ok_or_else(not_ours)?;
        Ok(Self { scopes: scopes(given.get("scope")?)?, resource, challenge: challenge.to_owned() })
    }
}

fn host_of(base: &str) -> Option<&str> {
    base.split_once("://").map(|(_, host)| host)
}

fn not_ours() -> Refused {
    Refused::new("invalid_target", "resource must be the address of this server's MCP endpoint")
}

/// The scopes that a text names, in the order in which they are listed to people.
fn scopes(text: Option<&str>) -> Result<Vec<Scope>, Refused> {
    let mut asked = Vec::new();
    for name in text.unwrap_or_default().split_ascii_whitespace().filter(|name| *name != OFFLINE) {
        let scope = Scope::parse(name, KeyFamily::Mcp)
            .ok_or_else(|| Refused::new("invalid_scope", "One of the scopes is not known here"))?;
        asked.push(scope);
    }
    if asked.is_empty() {
        asked.push(Scope::MemoriesRead);
    }
    Ok(Scope::available(KeyFamily::Mcp).iter().copied().filter(|scope| asked.contains(scope)).collect())
}
