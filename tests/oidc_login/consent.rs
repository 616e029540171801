//! A user who signs in at an issuer agrees to what an MCP client asks for: the page leads there and back.

use reqwest::Url;
use tempfile::TempDir;

use super::{
    browser::{LoginBrowser, authorize_url, shared},
    support::{ServerWithIssuer, fresh},
};
use crate::{
    oauth::flow::OAuthClient,
    support::server::{Answer, Server},
};

const UNKNOWN: &str = "This sign-in is unknown or has expired";

/// A browser before the page of a client, with the way to the issuer that is on it.
async fn before_the_page(setup: &ServerWithIssuer, client: &OAuthClient) -> (LoginBrowser, String) {
    let mut browser = LoginBrowser::new();
    let page = browser.open(&client.authorize_url(&client.authorization_request("memories.read"))).await.ok();
    let page = page.as_str().unwrap();
    let (_, rest) = page.split_once("href=\"/v1/auth/authorize?").expect("the page leads to the issuer");
    assert!(rest.contains("Sign in with <span class=\"issuer\">google</span>"), "{page}");
    let way = rest.split('"').next().unwrap().replace("&amp;", "&");
    (browser, format!("{}/v1/auth/authorize?{way}", setup.server.url))
}

/// From the page to the issuer, with this parameter there, and back; gives the address that the browser comes back to.
async fn back_from_issuer(browser: &mut LoginBrowser, way: &str, says: (&str, &str)) -> String {
    let mut address: Url = browser.redirect_of(way).await.parse().unwrap();
    address.query_pairs_mut().append_pair(says.0, says.1);
    let callback = browser.redirect_of(address.as_str()).await;
    browser.redirect_of(&callback).await
}

fn shown(answer: &Answer) -> &str {
    answer.body.as_str().unwrap()
}

#[tokio::test]
async fn a_user_of_the_issuer_returns_to_the_consent_page() {
    let setup = shared().await;
    let (client, ana) = (OAuthClient::added(&setup.server).await, fresh("ana"));
    let (mut browser, way) = before_the_page(setup, &client).await;
    let back = back_from_issuer(&mut browser, &way, ("login", &ana)).await;
    let home = format!("{}/authorize/signed-in?code=", setup.server.url);
    assert!(back.starts_with(&home), "{back}");
    let question = browser.redirect_of(&back).await;
    assert!(question.starts_with("/authorize?") && question.contains(&client.id), "{question}");
    let page = browser.open(&format!("{}{question}", setup.server.url)).await.ok();
    let page = page.as_str().unwrap();
    assert!(
        page.contains(&format!("({ana}@example.com)")) && page.contains("name=\"action\" value=\"allow\""),
        "{page}"
    );
    let again = browser.open(&back).await;
    assert!(again.status == 400 && shown(&again).contains(UNKNOWN), "a code is good once: {again:?}");
}

#[tokio::test]
async fn a_code_signs_no_other_browser_in() {
    let setup = shared().await;
    let client = OAuthClient::added(&setup.server).await;
    let (mut browser, way) = before_the_page(setup, &client).await;
    let back = back_from_issuer(&mut browser, &way, ("login", &fresh("mallory"))).await;
    let (mut victim, _) = before_the_page(setup, &client).await;
    for other in [&mut victim, &mut LoginBrowser::new()] {
        let answer = other.open(&back).await;
        assert!(answer.status == 400 && shown(&answer).contains(UNKNOWN), "{answer:?}");
    }
}

#[tokio::test]
async fn the_return_to_the_page_needs_a_code_challenge() {
    let setup = shared().await;
    let home = format!("{}/authorize/signed-in", setup.server.url);
    let answer = LoginBrowser::new().open(&authorize_url(setup, &[("redirect_uri", &home)])).await;
    answer.refused(400, "code_challenge is missing");
}

#[tokio::test]
async fn a_cancelled_login_is_explained_on_the_page() {
    let setup = shared().await;
    let (mut browser, way) = before_the_page(setup, &OAuthClient::added(&setup.server).await).await;
    let back = back_from_issuer(&mut browser, &way, ("error", "access_denied")).await;
    let answer = browser.open(&back.replace("error_description=", "error_description=Call+me:")).await;
    assert_eq!(answer.status, 400);
    assert!(shown(&answer).contains("You were not signed in") && !shown(&answer).contains("Call me"), "{answer:?}");
}

#[tokio::test]
async fn without_password_sign_in_there_is_no_password_field() {
    let folder = TempDir::new().unwrap();
    let server = Server::boot(folder.path(), |config| config.sign_in.passwords = false).await;
    let client = OAuthClient::added(&server).await;
    let page = client.open_authorize(&client.authorization_request("memories.read")).await.ok();
    let page = page.as_str().unwrap();
    assert!(page.contains("name=\"token\"") && !page.contains("name=\"password\""), "{page}");
    assert!(!page.contains("/v1/auth/authorize"), "{page}");
    server.stop().await;
}
