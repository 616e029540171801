//! A user who signs in at an issuer agrees to what an MCP client asks for: the page leads there and back.

use reqwest::Url;
use tempfile::TempDir;

use super::{
    browser::{Browser, shared, start},
    support::{Stage, fresh},
};
use crate::{
    oauth::flow::Client,
    support::server::{Answer, Server},
};

const UNKNOWN: &str = "This sign-in is not known here, or took too long";

/// A browser before the page of a client, with the way to the issuer that is on it.
async fn before_the_page(stage: &Stage, client: &Client) -> (Browser, String) {
    let mut browser = Browser::new();
    let page = browser.open(&client.address(&client.asked("memories.read"))).await.ok();
    let page = page.as_str().unwrap();
    let (_, rest) = page.split_once("href=\"/v1/auth/authorize?").expect("the page leads to the issuer");
    assert!(rest.contains("Sign in with <span class=\"issuer\">google</span>"), "{page}");
    let way = rest.split('"').next().unwrap().replace("&amp;", "&");
    (browser, format!("{}/v1/auth/authorize?{way}", stage.server.url))
}

/// From the page to the issuer, where somebody says this, and back; gives the address that the browser comes back to.
async fn back_from_issuer(browser: &mut Browser, way: &str, says: (&str, &str)) -> String {
    let mut address: Url = browser.sent(way).await.parse().unwrap();
    address.query_pairs_mut().append_pair(says.0, says.1);
    let callback = browser.sent(address.as_str()).await;
    browser.sent(&callback).await
}

fn shown(answer: &Answer) -> &str {
    answer.body.as_str().unwrap()
}

#[tokio::test]
async fn a_user_of_the_issuer_comes_back_to_the_same_question() {
    let stage = shared().await;
    let (client, ana) = (Client::added(&stage.server).await, fresh("ana"));
    let (mut browser, way) = before_the_page(stage, &client).await;
    let back = back_from_issuer(&mut browser, &way, ("login", &ana)).await;
    let home = format!("{}/authorize/signed-in?code=", stage.server.url);
    assert!(back.starts_with(&home), "{back}");
    let question = browser.sent(&back).await;
    assert!(question.starts_with("/authorize?") && question.contains(&client.id), "{question}");
    let page = browser.open(&format!("{}{question}", stage.server.url)).await.ok();
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
    let stage = shared().await;
    let client = Client::added(&stage.server).await;
    let (mut browser, way) = before_the_page(stage, &client).await;
    let back = back_from_issuer(&mut browser, &way, ("login", &fresh("mallory"))).await;
    let (mut victim, _) = before_the_page(stage, &client).await;
    for other in [&mut victim, &mut Browser::new()] {
        let answer = other.open(&back).await;
        assert!(answer.status == 400 && shown(&answer).contains(UNKNOWN), "{answer:?}");
    }
}

#[tokio::test]
async fn nobody_comes_back_to_the_page_with_a_code_that_anybody_could_use() {
    let stage = shared().await;
    let home = format!("{}/authorize/signed-in", stage.server.url);
    let answer = Browser::new().open(&start(stage, &[("redirect_uri", &home)])).await;
    answer.refused(400, "code_challenge is missing");
}

#[tokio::test]
async fn who_breaks_it_off_is_told_so_in_words_of_the_server() {
    let stage = shared().await;
    let (mut browser, way) = before_the_page(stage, &Client::added(&stage.server).await).await;
    let back = back_from_issuer(&mut browser, &way, ("error", "access_denied")).await;
    let answer = browser.open(&back.replace("error_description=", "error_description=Call+me:")).await;
    assert_eq!(answer.status, 400);
    assert!(shown(&answer).contains("You were not signed in") && !shown(&answer).contains("Call me"), "{answer:?}");
}

#[tokio::test]
async fn where_nobody_has_a_password_none_is_asked_for() {
    let folder = TempDir::new().unwrap();
    let server = Server::boot(folder.path(), |config| config.sign_in.passwords = false).await;
    let client = Client::added(&server).await;
    let page = client.sent(&client.asked("memories.read")).await.ok();
    let page = page.as_str().unwrap();
    assert!(page.contains("name=\"token\"") && !page.contains("name=\"password\""), "{page}");
    assert!(!page.contains("/v1/auth/authorize"), "{page}");
    server.stop().await;
}
