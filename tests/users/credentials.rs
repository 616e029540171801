//! A member with one of every kind of credential.

use reqwest::{Method, header::ACCEPT};
use serde_json::{Value, json};

use super::support::{Member, text};
use crate::{
    oauth::flow::OAuthClient,
    support::server::{Answer, Caller, Server, TestUser, on_runtime},
};

/// Where a credential is used.
#[derive(Debug, Clone, Copy)]
pub(super) enum Routes {
    /// The app's routes.
    App,
    /// Where a user manages their keys.
    Account,
    /// The developer API and MCP REST.
    Keys,
    /// The MCP endpoint.
    Endpoint,
}

use Routes::{Account, App, Endpoint, Keys};

pub(super) struct MemberWithCredentials {
    /// By the session that began with the account.
    pub(super) member: Member,
    /// The same user by a token of their own, with a key of each family.
    pub(super) user: TestUser,
    /// An MCP client that the user has authorized.
    pub(super) client: OAuthClient,
    /// Its tokens.
    pub(super) tokens: Value,
}

impl MemberWithCredentials {
    pub(super) async fn of(server: &Server) -> Self {
        let member = Member::join(server).await;
        let (resources, id) = (server.resources.clone(), member.user.id.clone());
        let token = on_runtime(async move { resources.users().renew_token(&id).await.unwrap().unwrap() }).await;
        let (app, name) = (member.user.app(), json!({ "name": "test" }));
        let developer_key = text(&app.post("/v1/dev/keys", name.clone()).await.ok(), "key");
        let mcp_key = text(&app.post("/v1/mcp/keys", name).await.ok(), "key");
        let user = TestUser { token, developer_key, mcp_key, ..member.user.clone() };
        let client = OAuthClient::added(server).await;
        let tokens = client.authorize(&user, "memories.read").await;
        Self { member, user, client, tokens }
    }

    /// Sends each credential to each of its routes: its name, the routes, and the answer.
    pub(super) async fn try_all(&self) -> Vec<(&'static str, Routes, Answer)> {
        let (token, session) = (self.user.app(), self.member.user.app());
        let (developer, mcp) = (self.user.developer(), self.user.mcp());
        let assistant = self.user.with(&text(&self.tokens, "access_token"));
        vec![
            ("a token", App, token.get("/v3/memories").await),
            ("a token", Account, token.get("/v1/dev/keys").await),
            ("a session", App, session.get("/v3/memories").await),
            ("a session", Account, session.get("/v1/mcp/keys").await),
            ("a developer key", Keys, developer.get("/v1/dev/user/memories").await),
            ("an MCP key", Keys, mcp.get("/v1/mcp/memories").await),
            ("an MCP key", Endpoint, list_tools(&mcp).await),
            ("an assistant", Keys, assistant.get("/v1/mcp/memories").await),
            ("an assistant", Endpoint, list_tools(&assistant).await),
        ]
    }
}

/// Asks the MCP endpoint what there is.
pub(super) async fn list_tools(caller: &Caller) -> Answer {
    let message = json!({ "jsonrpc": "2.0", "id": 1, "method": "tools/list" });
    Answer::to(caller.request(Method::POST, "/v1/mcp").header(ACCEPT, "application/json").json(&message)).await
}

/// Consents to a client's request with this token.
pub(super) async fn agree(client: &OAuthClient, token: &str) -> Answer {
    let asked = client.authorization_request("memories.read");
    let mut form: Vec<(&str, &str)> = asked.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
    form.push(("firebase_id_token", token));
    Answer::to(client.form("/authorize", &form)).await
}
