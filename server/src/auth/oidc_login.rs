//! Signing in with a browser: at the configured OpenID Connect issuer, for programs that want tokens, and for apps that want a
//! user's id. Signing in with a password is a tool.

mod apps;
mod code_flow;
mod operations;
mod redirect;

use std::{collections::HashMap, sync::Arc};

use http::{HeaderValue, Method, StatusCode, header};
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

pub(crate) use operations::paths;

use super::SignIn;
use crate::address::BaseUrl;

/// The maximum size of a form, in bytes.
const MAX_FORM: usize = 64 << 10;

/// State of these routes.
struct OidcLogin {
    resources: Arc<Resources>,
    sign_in: Arc<SignIn>,
    base: BaseUrl,
}

type Routes = HashMap<String, HashMap<Method, BoxEndpoint<'static>>>;

/// Adds these routes.
pub(crate) fn add_routes(resources: Arc<Resources>, sign_in: Arc<SignIn>, base: BaseUrl, routes: &mut Routes) {
    let login = Arc::new(OidcLogin { resources, sign_in, base });
    let mut add = |method: Method, path: &str, endpoint: BoxEndpoint<'static>| {
        routes.entry(path.to_owned()).or_default().insert(method, endpoint);
    };
    add(Method::GET, "/v1/auth/authorize", endpoint(&login, code_flow::authorize));
    add(Method::GET, "/v1/auth/callback/:provider", endpoint(&login, code_flow::callback));
    add(Method::POST, "/v1/auth/token", endpoint(&login, code_flow::issue_tokens));
    add(Method::GET, "/v1/oauth/authorize", endpoint(&login, apps::show));
    add(Method::POST, "/v1/oauth/authorize", endpoint(&login, apps::sign_in));
    add(Method::POST, "/v1/oauth/token", endpoint(&login, apps::issue_redirect));
}

fn endpoint<F, R>(login: &Arc<OidcLogin>, respond: F) -> BoxEndpoint<'static>
where
    F: Fn(Arc<OidcLogin>, Request) -> R + Send + Sync + 'static,
    R: Future<Output = Result<Response>> + Send + 'static,
{
    let login = Arc::clone(login);
    let responder = make(move |request| {
        let response = respond(Arc::clone(&login), request);
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
    let missing = || Issue {
        kind: "missing",
        loc: vec![json!("body"), json!(name)],
        msg: "Field required".into(),
        input: Value::Null,
        ctx: None,
    };
    value.filter(|value| !value.is_empty()).ok_or_else(|| Error::Arguments(vec![missing()]))
}

fn redirect_to(url: String) -> Response {
    Response::builder().status(StatusCode::SEE_OTHER).header(header::LOCATION, url).finish()
}
