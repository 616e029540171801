//! Browsers in which a user has signed in to agree to what clients ask for: what signs them out, together with what was
//! agreed to and not fetched yet.

use reqwest::header::COOKIE;
use resources::identity::crypto::long_random_secret;
use serde_json::json;

use super::support::{INVALID, Member, PASSWORD, text};
use crate::{
    oauth::flow::{Client, denied},
    support::server::{Answer, Server, TestUser, apart},
};

const SCOPE: &str = "memories.read";
const SIGNED_IN: &str = "You are signed in as";

/// A browser before the page of a client.
struct Scene {
    client: Client,
    cookie: String,
    /// What the user has agreed to before, and the client has not fetched yet.
    code: String,
}

impl Scene {
    async fn of(user: &TestUser) -> Self {
        let server = Server::shared().await;
        let (client, secret) = (Client::added(server).await, long_random_secret());
        let (cookie, resources, id) = (format!("recollect={secret}"), server.resources.clone(), user.id.clone());
        apart(async move { resources.browser_sessions().sign_in(&secret, &id).await.unwrap() }).await;
        let code = client.agreed(user, &client.asked(SCOPE)).await;
        let scene = Self { client, cookie, code };
        let page = scene.page().await;
        assert!(page.contains(SIGNED_IN), "{page}");
        scene
    }

    async fn page(&self) -> String {
        let address = self.client.address(&self.client.asked(SCOPE));
        let page = Answer::to(reqwest::Client::new().get(address).header(COOKIE, &self.cookie)).await.ok();
        page.as_str().unwrap().to_owned()
    }

    /// Sees to it that the user has to sign in again, and that the code is worth nothing.
    async fn is_over(&self) {
        let page = self.page().await;
        assert!(page.contains("<h1>Sign in</h1>") && !page.contains(SIGNED_IN), "{page}");
        let sentence = denied(&self.client.exchange(&self.code).await, 400, "invalid_grant");
        assert_eq!(sentence, "The code is unknown or has expired");
    }

    /// Sees to it that all is as it was.
    async fn goes_on(&self) {
        let page = self.page().await;
        assert!(page.contains(SIGNED_IN), "{page}");
        self.client.exchange(&self.code).await.ok();
    }
}

#[tokio::test]
async fn a_new_password_signs_browsers_out_and_no_assistant() {
    let server = Server::shared().await;
    let (ana, ben) = (Member::join(server).await, server.user().await);
    let tokens = Client::added(server).await.let_in(&ana.user, SCOPE).await;
    let (hers, his) = (Scene::of(&ana.user).await, Scene::of(&ben).await);
    let change = json!({ "current_password": PASSWORD, "new_password": "another horse" });
    ana.user.app().post("/v1/auth/password", change).await.ok();
    hers.is_over().await;
    his.goes_on().await;
    ana.user.with(&text(&tokens, "access_token")).get("/v1/mcp/memories").await.ok();
}

/// As `recollect users token` makes one.
#[tokio::test]
async fn a_new_token_signs_browsers_out_and_no_assistant() {
    let server = Server::shared().await;
    let (ana, ben) = (server.user().await, server.user().await);
    let tokens = Client::added(server).await.let_in(&ana, SCOPE).await;
    let (hers, his) = (Scene::of(&ana).await, Scene::of(&ben).await);
    let (resources, id) = (server.resources.clone(), ana.id.clone());
    let renewed = apart(async move { resources.users().renew_token(&id).await.unwrap().unwrap() }).await;
    hers.is_over().await;
    his.goes_on().await;
    ana.with(&text(&tokens, "access_token")).get("/v1/mcp/memories").await.ok();
    ana.app().get("/v3/memories").await.refused(401, INVALID);
    Scene::of(&TestUser { token: renewed, ..ana }).await.goes_on().await;
}
