//! Request parameters: each may be given once, and an empty one counts as missing (RFC 6749, 3.1).

use std::borrow::Cow;

use poem::{Body, Request, http::header};
use serde_json::{Map, Value};
use url::form_urlencoded;

use super::response::OAuthError;

/// The maximum size of a body, in bytes.
const MAX_BODY: usize = 8 << 10;

/// The parameters of an authorization request.
const AUTHORIZATION_PARAMETERS: [&str; 8] = [
    "response_type",
    "client_id",
    "redirect_uri",
    "state",
    "scope",
    "resource",
    "code_challenge",
    "code_challenge_method",
];

/// The parameters of a request, in order.
#[derive(Debug, Default)]
pub(super) struct Parameters(Vec<(String, String)>);

impl Parameters {
    /// Those in the query string.
    pub(super) fn of_query(request: &Request) -> Self {
        Self::read(request.uri().query().unwrap_or_default().as_bytes())
    }

    /// Those in a body that is a form.
    pub(super) async fn of_form(request: &mut Request) -> Result<Self, OAuthError> {
        Ok(Self::read(&body(request.take_body()).await?))
    }

    /// Those in a body that is a form or a JSON object.
    pub(super) async fn of_body(request: &mut Request) -> Result<Self, OAuthError> {
        let kind = request.header(header::CONTENT_TYPE).unwrap_or_default().to_ascii_lowercase();
        let body = body(request.take_body()).await?;
        if !kind.contains("json") {
            return Ok(Self::read(&body));
        }
        let object: Map<String, Value> = serde_json::from_slice(&body)
            .map_err(|error| OAuthError::invalid_request(format!("The body is not a JSON object: {error}")))?;
        let texts = object.into_iter().filter_map(|(name, value)| Some((name, value.as_str()?.to_owned())));
        Ok(Self(texts.collect()))
    }

    /// Those in a text in the format of a query string.
    pub(super) fn of_text(text: &str) -> Self {
        Self::read(text.as_bytes())
    }

    /// These, and those of `others` with other names.
    pub(super) fn or(self, others: &Parameters) -> Self {
        let known: Vec<String> = self.0.iter().map(|(name, _)| name.clone()).collect();
        let others = others.0.iter().filter(|(name, _)| !known.contains(name)).cloned();
        Self(self.0.into_iter().chain(others).collect())
    }

    /// The authorization request in these, as a query string: other parameters are left out.
    pub(super) fn query(&self) -> String {
        let known = self.0.iter().filter(|(name, _)| AUTHORIZATION_PARAMETERS.contains(&name.as_str()));
        form_urlencoded::Serializer::new(String::new()).extend_pairs(known).finish()
    }

    /// The value of a parameter.
    ///
    /// # Errors
    /// The parameter is given more than once.
    pub(super) fn get<'a>(&'a self, name: &str) -> Result<Option<&'a str>, OAuthError> {
        let mut values = self.all(name);
        let first = values.next();
        match values.next() {
            Some(_) => Err(OAuthError::invalid_request(format!("{name} is given more than once"))),
            None => Ok(first),
        }
    }

    /// The value of a required parameter.
    ///
    /// # Errors
    /// The parameter is missing, or given more than once.
    pub(super) fn require<'a>(&'a self, name: &str) -> Result<&'a str, OAuthError> {
        self.get(name)?.ok_or_else(|| OAuthError::invalid_request(format!("{name} is missing")))
    }

    /// Every value of a parameter.
    pub(super) fn all<'a, 'n>(&'a self, name: &'n str) -> impl Iterator<Item = &'a str> + use<'a, 'n> {
        self.0.iter().filter(move |(given, value)| given == name && !value.is_empty()).map(|(_, value)| value.as_str())
    }

    fn read(encoded: &[u8]) -> Self {
        Self(form_urlencoded::parse(encoded).map(|(name, value)| (name.into_owned(), value.into_owned())).collect())
    }
}

/// Decodes a form-encoded text.
pub(super) fn decoded(text: &str) -> String {
    form_urlencoded::parse(text.as_bytes()).next().map(|(name, _)| Cow::into_owned(name)).unwrap_or_default()
}

async fn body(body: Body) -> Result<Vec<u8>, OAuthError> {
    let read = body.into_bytes_limit(MAX_BODY).await;
    read.map(Into::into).map_err(|error| OAuthError::invalid_request(format!("The body cannot be read: {error}")))
}
