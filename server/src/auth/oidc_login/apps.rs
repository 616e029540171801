//! Apps that users open with their account: a page that asks who they are, and sends them to the app with their id. There
//! are no apps here but those that the configuration names.

use std::sync::Arc;

use http::StatusCode;
use maud::html;
use openapi::address_of;
use poem::{Request, Response};
use reqwest::Url;
use serde::Deserialize;
use serde_json::json;
use tools::{Error, Result};

use super::{Desk, form, log, redirect, required};
use crate::auth::oauth::{self, back_to};

/// An app, as the configuration names it.
struct App {
    id: String,
    home: Url,
}

#[derive(Deserialize, Default)]
#[serde(default)]
struct Asked {
    app_id: Option<String>,
    state: Option<String>,
    account: Option<String>,
    password: Option<String>,
    firebase_id_token: Option<String>,
}

/// `GET /v1/oauth/authorize`: the page.
pub(super) async fn show(desk: Arc<Desk>, request: Request) -> Result<Response> {
    let asked: Asked = request.params().unwrap_or_default();
    let app = desk.app(asked.app_id.as_deref().unwrap_or_default())?;
    Ok(page(&app, asked.state.as_deref(), StatusCode::OK, None))
}

/// `POST /v1/oauth/authorize`: what the page sends.
pub(super) async fn sign_in(desk: Arc<Desk>, request: Request) -> Result<Response> {
    let from = address_of(&request);
    let asked: Asked = form(request).await?;
    let app = desk.app(asked.app_id.as_deref().unwrap_or_default())?;
    let (account, password) = (asked.account.unwrap_or_default(), asked.password.unwrap_or_default());
    let state = asked.state.as_deref();
    Ok(match desk.sign_in.user_by_password(from, &account, &password).await.inspect_err(log) {
        Ok(user) => back_to(&app.id, &app.opened_by(&user.id, state)),
        Err(problem) => refusal(&app, state, &problem),
    })
}

/// `POST /v1/oauth/token`: says whose a token is, and where that user's browser goes. Towards an app nobody is
/// impersonated.
pub(super) async fn tell(desk: Arc<Desk>, request: Request) -> Result<Response> {
    let asked: Asked = form(request).await?;
    let token = required("firebase_id_token", asked.firebase_id_token)?;
    let app_id = required("app_id", asked.app_id)?;
    let authenticated = desk.resources.users().authenticate(&token).await;
    let invalid = "Invalid authorization token";
    let authenticated = authenticated.map_err(|refused| Error::refused(refused, invalid))?;
    if authenticated.is_impersonated {
        tracing::warn!(target: "audit", user = authenticated.user, "the administrator may not open an app for a user");
        return Err(Error::Unauthorized(invalid.into()));
    }
    let app = desk.app(&app_id)?;
    let body = json!({
        "uid": authenticated.user,
        "redirect_url": app.opened_by(&authenticated.user, asked.state.as_deref()),
        "state": asked.state,
    });
    Ok(Response::builder().content_type("application/json").body(body.to_string()))
}

impl Desk {
    fn app(&self, id: &str) -> Result<App> {
        let apps = self.resources.identity.settings.apps.iter();
        let mut named = apps.filter_map(|app| app.split_once(' ')).filter(|(known, _)| *known == id);
        let home = named.next().and_then(|(_, home)| home.trim().parse().ok());
        let home = home.ok_or_else(|| Error::NotFound("App not found".into()))?;
        Ok(App { id: id.to_owned(), home })
    }
}

impl App {
    /// Where the browser of a user goes who opens the app.
    fn opened_by(&self, user: &str, state: Option<&str>) -> String {
        redirect::with(self.home.clone(), &[("uid", Some(user)), ("state", state)])
    }
}

/// The page again, with what is wrong.
fn refusal(app: &App, state: Option<&str>, problem: &Error) -> Response {
    oauth::advised(problem, page(app, state, oauth::status_of(problem), Some(&problem.to_string())))
}

/// The page that asks who somebody is.
fn page(app: &App, state: Option<&str>, status: StatusCode, problem: Option<&str>) -> Response {
    let title = format!("Open {}", app.id);
    let body = html! {
        h1 { "Open " strong { (app.id) } }
        p .lead { "This app wants to know who you are. It learns your user id and nothing else." }
        p { "Your browser then goes to " code { (app.home) } "." }
        (oauth::warning(problem))
        form .sign-in method="post" action="/v1/oauth/authorize" {
            input type="hidden" name="app_id" value=(app.id);
            input type="hidden" name="state" value=(state.unwrap_or_default());
            label { "Name or e-mail" input type="text" name="account" autocomplete="username" autocapitalize="none" required; }
            label { "Password" input type="password" name="password" autocomplete="current-password" required; }
            div .decision { button .agree type="submit" { "Sign in and open" } }
        }
    };
    oauth::page(status, &title, None, &body)
}
