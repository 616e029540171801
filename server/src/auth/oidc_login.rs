//! Signing in with a browser: at the configured OpenID Connect issuer, for programs that want tokens, and for apps that
//! want a user's id. Signing in with a password is a tool.

pub(crate) mod apps;
pub(crate) mod code_flow;
mod redirect;

use std::sync::Arc;

use http::{HeaderValue, StatusCode, header};
use openapi::refuse;
use poem::{
    EndpointExt, FromRequest, Request, Response,
    endpoint::{BoxEndpoint, make},
    web::Form,
};
use resources::Resources;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};
use tools::{Error, Issue, Result};

use super::Authenticator;
use crate::address::BaseUrl;

/// The maximum size of a form, in bytes.
const MAX_FORM: usize = 8 << 10;

/// State of these routes.
pub(crate) struct OidcLogin {
    resources: Arc<Resources>,
    authenticator: Arc<Authenticator>,
    base: BaseUrl,
}

impl OidcLogin {
    pub(crate) fn new(resources: Arc<Resources>, authenticator: Arc<Authenticator>, base: BaseUrl) -> Arc<Self> {
        Arc::new(Self { resources, authenticator, base })
    }
}

/// An endpoint that calls `handler` with the state.
pub(crate) fn endpoint<F, R>(login: &Arc<OidcLogin>, handler: F) -> BoxEndpoint<'static>
where
    F: Fn(Arc<OidcLogin>, Request) -> R + Send + Sync + 'static,
    R: Future<Output = Result<Response>> + Send + 'static,
{
    let login = Arc::clone(login);
    let responder = make(move |request| {
        let response = handler(Arc::clone(&login), request);
        async move { private(response.await.inspect_err(log).unwrap_or_else(refuse)) }
    });
    responder.map_to_response().boxed()
}

/// Sets `no-store` and, on responses without a referrer policy, `no-referrer`. A page has a policy of its own: with
/// `no-referrer`, browsers would send its form with the origin `null`, which the origin check refuses.
fn private(mut response: Response) -> Response {
    let headers = response.headers_mut();
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    headers.entry(header::REFERRER_POLICY).or_insert(HeaderValue::from_static("no-referrer"));
    response
}

/// Logs the details of an internal error, which are not sent.
fn log(error: &Error) {
    if let Error::Internal(error) = error {
        tracing::error!("sign-in failed: {error:#}");
    }
}

/// Reads the fields of a form.
async fn read_form<T: DeserializeOwned>(mut request: Request) -> Result<T> {
    let unreadable = |error: poem::Error| Error::Invalid(format!("The form cannot be read: {error}"));
    let bytes = request.take_body().into_bytes_limit(MAX_FORM).await.map_err(|error| unreadable(error.into()))?;
    request.set_body(bytes);
    let (request, mut body) = request.split();
    Form::<T>::from_request(&request, &mut body).await.map(|Form(fields)| fields).map_err(unreadable)
}

/// A required field of a form.
fn required(name: &'static str, value: Option<String>) -> Result<String> {
    let loc = vec![json!("body"), json!(name)];
    let missing = || Issue::new("missing", loc, "Field required".into(), &Value::Null, None);
    value.filter(|value| !value.is_empty()).ok_or_else(|| Error::Arguments(vec![missing()]))
}

fn redirect_to(url: String) -> Response {
    Response::builder().status(StatusCode::SEE_OTHER).header(header::LOCATION, url).finish()
}
