//! The sign-in and consent pages.

use serde_json::json;

use super::{
    browser::{Browser, Page},
    flow::{OAuthClient, code_in, consent_in_browser, parameter},
};
use crate::support::server::{Answer, Server, TestUser};

const SCOPES: &str = "memories.read memories.write people.read";

/// A user who has signed in, before the question of a client.
struct ConsentPage {
    user: TestUser,
    client: OAuthClient,
    browser: Browser,
    page: Page,
}

impl ConsentPage {
    async fn open() -> Self {
        let server = Server::shared().await;
        let (user, client) = (server.user().await, OAuthClient::added(server).await);
        let mut browser = Browser::new();
        let page = browser.open(&client.authorize_url(&client.authorization_request(SCOPES))).await;
        let before = browser.cookie.clone();
        let page = browser.submit(&page, "sign_in", &[("token", &user.token)]).await;
        assert_ne!(before, browser.cookie, "who signs in gets a new secret");
        let page = browser.open(&page.moved_to()).await;
        Self { user, client, browser, page }
    }

    async fn grants(&self) -> serde_json::Value {
        self.user.app().get("/v1/mcp/oauth/grants").await.ok()
    }
}

#[tokio::test]
async fn a_user_signs_in_reads_and_agrees_to_a_part() {
    let server = Server::shared().await;
    let (user, client) = (server.user().await, OAuthClient::added(server).await);
    let address = consent_in_browser(
        &client.authorize_url(&client.authorization_request(SCOPES)),
        &user.token,
        &["memories.write"],
    )
    .await;
    assert!(address.starts_with("https://client.example/callback?code=omi_oac_"), "{address}");
    assert_eq!(parameter(&address, "state").as_deref(), Some("a state & more"));
    assert_eq!(parameter(&address, "iss").as_deref(), Some(server.url.as_str()));
    let tokens = client.exchange(&code_in(&address)).await.ok();
    assert_eq!(tokens["scope"], "memories.read people.read");
    let writer = user.with(tokens["access_token"].as_str().unwrap());
    let refused = writer.post("/v1/mcp/memories", json!({ "content": "x" })).await;
    refused.refused(403, "Insufficient permissions. Required scope: memories.write");
}

#[tokio::test]
async fn the_page_names_the_client_the_scopes_and_the_account() {
    let consent_page = ConsentPage::open().await;
    let page = &consent_page.page;
    assert_eq!((page.status, page.choices().join(" ").as_str()), (200, "memories.read people.read memories.write"));
    for text in [
        "Test &lt;Client&gt; &amp; Co",
        "added by the owner of this server",
        "client.example",
        "Read and search your memories and your profile",
        "Add, change and delete memories",
        "You are signed in as <strong>somebody</strong>",
    ] {
        assert!(page.has(text), "{text}: {}", page.html);
    }
    assert!(!page.has("<Client>") && !page.has("<script") && !page.has(" style="), "{}", page.html);
}

#[tokio::test]
async fn the_pages_cannot_be_framed_kept_or_scripted() {
    let consent_page = ConsentPage::open().await;
    let policy = consent_page.page.headers["content-security-policy"].to_str().unwrap();
    for part in ["default-src 'none'", "frame-ancestors 'none'", "form-action 'self'", "base-uri 'none'"] {
        assert!(policy.contains(part), "{policy}");
    }
    assert!(!policy.contains("script-src") && !policy.contains("unsafe"));
    for (name, value) in [
        ("x-frame-options", "DENY"),
        ("cache-control", "no-store"),
        ("x-content-type-options", "nosniff"),
        ("referrer-policy", "same-origin"),
        ("content-type", "text/html; charset=utf-8"),
    ] {
        assert_eq!(consent_page.page.headers[name], value);
    }
}

#[tokio::test]
async fn a_form_of_another_browser_or_none_does_nothing() {
    let ConsentPage { user, client, mut browser, page } = ConsentPage::open().await;
    let hidden = page.hidden();
    let account = &hidden.iter().find(|(name, _)| name == "account").unwrap().1;
    let grant = [("grant", "memories.read"), ("action", "allow"), ("account", account)];
    let mut other_browser = Browser::new();
    let other = other_browser.open(&client.authorize_url(&client.authorization_request(SCOPES))).await.hidden();
    let foreign = other.iter().find(|(name, _)| name == "form").unwrap().1.as_str();
    for form in [None, Some(""), Some("nonsense"), Some("00"), Some(foreign)] {
        let fields: Vec<_> = grant.into_iter().chain(form.map(|form| ("form", form))).collect();
        let answer = browser.post(&page, &fields).await;
        assert_eq!((answer.status, answer.has("http-equiv")), (403, false), "{form:?}");
        assert!(answer.has("open for too long"));
    }
    // The right form without the browser is nothing either.
    browser.cookie = None;
    assert_eq!(browser.submit(&page, "allow", &[("grant", "memories.read")]).await.status, 403);
    assert_eq!(user.app().get("/v1/mcp/oauth/grants").await.ok(), json!([]));
}

#[tokio::test]
async fn a_user_denies() {
    let mut consent_page = ConsentPage::open().await;
    let address = consent_page.browser.submit(&consent_page.page, "deny", &[("grant", "memories.read")]).await.next();
    assert_eq!(parameter(&address, "error").as_deref(), Some("access_denied"));
    assert_eq!(parameter(&address, "state").as_deref(), Some("a state & more"));
    assert_eq!(consent_page.grants().await, json!([]));
}

#[tokio::test]
async fn an_empty_choice_is_asked_again_and_no_scope_is_added() {
    let mut consent_page = ConsentPage::open().await;
    for grant in [&[][..], &[("grant", "goals.read")], &[("grant", "nonsense")]] {
        let again = consent_page.browser.submit(&consent_page.page, "allow", grant).await;
        assert_eq!((again.status, again.has("Nothing is selected")), (422, true), "{grant:?}");
    }
    let grant = [("grant", "people.read"), ("grant", "goals.read")];
    let address = consent_page.browser.submit(&consent_page.page, "allow", &grant).await.next();
    assert_eq!(consent_page.client.exchange(&code_in(&address)).await.ok()["scope"], "people.read");
}

#[tokio::test]
async fn a_browser_stays_signed_in_until_it_is_signed_out() {
    let mut consent_page = ConsentPage::open().await;
    let other = OAuthClient::added(Server::shared().await).await;
    let page = consent_page.browser.open(&other.authorize_url(&other.authorization_request(""))).await;
    assert!(page.has("You are signed in as"), "another client needs another yes, but no other sign-in");
    let kept = consent_page.browser.cookie.clone();
    let out = consent_page.browser.submit(&page, "sign_out", &[]).await;
    let page = consent_page.browser.open(&out.moved_to()).await;
    assert!(page.has("Sign in"), "{}", page.html);
    consent_page.browser.cookie = kept;
    assert!(
        !consent_page
            .browser
            .open(&other.authorize_url(&other.authorization_request("")))
            .await
            .has("You are signed in as")
    );
    let answer = consent_page.browser.submit(&consent_page.page, "allow", &[("grant", "memories.read")]).await;
    assert!(!answer.has("http-equiv"), "the old form is of no use any more");
}

#[tokio::test]
async fn a_decision_signs_the_browser_out() {
    for decision in ["allow", "deny"] {
        let mut consent_page = ConsentPage::open().await;
        let kept = consent_page.browser.cookie.clone();
        consent_page.browser.submit(&consent_page.page, decision, &[("grant", "memories.read")]).await.next();
        assert_eq!(consent_page.browser.cookie, None, "{decision}");
        consent_page.browser.cookie = kept;
        let address = consent_page.client.authorize_url(&consent_page.client.authorization_request(SCOPES));
        let page = consent_page.browser.open(&address).await;
        assert!(page.has("<h1>Sign in</h1>") && !page.has("You are signed in as"), "{decision}: {}", page.html);
    }
}

#[tokio::test]
async fn the_cookie_is_of_no_use_beside_another_of_its_name() {
    let mut consent_page = ConsentPage::open().await;
    let own = consent_page.browser.cookie.clone().unwrap();
    let address = consent_page.client.authorize_url(&consent_page.client.authorization_request(SCOPES));
    let other = format!("recollect={}", "0".repeat(64));
    for cookies in [format!("{own}; {other}"), format!("{other}; {own}")] {
        consent_page.browser.cookie = Some(cookies);
        assert!(!consent_page.browser.open(&address).await.has("You are signed in as"));
    }
    consent_page.browser.cookie = Some(format!("else=1; {own}"));
    assert!(consent_page.browser.open(&address).await.has("You are signed in as"));
}

#[tokio::test]
async fn the_cookie_is_secure_over_https() {
    let client = OAuthClient::added(Server::shared().await).await;
    let address = client.authorize_url(&client.authorization_request(SCOPES));
    let answer = Answer::to(reqwest::Client::new().get(address).header("x-forwarded-proto", "https")).await;
    let cookie = answer.header("set-cookie");
    let attributes = "; Path=/authorize; Max-Age=900; HttpOnly; SameSite=Lax; Secure";
    assert!(cookie.starts_with("__Secure-recollect=") && cookie.ends_with(attributes), "{cookie}");
}

#[tokio::test]
async fn a_name_that_is_too_long_is_refused() {
    let server = Server::shared().await;
    let client = OAuthClient::added(server).await;
    let mut browser = Browser::new();
    let page = browser.open(&client.authorize_url(&client.authorization_request(""))).await;
    let name = "x".repeat(321);
    let again = browser.submit(&page, "sign_in", &[("name", name.as_str()), ("password", "x")]).await;
    assert_eq!(again.status, 422, "{}", again.html);
    assert!(again.has("The name or e-mail address has more than 320 characters"), "{}", again.html);
}

#[tokio::test]
async fn unknown_users_are_refused() {
    let server = Server::shared().await;
    let (client, user) = (OAuthClient::added(server).await, server.user().await);
    let mut browser = Browser::new();
    let page = browser.open(&client.authorize_url(&client.authorization_request(""))).await;
    for fields in
        [&[("token", "omi_user_wrong")][..], &[("token", &user.mcp_key)], &[("name", "owner"), ("password", "x")]]
    {
        let again = browser.submit(&page, "sign_in", fields).await;
        assert_eq!(again.status, 422, "{fields:?}");
        assert!(again.has("role=\"alert\"") && !again.has("omi_user_wrong") && !again.has(&user.mcp_key));
    }
    let answer = browser.submit(&page, "allow", &[("grant", "memories.read"), ("account", &user.id)]).await;
    assert!(answer.has("Sign in") && !answer.has("http-equiv"));
}
