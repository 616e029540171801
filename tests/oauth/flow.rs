//! An OAuth client, step by step.

use std::collections::HashMap;

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use reqwest::{Client as Http, Method, RequestBuilder, Url, redirect::Policy};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use super::{
    browser::{Browser, filled_in},
    support::add_client,
};
use crate::support::server::{Answer, Server, TestUser};

/// Where clients of these tests wait, unless a test says otherwise.
pub(crate) const CALLBACK: &str = "https://client.example/callback";

/// A client, with one request under way.
#[derive(Clone)]
pub(crate) struct OAuthClient {
    pub(crate) url: String,
    pub(crate) id: String,
    pub(crate) secret: Option<String>,
    pub(crate) redirect_uri: String,
    pub(crate) verifier: String,
    http: Http,
}

impl OAuthClient {
    /// A client without a secret that the owner of the server has added.
    pub(crate) async fn added(server: &Server) -> Self {
        Self::at(server, CALLBACK).await
    }

    /// The same, which waits at this address.
    pub(crate) async fn at(server: &Server, redirect_uri: &str) -> Self {
        Self::known(server, &add_client(server, redirect_uri, false).await.client.id, redirect_uri)
    }

    /// A client that the server knows by this id.
    pub(crate) fn known(server: &Server, id: &str, redirect_uri: &str) -> Self {
        Self::of(&server.url, id, redirect_uri)
    }

    /// The same, of the server at this address.
    pub(crate) fn of(url: &str, id: &str, redirect_uri: &str) -> Self {
        Self {
            url: url.to_owned(),
            id: id.to_owned(),
            secret: None,
            redirect_uri: redirect_uri.to_owned(),
            verifier: format!("{0}{0}", uuid::Uuid::new_v4().simple()),
            http: Http::builder().redirect(Policy::none()).build().unwrap(),
        }
    }

    /// What a well-behaved client asks.
    pub(crate) fn authorization_request(&self, scope: &str) -> HashMap<String, String> {
        let challenge = URL_SAFE_NO_PAD.encode(Sha256::digest(&self.verifier));
        let pairs = [
            ("response_type", "code"),
            ("client_id", &self.id),
            ("redirect_uri", &self.redirect_uri),
            ("state", "a state & more"),
            ("scope", scope),
            ("code_challenge", &challenge),
            ("code_challenge_method", "S256"),
        ];
        pairs
            .into_iter()
            .filter(|(_, value)| !value.is_empty())
            .map(|(name, value)| (name.into(), value.into()))
            .collect()
    }

    /// The address that the user's browser is sent to.
    pub(crate) fn authorize_url(&self, asked: &HashMap<String, String>) -> String {
        Url::parse_with_params(&format!("{}/authorize", self.url), asked).unwrap().into()
    }

    /// What the server says to a browser that is sent there.
    pub(crate) async fn open_authorize(&self, asked: &HashMap<String, String>) -> Answer {
        Answer::to(self.http.get(self.authorize_url(asked))).await
    }

    /// Has `user` agree to all that is asked, with their token in place of a browser; gives the code.
    pub(crate) async fn consent_code(&self, user: &TestUser, asked: &HashMap<String, String>) -> String {
        let form: Vec<(&str, &str)> = asked.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
        let form = [form.as_slice(), &[("firebase_id_token", &user.token)]].concat();
        let answer = Answer::to(self.form("/authorize", &form)).await.ok();
        code_in(answer["redirect_uri"].as_str().unwrap())
    }

    /// Gives a code back for tokens.
    pub(crate) async fn exchange(&self, code: &str) -> Answer {
        self.exchange_with(code, &[]).await
    }

    /// The same, with other parameters in the place of the usual ones.
    pub(crate) async fn exchange_with(&self, code: &str, others: &[(&str, &str)]) -> Answer {
        let usual = [
            ("grant_type", "authorization_code"),
            ("code", code),
            ("redirect_uri", &self.redirect_uri),
            ("code_verifier", &self.verifier),
        ];
        self.token(&usual, others).await
    }

    /// Gives a refresh token back for the next ones.
    pub(crate) async fn refresh(&self, token: &str) -> Answer {
        self.refresh_with(token, &[]).await
    }

    pub(crate) async fn refresh_with(&self, token: &str, others: &[(&str, &str)]) -> Answer {
        self.token(&[("grant_type", "refresh_token"), ("refresh_token", token)], others).await
    }

    /// All the way, for all of these scopes; gives the tokens.
    pub(crate) async fn authorize(&self, user: &TestUser, scope: &str) -> Value {
        let code = self.consent_code(user, &self.authorization_request(scope)).await;
        self.exchange(&code).await.ok()
    }

    /// A form to one of the server's addresses.
    pub(crate) fn form(&self, path: &str, pairs: &[(&str, &str)]) -> RequestBuilder {
        filled_in(self.http.post(format!("{}{path}", self.url)), pairs)
    }

    pub(crate) fn request(&self, method: Method, path: &str) -> RequestBuilder {
        self.http.request(method, format!("{}{path}", self.url))
    }

    async fn token(&self, usual: &[(&str, &str)], others: &[(&str, &str)]) -> Answer {
        let secret = self.secret.as_deref().map(|secret| ("client_secret", secret));
        let usual = usual.iter().copied().chain([("client_id", self.id.as_str())]).chain(secret);
        let usual = usual.filter(|(name, _)| !others.iter().any(|(other, _)| other == name));
        let pairs: Vec<_> = usual.chain(others.iter().copied()).filter(|(_, value)| !value.is_empty()).collect();
        Answer::to(self.form("/token", &pairs)).await
    }
}

/// The code in the address that a browser is sent back to.
pub(crate) fn code_in(address: &str) -> String {
    parameter(address, "code").unwrap_or_else(|| panic!("no code in {address}"))
}

/// A parameter of an address.
pub(crate) fn parameter(address: &str, name: &str) -> Option<String> {
    let url: Url = address.parse().unwrap();
    url.query_pairs().find(|(given, _)| given == name).map(|(_, value)| value.into_owned())
}

/// Opens the address in a browser, signs in with the user's token and allows all but what is withheld; gives the
/// address that the browser is sent back to.
pub(crate) async fn consent_in_browser(address: &str, token: &str, withheld: &[&str]) -> String {
    let mut browser = Browser::new();
    let page = browser.open(address).await;
    let page = browser.submit(&page, "sign_in", &[("token", token)]).await;
    let page = browser.open(&page.moved_to()).await;
    let granted: Vec<_> = page.choices().into_iter().filter(|name| !withheld.contains(&name.as_str())).collect();
    let granted: Vec<_> = granted.iter().map(|name| ("grant", name.as_str())).collect();
    browser.submit(&page, "allow", &granted).await.next()
}

/// Lets a new client in for a user, for all of these scopes; gives the grant's id and the access token.
pub(crate) async fn grant_access(server: &Server, user: &TestUser, scope: &str) -> (String, String) {
    let tokens = OAuthClient::added(server).await.authorize(user, scope).await;
    let grants = user.app().get("/v1/mcp/oauth/grants").await.ok();
    (grants[0]["id"].as_str().unwrap().to_owned(), tokens["access_token"].as_str().unwrap().to_owned())
}

/// Asserts that this is a refusal with one of OAuth's words; gives its sentence.
#[track_caller]
pub(crate) fn assert_oauth_error(answer: &Answer, status: u16, error: &str) -> String {
    assert_eq!((answer.status, &answer.body["error"]), (status, &json!(error)), "{}", answer.body);
    assert_eq!(answer.header("cache-control"), "no-store");
    answer.body["error_description"].as_str().unwrap().to_owned()
}
