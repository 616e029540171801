//! Signing in with a browser: at the configured issuer, for programs that want tokens, and for apps that want to know who
//! somebody is. Signing in with a password is a tool.

mod apps;
mod browser;
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
use crate::address::Base;

/// How large a form may be, in bytes: what is in it are a few names and tokens.
const LARGEST_FORM: usize = 64 << 10;

/// What every route here works with.
struct Desk {
    resources: Arc<Resources>,
    sign_in: Arc<SignIn>,
    base: Base,
}

type Routes = HashMap<String, HashMap<Method, BoxEndpoint<'static>>>;

/// Adds these routes to the others.
pub(crate) fn add_routes(resources: Arc<Resources>, sign_in: Arc<SignIn>, base: Base, routes: &mut Routes) {
    let desk = Arc::new(Desk { resources, sign_in, base });
    let mut add = |method: Method, path: &str, endpoint| {
        routes.entry(path.to_owned()).or_default().insert(method, endpoint);
    };
    add(Method::GET, "/v1/auth/authorize", answering(&desk, browser::authorize));
    add(Method::GET, "/v1/auth/callback/:provider", answering(&desk, browser::come_back));
    add(Method::POST, "/v1/auth/token", answering(&desk, browser::give_tokens));
    add(Method::GET, "/v1/oauth/authorize", answering(&desk, apps::show));
    add(Method::POST, "/v1/oauth/authorize", answering(&desk, apps::sign_in));
    add(Method::POST, "/v1/oauth/token", answering(&desk, apps::tell));
}

fn answering<F, R>(desk: &Arc<Desk>, respond: F) -> BoxEndpoint<'static>
where
    F: Fn(Arc<Desk>, Request) -> R + Send + Sync + 'static,
    R: Future<Output = Result<Response>> + Send + 'static,
{
    let desk = Arc::clone(desk);
    let endpoint = make(move |request| {
        let answer = respond(Arc::clone(&desk), request);
        async move { private(answer.await.inspect_err(log).unwrap_or_else(refuse)) }
    });
    endpoint.map_to_response().boxed()
}

/// What goes to one browser or program is kept by none, and what it says nobody hears next. A page has a policy of its
/// own: with this one, its form would be sent with the origin `null`, which no door lets in.
fn private(mut response: Response) -> Response {
    let headers = response.headers_mut();
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    headers.entry(header::REFERRER_POLICY).or_insert(HeaderValue::from_static("no-referrer"));
    response
}

/// Writes down what nobody outside is told.
fn log(error: &Error) {
    if let Error::Internal(error) = error {
        tracing::error!("signing in failed: {error:#}");
    }
}

/// The fields of a form.
async fn form<T: DeserializeOwned>(mut request: Request) -> Result<T> {
    let unreadable = |error: poem::Error| Error::Invalid(format!("The form could not be read: {error}"));
    let bytes = request.take_body().into_bytes_limit(LARGEST_FORM).await.map_err(|error| unreadable(error.into()))?;
    request.set_body(bytes);
    let (request, mut body) = request.split();
    Form::<T>::from_request(&request, &mut body).await.map(|Form(fields)| fields).map_err(unreadable)
}

/// A field that a form must have.
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

fn sent_to(url: String) -> Response {
    Response::builder().status(StatusCode::SEE_OTHER).header(header::LOCATION, url).finish()
}
