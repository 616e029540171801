//! An issuer of tokens on loopback. It describes itself, shows its keys, signs people in and gives tokens for codes,
//! and is as strict about that as real ones are.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex},
};

use base64::{
    Engine,
    engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD},
};
use poem::{
    FromRequest, Request, Response, Server, endpoint::make, http::StatusCode, listener::TcpAcceptor, web::Form,
};
use reqwest::Url;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use uuid::Uuid;

use super::{
    signing_keys::Key,
    support::{claims, verified_email, with},
};
use crate::support::server::on_runtime;

/// The client id and secret of the server at the issuer.
pub(super) const CLIENT: &str = "recollect";
pub(super) const SECRET: &str = "sesame & more";

/// Where it is asked for its description, and for its keys.
pub(super) const DESCRIPTION: &str = "/.well-known/openid-configuration";
pub(super) const KEYS: &str = "/keys";

/// How the issuer behaves.
pub(super) struct Behaviour {
    /// The status of its answers: with any but 200, that is all there is to them.
    pub(super) status: u16,
    /// What it calls itself.
    pub(super) name: String,
    /// Its key set, as it is sent.
    pub(super) key_set: String,
    /// For how long its documents may be kept.
    pub(super) cache_control: Option<&'static str>,
    /// The client authentication method.
    pub(super) proof: &'static str,
}

/// The issuer.
#[derive(Clone)]
pub(super) struct Issuer {
    /// Its address, which it calls itself by.
    pub(super) url: String,
    state: Arc<Mutex<State>>,
}

struct State {
    behaviour: Behaviour,
    /// How often it was asked, by path.
    asked: HashMap<String, usize>,
    /// The parameters of authorization requests, by code.
    requests: HashMap<String, AuthorizeParameters>,
}

/// The parameters that a browser comes with: those of the server, and what somebody says on the page: who they are
/// (`login`), what is to be said of them instead of the usual (`says`), and what goes wrong (`mishap`).
type AuthorizeParameters = HashMap<String, String>;

impl Issuer {
    /// Starts one whose first key is [`Key::first`], and which has [`Key::curve`] too.
    pub(super) async fn serve() -> Self {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap().into_std().unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let behaviour = Behaviour {
            status: 200,
            name: url.clone(),
            key_set: key_set(&[Key::first(), Key::curve()]),
            cache_control: None,
            proof: "client_secret_basic",
        };
        let state = State { behaviour, asked: HashMap::new(), requests: HashMap::new() };
        let issuer = Self { url, state: Arc::new(Mutex::new(state)) };
        let answering = issuer.clone();
        let endpoint = make(move |request: Request| {
            let issuer = answering.clone();
            async move { Ok::<_, poem::Error>(issuer.answer(request).await) }
        });
        on_runtime(async move {
            let acceptor = TcpAcceptor::from_std(listener).unwrap();
            tokio::spawn(Server::new_with_acceptor(acceptor).run(endpoint));
        })
        .await;
        issuer
    }

    /// Changes how it behaves from now on.
    pub(super) fn change(&self, change: impl FnOnce(&mut Behaviour)) {
        change(&mut self.state.lock().unwrap().behaviour);
    }

    /// How often it was asked for what is at this path.
    pub(super) fn request_count(&self, path: &str) -> usize {
        self.state.lock().unwrap().asked.get(path).copied().unwrap_or_default()
    }

    async fn answer(&self, request: Request) -> Response {
        let path = request.uri().path().to_owned();
        let (status, key_set) = {
            let mut state = self.state.lock().unwrap();
            *state.asked.entry(path.clone()).or_default() += 1;
            (state.behaviour.status, state.behaviour.key_set.clone())
        };
        match path.as_str() {
            _ if status != 200 => refusal(status, "server_error"),
            DESCRIPTION => self.document(self.description()),
            KEYS => self.document(key_set),
            "/authorize" => self.sign_in(request.params().unwrap()),
            "/token" => self.token(request).await,
            _ => refusal(404, "not_found"),
        }
    }

    fn document(&self, text: String) -> Response {
        let cache_control = self.state.lock().unwrap().behaviour.cache_control;
        let response = Response::builder().content_type("application/json");
        let response =
            cache_control.into_iter().fold(response, |response, value| response.header("cache-control", value));
        response.body(text)
    }

    fn description(&self) -> String {
        let (url, state) = (&self.url, self.state.lock().unwrap());
        let description = json!({
            "issuer": state.behaviour.name,
            "jwks_uri": format!("{url}{KEYS}"),
            "authorization_endpoint": format!("{url}/authorize"),
            "token_endpoint": format!("{url}/token"),
            "token_endpoint_auth_methods_supported": [state.behaviour.proof],
        });
        description.to_string()
    }

    /// Sends a browser back, with a code as long as nothing goes wrong.
    fn sign_in(&self, parameters: AuthorizeParameters) -> Response {
        let given = |name: &str| parameters.get(name).map_or("", String::as_str);
        let expected = [
            ("response_type", "code"),
            ("client_id", CLIENT),
            ("scope", "openid email profile"),
            ("code_challenge_method", "S256"),
        ];
        if expected.iter().any(|(name, value)| given(name) != *value) || given("nonce").is_empty() {
            return refusal(400, "invalid_request");
        }
        let mut back: Url = given("redirect_uri").parse().unwrap();
        back.query_pairs_mut().append_pair("state", given("state"));
        if given("mishap") == "denied" {
            back.query_pairs_mut().append_pair("error", "access_denied");
        } else {
            let code = Uuid::new_v4().to_string();
            back.query_pairs_mut().append_pair("code", &code);
            self.state.lock().unwrap().requests.insert(code, parameters);
        }
        Response::builder().status(StatusCode::SEE_OTHER).header("location", back.as_str()).finish()
    }

    /// Gives tokens for a code, once, to the client that it was given for.
    async fn token(&self, request: Request) -> Response {
        let (request, mut body) = request.split();
        let Form(fields) = Form::<HashMap<String, String>>::from_request(&request, &mut body).await.unwrap();
        let given = |name: &str| fields.get(name).map_or("", String::as_str);
        let mut state = self.state.lock().unwrap();
        if !is_authenticated(state.behaviour.proof, request.header("authorization"), &fields) {
            return refusal(401, "invalid_client");
        }
        let challenge = URL_SAFE_NO_PAD.encode(Sha256::digest(given("code_verifier")));
        let parameters = state.requests.remove(given("code")).filter(|parameters| {
            let is_redeemed = given("grant_type") == "authorization_code";
            is_redeemed
                && parameters["redirect_uri"] == given("redirect_uri")
                && parameters["code_challenge"] == challenge
        });
        let Some(parameters) = parameters else { return refusal(400, "invalid_grant") };
        let mut tokens = json!({ "access_token": "opaque", "token_type": "Bearer", "expires_in": 3600 });
        let said = said(&state.behaviour.name, &parameters);
        match parameters.get("mishap").map(String::as_str) {
            Some("stumbled") => return refusal(500, "server_error"),
            Some("forgotten") => {}
            Some("forged") => tokens["id_token"] = json!(Key::second().sign_as(Some("first"), &said)),
            _ => tokens["id_token"] = json!(Key::first().sign(&said)),
        }
        Response::builder().content_type("application/json").body(tokens.to_string())
    }
}

/// A key set, which also has a key of an unknown type.
pub(super) fn key_set(keys: &[Key]) -> String {
    let unknown = json!({ "kty": "of a kind to come", "kid": "unknown", "use": "sig" });
    let keys: Vec<Value> = [unknown].into_iter().chain(keys.iter().map(Key::public)).collect();
    json!({ "keys": keys }).to_string()
}

/// The claims for these parameters.
fn said(issuer: &str, parameters: &AuthorizeParameters) -> Value {
    let login = parameters.get("login").map_or("", String::as_str);
    let usual = with(claims(issuer, CLIENT, login), verified_email(&format!("{login}@example.com")));
    let usual = with(usual, json!({ "name": login, "nonce": parameters["nonce"] }));
    with(usual, serde_json::from_str(parameters.get("says").map_or("{}", String::as_str)).unwrap())
}

/// Whether a client proves who it is in this way, and in no other.
fn is_authenticated(proof: &str, authorization: Option<&str>, fields: &HashMap<String, String>) -> bool {
    let field = |name: &str| fields.get(name).map(String::as_str);
    if proof == "client_secret_basic" {
        // RFC 6749, section 2.3.1: both are encoded as in a form before they are joined.
        let expected = format!("Basic {}", STANDARD.encode("recollect:sesame+%26+more"));
        return authorization == Some(expected.as_str()) && field("client_secret").is_none();
    }
    let secret = (proof == "client_secret_post").then_some(SECRET);
    authorization.is_none() && field("client_id") == Some(CLIENT) && field("client_secret") == secret
}

fn refusal(status: u16, word: &str) -> Response {
    let response = Response::builder().status(StatusCode::from_u16(status).unwrap());
    response.content_type("application/json").body(json!({ "error": word }).to_string())
}
