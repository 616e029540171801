//! Browser sessions of the consent page: what ends them, and authorization codes that were not redeemed yet.

use reqwest::header::COOKIE;
use resources::identity::crypto::long_random_secret;
use serde_json::json;

use super::support::{INVALID, Member, PASSWORD, text};
use crate::{
    oauth::flow::{OAuthClient, assert_oauth_error},
    support::server::{Answer, Server, TestUser, on_runtime},
};

const SCOPE: &str = "memories.read";
const SIGNED_IN: &str = "You are signed in as";

/// A browser that is signed in on the consent page of a client.
struct SignedInBrowser {
    client: OAuthClient,
    cookie: String,
    /// The authorization code of an earlier consent, which the client has not redeemed yet.
    code: String,
}

impl SignedInBrowser {
    async fn of(user: &TestUser) -> Self {
        let server = Server::shared().await;
        let (client, secret) = (OAuthClient::added(server).await, long_random_secret());
        let (cookie, resources, id) = (format!("recollect={secret}"), server.resources.clone(), user.id.clone());
        on_runtime(async move { resources.browser_sessions().sign_in(&secret, &id).await.unwrap() }).await;
        let code = client.consent_code(user, &client.authorization_request(SCOPE)).await;
        let browser = Self { client, cookie, code };
        let page = browser.page().await;
        assert!(page.contains(SIGNED_IN), "{page}");
        browser
    }

    async fn page(&self) -> String {
        let address = self.client.authorize_url(&self.client.authorization_request(SCOPE));
        let page = Answer::to(reqwest::Client::new().get(address).header(COOKIE, &self.cookie)).await.ok();
        page.as_str().unwrap().to_owned()
    }

    /// Asserts that the user has to sign in again, and that the code is invalid.
    async fn assert_signed_out(&self) {
        let page = self.page().await;
        assert!(page.contains("<h1>Sign in</h1>") && !page.contains(SIGNED_IN), "{page}");
        let sentence = assert_oauth_error(&self.client.exchange(&self.code).await, 400, "invalid_grant");
        assert_eq!(sentence, "The code is unknown or has expired");
    }

    /// Asserts that the user is still signed in, and that the code is valid.
    async fn assert_signed_in(&self) {
        let page = self.page().await;
        assert!(page.contains(SIGNED_IN), "{page}");
        self.client.exchange(&self.code).await.ok();
    }
}

#[tokio::test]
async fn a_new_password_signs_browsers_out_and_no_assistant() {
    let server = Server::shared().await;
    let (ana, ben) = (Member::join(server).await, server.user().await);
    let tokens = OAuthClient::added(server).await.authorize(&ana.user, SCOPE).await;
    let (hers, his) = (SignedInBrowser::of(&ana.user).await, SignedInBrowser::of(&ben).await);
    let change = json!({ "current_password": PASSWORD, "new_password": "another horse" });
    ana.user.app().post("/v1/auth/password", change).await.ok();
    hers.assert_signed_out().await;
    his.assert_signed_in().await;
    ana.user.with(&text(&tokens, "access_token")).get("/v1/mcp/memories").await.ok();
}

/// As `recollect users token` makes one.
#[tokio::test]
async fn a_new_token_signs_browsers_out_and_no_assistant() {
    let server = Server::shared().await;
    let (ana, ben) = (server.user().await, server.user().await);
    let tokens = OAuthClient::added(server).await.authorize(&ana, SCOPE).await;
    let (hers, his) = (SignedInBrowser::of(&ana).await, SignedInBrowser::of(&ben).await);
    let (resources, id) = (server.resources.clone(), ana.id.clone());
    let renewed = on_runtime(async move { resources.users().renew_token(&id).await.unwrap().unwrap() }).await;
    hers.assert_signed_out().await;
    his.assert_signed_in().await;
    ana.with(&text(&tokens, "access_token")).get("/v1/mcp/memories").await.ok();
    ana.app().get("/v3/memories").await.refused(401, INVALID);
    SignedInBrowser::of(&TestUser { token: renewed, ..ana }).await.assert_signed_in().await;
}
