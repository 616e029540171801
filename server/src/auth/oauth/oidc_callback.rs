//! `/authorize/signed-in`: the browser returns from the configured issuer to the consent page.
//!
//! The login itself is that of [`crate::auth::oidc_login`]. Its code can be redeemed only with the secret in this
//! browser's cookie, so that nobody is signed in with the code of another user.

use std::sync::Arc;

use poem::{Request, Response, http::StatusCode};
use resources::identity::crypto::pkce_challenge;
use url::form_urlencoded::Serializer;

use super::{Oauth, authorize, browser::Browser, pages, parameters::Parameters};

/// Where the browser returns to.
pub(crate) const PATH: &str = "/authorize/signed-in";

/// The URL of the callback on the server at `base`.
pub(crate) fn url(base: &str) -> String {
    format!("{base}{PATH}")
}

/// The URL that signs a user in at the issuer called `provider`, and returns to the authorization request in `query`.
pub(super) fn login_url(base: &str, provider: &str, browser: &Browser, query: &str) -> String {
    let mut login = Serializer::new("/v1/auth/authorize?".to_owned());
    login
        .append_pair("provider", provider)
        .append_pair("redirect_uri", &url(base))
        .append_pair("state", query)
        .append_pair("code_challenge", &pkce_challenge(&browser.secret))
        .append_pair("code_challenge_method", "S256");
    login.finish()
}

/// Signs the browser in, and returns to the authorization request.
pub(crate) async fn callback(oauth: Arc<Oauth>, request: Request) -> Response {
    let given = Parameters::of_query(&request);
    let get = |name| given.get(name).ok().flatten();
    let unknown = "This sign-in is unknown or has expired. Please start again.";
    let problem = |sentence| pages::problem(StatusCode::BAD_REQUEST, sentence);
    let Some(base) = oauth.base.of(&request) else { return problem("Unknown host. Check `server.allowed_hosts`.") };
    let Some(browser) = Browser::of(&request, &base) else { return problem(unknown) };
    let Some(code) = get("code") else {
        // The description in the URL is not shown: anybody can make up one.
        return problem(match get("error") {
            Some("temporarily_unavailable") => "The identity provider is unavailable.",
            Some("server_error") => "Signing in failed on the server.",
            _ => "You were not signed in: you cancelled, or have no account on this server.",
        });
    };
    let redeemed = oauth.resources.users().redeem_login_code(code, &url(&base), Some(&browser.secret)).await;
    let user = match redeemed {
        Ok(Some(login)) => login.user,
        Ok(None) => return problem(unknown),
        Err(error) => return authorize::error_page(error),
    };
    let query = Parameters::of_text(get("state").unwrap_or_default()).query();
    authorize::sign_browser_in(&oauth, &base, &user, &query).await.unwrap_or_else(|response| response)
}
