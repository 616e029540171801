//! Apps that users open with their account: a page on which the user signs in, and is redirected to the app with their
//! user id. The configuration lists the apps.

use std::sync::Arc;

use http::StatusCode;
use maud::html as markup;
use openapi::address_of;
use poem::{Request, Response};
use reqwest::Url;
use serde::Deserialize;
use serde_json::json;
use tools::{Error, Result};

use super::{OidcLogin, log, read_form, redirect, required};
use crate::html;

/// A configured app.
struct App {
    id: String,
    home: Url,
}

#[derive(Deserialize, Default)]
#[serde(default)]
struct AppLoginForm {
    app_id: Option<String>,
    state: Option<String>,
    account: Option<String>,
    password: Option<String>,
    firebase_id_token: Option<String>,
}

/// `GET /v1/oauth/authorize`: shows the page.
pub(crate) async fn show(login: Arc<OidcLogin>, request: Request) -> Result<Response> {
    let form: AppLoginForm = request.params().unwrap_or_default();
    let app = login.app(form.app_id.as_deref().unwrap_or_default())?;
    Ok(page(&app, form.state.as_deref(), StatusCode::OK, None))
}

/// `POST /v1/oauth/authorize`: handles its form.
pub(crate) async fn sign_in(login: Arc<OidcLogin>, request: Request) -> Result<Response> {
    let from = address_of(&request);
    let form: AppLoginForm = read_form(request).await?;
    let app = login.app(form.app_id.as_deref().unwrap_or_default())?;
    let (account, password) = (form.account.unwrap_or_default(), form.password.unwrap_or_default());
    let state = form.state.as_deref();
    Ok(match login.authenticator.user_by_password(from, &account, &password).await.inspect_err(log) {
        Ok(user) => html::redirect_page(&app.id, &app.redirect_url(&user.id, state)),
        Err(problem) => refusal(&app, state, &problem),
    })
}

/// `POST /v1/oauth/token`: returns the user of a token, and the URL that opens the app for them. Impersonation is
/// refused.
pub(crate) async fn issue_redirect(login: Arc<OidcLogin>, request: Request) -> Result<Response> {
    let form: AppLoginForm = read_form(request).await?;
    let token = required("firebase_id_token", form.firebase_id_token)?;
    let app_id = required("app_id", form.app_id)?;
    let authenticated = login.resources.users().authenticate(&token).await;
    let invalid = "Invalid authorization token";
    let authenticated = authenticated.map_err(|refused| Error::refused(refused, invalid))?;
    if authenticated.is_impersonated {
        tracing::warn!(target: "audit", user = authenticated.user, "refused to open an app for an impersonated user");
        return Err(Error::Unauthorized(invalid.into()));
    }
    let app = login.app(&app_id)?;
    let body = json!({
        "uid": authenticated.user,
        "redirect_url": app.redirect_url(&authenticated.user, form.state.as_deref()),
        "state": form.state,
    });
    Ok(Response::builder().content_type("application/json").body(body.to_string()))
}

impl OidcLogin {
    fn app(&self, id: &str) -> Result<App> {
        let apps = self.resources.identity.settings.apps.iter();
        let mut named = apps.filter_map(|app| app.split_once(' ')).filter(|(known, _)| *known == id);
        let home = named.next().and_then(|(_, home)| home.trim().parse().ok());
        let home = home.ok_or_else(|| Error::NotFound("App not found".into()))?;
        Ok(App { id: id.to_owned(), home })
    }
}

impl App {
    /// The URL that opens the app for a user.
    fn redirect_url(&self, user: &str, state: Option<&str>) -> String {
        redirect::with_parameters(self.home.clone(), &[("uid", Some(user)), ("state", state)])
    }
}

/// The page with the error.
fn refusal(app: &App, state: Option<&str>, problem: &Error) -> Response {
    html::with_error_headers(problem, page(app, state, html::error_status(problem), Some(&problem.to_string())))
}

/// The sign-in page.
fn page(app: &App, state: Option<&str>, status: StatusCode, problem: Option<&str>) -> Response {
    let title = format!("Open {}", app.id);
    let body = markup! {
        h1 { "Open " strong { (app.id) } }
        p .lead { "This app requests your user id, and gets nothing else." }
        p { "Your browser then goes to " code { (app.home) } "." }
        (html::warning(problem))
        form .sign-in method="post" action="/v1/oauth/authorize" {
            input type="hidden" name="app_id" value=(app.id);
            input type="hidden" name="state" value=(state.unwrap_or_default());
            label { "Name or e-mail" input type="text" name="account" autocomplete="username" autocapitalize="none" required; }
            label { "Password" input type="password" name="password" autocomplete="current-password" required; }
            div .decision { button .agree type="submit" { "Sign in and open" } }
        }
    };
    html::page(status, &title, None, &body)
}
