//! `/authorize/signed-in`: a browser comes back from the configured issuer, where its user signed in to agree to something.
//!
//! It went there as it would for a program ([`crate::auth::oidc_login`]). The code that it brings is good only with the secret that
//! this very browser keeps, so that nobody is signed in with a code of somebody else's.

use std::sync::Arc;

use poem::{Request, Response, http::StatusCode};
use resources::identity::crypto::pkce_challenge;
use url::form_urlencoded::Serializer;

use super::{Oauth, authorize, browser::Browser, pages, parameters::Parameters};

/// Where a browser comes back to.
pub(super) const PATH: &str = "/authorize/signed-in";

/// The same, on the server at `base`.
pub(crate) fn address(base: &str) -> String {
    format!("{base}{PATH}")
}

/// Where a browser goes to sign in at the issuer that is called `provider`, to come back to the request in `query`.
pub(super) fn way_there(base: &str, provider: &str, browser: &Browser, query: &str) -> String {
    let mut wish = Serializer::new("/v1/auth/authorize?".to_owned());
    wish.append_pair("provider", provider)
        .append_pair("redirect_uri", &address(base))
        .append_pair("state", query)
        .append_pair("code_challenge", &pkce_challenge(&browser.secret))
        .append_pair("code_challenge_method", "S256");
    wish.finish()
}

/// Signs the browser in, and shows it what it was asked before.
pub(super) async fn come_back(oauth: Arc<Oauth>, request: Request) -> Response {
    let given = Parameters::of_query(&request);
    let get = |name| given.get(name).ok().flatten();
    let unknown = "This sign-in is not known here, or took too long. Please begin again.";
    let problem = |sentence| pages::problem(StatusCode::BAD_REQUEST, sentence);
    let Some(base) = oauth.base.of(&request) else { return problem("This server does not go by that name.") };
    let Some(browser) = Browser::of(&request, &base) else { return problem(unknown) };
    let Some(code) = get("code") else {
        // What the address says is not repeated: anybody can write one.
        return problem(match get("error") {
            Some("temporarily_unavailable") => "The issuer does not answer at present.",
            Some("server_error") => "Something went wrong while you were signed in.",
            _ => "You were not signed in: you broke it off, or have no account here.",
        });
    };
    let redeemed = oauth.resources.users().redeem_login_code(code, &address(&base), Some(&browser.secret)).await;
    let user = match redeemed {
        Ok(Some(welcomed)) => welcomed.user,
        Ok(None) => return problem(unknown),
        Err(error) => return authorize::failed(error),
    };
    let query = Parameters::of_text(get("state").unwrap_or_default()).query();
    authorize::sign_browser_in(&oauth, &base, &user, &query).await.unwrap_or_else(|response| response)
}
