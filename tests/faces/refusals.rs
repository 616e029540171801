//! Refusals: every route and every tool, called without a credential, with one of the wrong family, and
//! without the scope. Other users' data are in `isolation`.

mod public;
mod socket;

use std::collections::BTreeSet;

use reqwest::Method;
use schemas::{key::KeyFamily, scope::Scope};
use serde_json::{Value, json};
use tools::{Access, Audience, Tool};

use crate::support::{
    calls::{name_of, over_mcp_with},
    server::{Answer, Server, TestUser, on_runtime},
};

/// The credential of a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Credential {
    Nothing,
    /// A text that never was a credential.
    Nonsense,
    Session,
    DeveloperKey,
    McpKey,
}

use Credential::{DeveloperKey, McpKey, Nonsense, Nothing, Session};

const ALL_CREDENTIALS: [Credential; 5] = [Nothing, Nonsense, Session, DeveloperKey, McpKey];

/// A credential that is refused, with the status and the beginning of the sentence.
type Row = (Credential, u16, &'static str);

const APP: &[Row] = &[
    (Nothing, 401, "Authorization header not found"),
    (Nonsense, 401, "Invalid authorization token"),
    (DeveloperKey, 401, "Invalid authorization token: a key that starts with omi_dev_ works on /v1/dev"),
    (McpKey, 401, "Invalid authorization token: a key that starts with omi_mcp_ works on /v1/mcp"),
];

const ACCOUNT: &[Row] = &[
    (Nothing, 403, "Not authenticated"),
    (Nonsense, 401, "Invalid authentication credentials"),
    (DeveloperKey, 401, "Invalid authentication credentials"),
    (McpKey, 401, "Invalid authentication credentials"),
];

const DEVELOPER: &[Row] = &[
    (Nothing, 401, "Missing or invalid Authorization header. Must be 'Bearer API_KEY'"),
    (Nonsense, 401, "Invalid API Key"),
    (Session, 401, "Invalid API Key"),
    (McpKey, 401, "Invalid API Key: a key that starts with omi_mcp_ works on /v1/mcp"),
];

const MCP: &[Row] = &[
    (Nothing, 401, "Missing or invalid Authorization header. Must be 'Bearer API_KEY'"),
    (Nonsense, 401, "Invalid API Key"),
    (Session, 401, "Invalid API Key"),
    (DeveloperKey, 401, "Invalid API Key: a key that starts with omi_dev_ works on /v1/dev"),
];

const MCP_ENDPOINT: &[Row] = &[
    (Nothing, 401, "Invalid or missing API key. Provide via Authorization header."),
    (Nonsense, 401, "Invalid or missing API key. Provide via Authorization header."),
    (Session, 401, "Invalid or missing API key. Provide via Authorization header."),
    (DeveloperKey, 401, "Invalid API Key: a key that starts with omi_dev_ works on /v1/dev"),
];

/// Routes that are no tools and need a credential.
const CLOSED: &[(&str, &[Row])] = &[
    ("DELETE /v1/mcp", MCP_ENDPOINT),
    ("GET /v1/mcp", MCP_ENDPOINT),
    ("POST /v1/mcp", MCP_ENDPOINT),
    ("POST /v1/mcp/messages", MCP_ENDPOINT),
    ("DELETE /v1/mcp/sse", MCP_ENDPOINT),
    ("GET /v1/mcp/sse", MCP_ENDPOINT),
    ("POST /v1/mcp/sse", MCP_ENDPOINT),
    ("GET /v1/users/export", APP),
    ("POST /v2/messages", APP),
    ("POST /v2/voice-messages", APP),
];

fn rows(audience: Audience) -> &'static [Row] {
    match audience {
        Audience::App => APP,
        Audience::Account => ACCOUNT,
        Audience::Developer => DEVELOPER,
        Audience::Mcp => MCP,
        // These are in `public`.
        Audience::Public => &[],
    }
}

impl Credential {
    /// The credential itself; nothing has none.
    fn of(self, user: &TestUser) -> Option<&str> {
        match self {
            Nothing => None,
            Nonsense => Some("nonsense"),
            Session => Some(&user.token),
            DeveloperKey => Some(&user.developer_key),
            McpKey => Some(&user.mcp_key),
        }
    }
}

/// Calls a route with an invalid body: authentication comes before it is read.
async fn call(user: &TestUser, name: &str, credential: Credential) -> Answer {
    let (method, path) = name.split_once(' ').unwrap();
    let url = format!("{}{}", user.url, path.replace(['{', '}'], ""));
    let request = user.http.request(method.parse::<Method>().unwrap(), url);
    let request = credential.of(user).into_iter().fold(request, |request, credential| request.bearer_auth(credential));
    let is_read = method == "GET";
    Answer::to(if is_read { request } else { request.body("{") }).await
}

/// Asserts that a route refuses the credentials of its rows.
async fn check_route(user: &TestUser, name: &str, rows: &[Row]) {
    for credential in ALL_CREDENTIALS {
        let row = rows.iter().find(|(refused, ..)| *refused == credential);
        // An accepted request may open an endless stream; the other tests show that it is accepted.
        let Some((_, status, sentence)) = row else { continue };
        let answer = call(user, name, credential).await;
        assert_eq!(answer.status, *status, "{name} with {credential:?}: {}", answer.body);
        let detail = answer.body["detail"].as_str().unwrap_or_default();
        assert!(detail.starts_with(sentence), "{name} with {credential:?}: {detail}");
        let challenge = answer.header("www-authenticate");
        assert_eq!(challenge.starts_with("Bearer"), *status == 401, "{name} with {credential:?}: {challenge}");
    }
}

#[tokio::test]
async fn every_route_needs_its_credential() {
    let user = Server::shared().await.user().await;
    for route in tools::all().iter().flat_map(|tool| &tool.routes) {
        check_route(&user, &name_of(route), rows(route.audience)).await;
    }
    for (name, rows) in CLOSED {
        check_route(&user, name, rows).await;
    }
}

#[test]
fn every_route_has_its_row() {
    let tools = tools::all().iter().flat_map(|tool| &tool.routes);
    let tools = tools.filter(|route| route.audience != Audience::Public).map(name_of);
    let others = CLOSED.iter().map(|(name, _)| *name).chain(public::PUBLIC_ROUTES.iter().map(|(name, ..)| *name));
    let tried: BTreeSet<String> = tools.chain(others.map(str::to_owned)).chain([socket::ROUTE.to_owned()]).collect();
    let mounted: BTreeSet<String> = server::mounted_routes().into_iter().collect();
    let forgotten: Vec<_> = mounted.difference(&tried).collect();
    assert!(forgotten.is_empty(), "there are no rows for {forgotten:?}");
    let gone: Vec<_> = tried.difference(&mounted).collect();
    assert!(gone.is_empty(), "there are rows for {gone:?}, which is not there");
}

#[tokio::test]
async fn other_methods_are_not_allowed() {
    let user = Server::shared().await.user().await;
    let routes = server::mounted_routes();
    let paths: BTreeSet<&str> = routes.iter().map(|name| name.split_once(' ').unwrap().1).collect();
    for path in paths {
        call(&user, &format!("PUT {path}"), Session).await.refused(405, "Method Not Allowed");
    }
}

#[tokio::test]
async fn owner_routes_are_for_the_owner_alone() {
    let server = Server::shared().await;
    let member = server.user().await;
    let routes = tools::all().iter().filter(|tool| matches!(tool.access, Access::Owner)).flat_map(|tool| &tool.routes);
    let names: Vec<String> = routes.map(name_of).collect();
    for name in &names {
        call(&member, name, Session).await.refused(403, "Only the owner of the server may do this");
    }
    assert!(names.len() > 5, "{names:?}");
    server.owner().app().get("/v1/admin/users").await.ok();
}

/// A key that holds every scope of its family but this one.
async fn key_without(server: &Server, user: &TestUser, family: KeyFamily, scope: Option<Scope>) -> String {
    let scopes: Vec<Scope> = Scope::available(family).iter().copied().filter(|held| Some(*held) != scope).collect();
    let (resources, id) = (server.resources.clone(), user.id.clone());
    let create = async move { resources.keys().create(&id, family, "narrow", Some(&scopes)).await.unwrap().key };
    on_runtime(create).await
}

/// The refusal of a key of `family` without what the tool needs; `None` where no key can lack it.
fn refusal(tool: &Tool, family: KeyFamily) -> Option<String> {
    match tool.access {
        Access::Scope(scope) => Some(format!("Insufficient permissions. Required scope: {}", scope.spelling(family))),
        Access::KeyManager if family == KeyFamily::Developer => None,
        Access::User | Access::KeyManager | Access::Anonymous | Access::Owner => {
            Some("This needs a signed-in user, not an API key".to_owned())
        }
        Access::AnyCredential | Access::Public => None,
    }
}

#[tokio::test]
async fn every_tool_needs_its_scope() {
    let server = Server::shared().await;
    let user = server.user().await;
    let mut tried = 0;
    for tool in tools::all() {
        let scope = if let Access::Scope(scope) = tool.access { Some(scope) } else { None };
        for family in KeyFamily::ALL {
            let Some(sentence) = refusal(tool, family) else { continue };
            let key = key_without(server, &user, family, scope).await;
            for route in tool.routes.iter().filter(|route| route.audience.family() == Some(family)) {
                let path = route.path.replace(['{', '}'], "");
                let request = user.with(&key).request(route.method.clone(), &path);
                let answer = Answer::to(if route.method == Method::GET { request } else { request.body("{") }).await;
                answer.refused(403, &sentence);
                tried += 1;
            }
            if family == KeyFamily::Mcp {
                let params = json!({ "name": tool.name, "arguments": {} });
                let error = over_mcp_with(&user.with(&key), "tools/call", params).await.unwrap_err();
                assert_eq!((&error["code"], &error["message"]), (&json!(-32003), &json!(sentence)), "{}", tool.name);
                let listed = over_mcp_with(&user.with(&key), "tools/list", Value::Null).await.unwrap();
                assert!(!listed.to_string().contains(&format!("\"{}\"", tool.name)), "{} is listed", tool.name);
            }
        }
    }
    assert!(tried > 50, "{tried}");
}
