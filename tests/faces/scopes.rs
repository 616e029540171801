//! Scopes: a key with a single scope, and an access token with one, are shown nothing that needs another scope, whatever
//! they call and by whichever way.

use std::sync::Arc;

use futures::StreamExt;
use schemas::{
    key::KeyFamily,
    scope::Scope::{self, *},
};
use serde_json::{Value, json};
use tools::{Access, Context, Credential, Surface, Tool};

use crate::{
    oauth::flow::OAuthClient,
    support::{
        calls::{by_route, name_of, over_mcp_with},
        model::Act,
        scripted::ServerWithModel,
        server::{Caller, Server, TestUser, on_runtime, wait_until_indexed},
        tables::NOUNS,
    },
};

/// Words of the seeds of all nouns, each with the scope that shows it; no key is shown those of none.
const SECRETS: [(Option<Scope>, &[&str]); 7] = [
    (Some(MemoriesRead), &["Graz", "Krems", "bassoon", "learn the lute", "Wachau"]),
    (Some(ConversationsRead), &["Vltava", "Hainburg", "Rosenburg", "Altenburg", "Cellar talks", "Traunsee", "orchard"]),
    (Some(ActionItemsRead), &["clarinet", "Eferding", "Order jars", "Lace the boots"]),
    (Some(GoalsRead), &["Run to Bled", "Walk to Maribor", "furlongs", "crate of apricots"]),
    (Some(ChatRead), &["apricot cake", "Spitz"]),
    (Some(PeopleRead), &["Zdenka Novak", "Yngve Moe"]),
    (None, &["Wieselburg", "Weitra"]),
];

/// Where the app lists what the first four scopes show.
const LISTS: [(Scope, &str); 4] = [
    (MemoriesRead, "/v3/memories?limit=500"),
    (ConversationsRead, "/v1/conversations?limit=500&include_discarded=true"),
    (ActionItemsRead, "/v1/action-items?limit=500"),
    (GoalsRead, "/v1/goals/all?include_inactive=true"),
];

/// How many calls are made at a time.
const CONCURRENCY: usize = 4;

/// A secret, and the scope that shows it.
type Secret = (Option<Scope>, &'static str);

/// A user who has the rows of all nouns.
struct Ann {
    user: TestUser,
    /// The calls of all tools.
    calls: Vec<(&'static Tool, Value)>,
    secrets: Vec<Secret>,
}

impl Ann {
    async fn create(server: &Server) -> Self {
        let user = server.user().await;
        let mut calls = Vec::new();
        for noun in NOUNS {
            let seed = (noun.seed)(&user).await;
            let named = (noun.calls)(&seed).into_iter();
            calls.extend(named.map(|(name, arguments)| (tools::find(name).unwrap(), arguments)));
        }
        wait_until_indexed(server).await;
        let secrets = secrets_of(&user).await;
        Self { user, calls, secrets }
    }

    /// Asserts that an answer to a caller with this scope has no secret of another one in it, other than what the caller
    /// has said itself.
    fn assert_no_leak(&self, answer: &Value, scope: Scope, arguments: &Value, way: &str) {
        let (answer, said) = (answer.to_string().to_lowercase(), arguments.to_string().to_lowercase());
        for (owner, secret) in &self.secrets {
            let secret = secret.to_lowercase();
            let may_see = *owner == Some(scope) || said.contains(&secret);
            assert!(may_see || !answer.contains(&secret), "{way} shows {secret} to {scope:?}: {answer}");
        }
    }

    /// Makes a call in every way that the key opens.
    async fn call(&self, key: &SingleScopeKey, tool: &'static Tool, arguments: &Value) {
        let family = Some(key.family);
        let is_elsewhere =
            |path: &str| arguments.get("family").is_some_and(|family| (family == "mcp") != path.contains("/mcp/"));
        let open = tool.routes.iter().filter(|route| route.audience.family() == family && !is_elsewhere(route.path));
        for route in open {
            let answer = by_route(&key.caller, route, arguments).await;
            let way = format!("{} {arguments}", name_of(route));
            self.assert_no_leak(&answer.body, key.scope, arguments, &way);
        }
        if key.family == KeyFamily::Mcp {
            let params = json!({ "name": tool.name, "arguments": arguments });
            let answer = over_mcp_with(&key.caller, "tools/call", params).await.unwrap_or_else(|error| error);
            self.assert_no_leak(&answer, key.scope, arguments, &format!("{} {arguments}", tool.name));
        }
    }
}

/// The secrets that are nowhere but where they belong: what processing draws from a conversation may quote it.
async fn secrets_of(user: &TestUser) -> Vec<Secret> {
    let mut lists = Vec::new();
    for (scope, path) in LISTS {
        lists.push((scope, user.app().get(path).await.ok().to_string()));
    }
    let is_copied = |owner: Option<Scope>, secret: &str| {
        lists.iter().any(|(scope, list)| Some(*scope) != owner && list.contains(secret))
    };
    let all = SECRETS.iter().flat_map(|(owner, words)| words.iter().map(|word| (*owner, *word)));
    let secrets: Vec<Secret> = all.filter(|(owner, word)| !is_copied(*owner, word)).collect();
    for (owner, words) in SECRETS {
        let kept = secrets.iter().filter(|(scope, _)| *scope == owner).count();
        assert!(kept >= 2, "too few of {words:?} are secrets");
    }
    secrets
}

/// A key of Ann's with one scope, or an access token.
struct SingleScopeKey {
    family: KeyFamily,
    scope: Scope,
    caller: Caller,
    context: Context,
}

impl SingleScopeKey {
    async fn create(server: &'static Server, user: &TestUser, family: KeyFamily, scope: Scope) -> Self {
        let (resources, id) = (server.resources.clone(), user.id.clone());
        let create = async move { resources.keys().create(&id, family, "narrow", Some(&[scope])).await.unwrap().key };
        Self::of(server, user, family, scope, &on_runtime(create).await).await
    }

    async fn of(server: &'static Server, user: &TestUser, family: KeyFamily, scope: Scope, raw: &str) -> Self {
        let surface = if family == KeyFamily::Mcp { Surface::Mcp } else { Surface::Developer };
        let context = Context::of_user(user.id.clone(), surface, server.resources.clone());
        let (resources, secret) = (server.resources.clone(), raw.to_owned());
        let found = on_runtime(async move { resources.keys().find(&secret).await.unwrap() }).await;
        let mut caller = tools::Caller::clone(&context.caller);
        // Access tokens are no keys: a key with the same scope stands for them here.
        if let Some(key) = found {
            caller.credential = Credential::Key(key);
        }
        let context = Context { caller: Arc::new(caller), ..context };
        Self { family, scope, caller: user.with(raw), context }
    }

    /// Whether there is anything to try: what is refused without the scope is tried in `refusals`, and links are open to
    /// everybody.
    fn opens(&self, tool: &Tool) -> bool {
        tool.access != Access::Public && tool.permits(&self.context).is_ok()
    }
}

/// The order in which calls leave something to see for those that follow.
fn order(tool: &Tool) -> u8 {
    let hints = tool.behaviour();
    if hints.read_only { 0 } else { 1 + u8::from(hints.destructive) }
}

#[tokio::test]
async fn a_key_with_one_scope_sees_nothing_of_the_others() {
    let server = Server::shared().await;
    let ann = Ann::create(server).await;
    let mut keys = Vec::new();
    for family in KeyFamily::ALL {
        for scope in Scope::available(family) {
            keys.push(SingleScopeKey::create(server, &ann.user, family, *scope).await);
        }
    }
    let mut tried = 0;
    for phase in 0..=2 {
        let all = keys.iter().flat_map(|key| ann.calls.iter().map(move |(tool, arguments)| (key, *tool, arguments)));
        let calls: Vec<_> = all.filter(|(key, tool, _)| order(tool) == phase && key.opens(tool)).collect();
        tried += calls.len();
        // Writes come one after the other: some change what others name.
        let concurrency = if phase == 0 { CONCURRENCY } else { 1 };
        let made = futures::stream::iter(calls);
        made.for_each_concurrent(concurrency, async |(key, tool, arguments)| ann.call(key, tool, arguments).await)
            .await;
    }
    assert!(tried > 200, "{tried}");
}

#[tokio::test]
async fn an_access_token_with_one_scope_sees_nothing_of_the_others() {
    let server = Server::shared().await;
    let ann = Ann::create(server).await;
    for scope in Scope::available(KeyFamily::Mcp) {
        // The key says which tools its scope opens; the calls are made with the token.
        let key = SingleScopeKey::create(server, &ann.user, KeyFamily::Mcp, *scope).await;
        let client = OAuthClient::added(server).await;
        let tokens = client.authorize(&ann.user, &scope.spelling(KeyFamily::Mcp)).await;
        let token = ann.user.with(tokens["access_token"].as_str().unwrap());
        let key = SingleScopeKey { caller: token, ..key };
        for (tool, arguments) in ann.calls.iter().filter(|(tool, _)| order(tool) == 0 && key.opens(tool)) {
            ann.call(&key, tool, arguments).await;
        }
        for method in ["resources/list", "prompts/list"] {
            let listed = over_mcp_with(&key.caller, method, json!({})).await.unwrap();
            ann.assert_no_leak(&listed, *scope, &Value::Null, method);
        }
    }
}

#[tokio::test]
async fn the_model_is_given_nothing_that_the_key_may_not_read() {
    let ServerWithModel { server, model, .. } = ServerWithModel::shared().await;
    let (user, _) = ServerWithModel::shared().await.user(["Ida grows quinces behind the foundry"]).await;
    let app = user.app();
    app.post("/v1/action-items", json!({ "description": "Bring the quinces to the cannery" })).await.ok();
    wait_until_indexed(server).await;
    let prompted = async |scopes: &[&str]| {
        let key = app.post("/v1/dev/keys", json!({ "name": "asker", "scopes": scopes })).await.ok();
        let question = "What becomes of the quinces?";
        model.script(question, [Act::Say(&["I do not know."])]);
        let body = json!({ "question": question });
        user.with(key["key"].as_str().unwrap()).post("/v1/dev/user/ask", body).await.ok();
        json!(model.requests(question)).to_string()
    };
    let all = ["conversations:read", "memories:read", "action_items:read", "goals:read"];
    let (whole, narrow) = (prompted(&all).await, prompted(&all[..1]).await);
    for secret in ["foundry", "cannery"] {
        assert!(whole.contains(secret), "{secret} is found: {whole}");
        assert!(!narrow.contains(secret), "{secret} is not for this key: {narrow}");
    }
}

/// A developer key with these scopes.
async fn key_with(user: &TestUser, scopes: &[&str]) -> Caller {
    let key = user.app().post("/v1/dev/keys", json!({ "name": "narrow", "scopes": scopes })).await.ok();
    user.with(key["key"].as_str().unwrap())
}

#[tokio::test]
async fn a_key_that_only_writes_gets_back_what_it_wrote() {
    let server = Server::shared().await;
    let user = server.user().await;
    let writer = key_with(&user, &["memories:write", "conversations:write", "action_items:write", "goals:write"]).await;
    let memory = json!({ "content": "Ana keeps bees in Oberwart", "tags": ["bees"] });
    let memory = user.app().post("/v3/memories", memory).await.ok();
    let path = format!("/v1/dev/user/memories/{}", memory["id"].as_str().unwrap());
    let edited = writer.patch(&path, json!({ "tags": ["hives"] })).await.ok();
    assert_eq!(edited, json!({ "id": memory["id"], "tags": ["hives"] }));
    let known = json!({ "content": "Ana keeps bees in Oberwart", "tags": ["other"] });
    let known = writer.post("/v1/dev/user/memories", known).await.ok();
    assert_eq!(known, json!({ "id": memory["id"], "content": "Ana keeps bees in Oberwart" }));
    let new = writer.post("/v1/dev/user/memories", json!({ "content": "Ana keeps many bees in Oberwart" })).await.ok();
    assert!(new["created_at"].is_string() && new["category"].is_string(), "a new one is returned whole: {new}");
    assert_eq!(new["similar"], json!([]), "without the texts of others");

    let item = user.developer().post("/v1/dev/user/action-items", json!({ "description": "Buy jars" })).await.ok();
    let path = format!("/v1/dev/user/action-items/{}", item["id"].as_str().unwrap());
    let completed = writer.post(&format!("{path}/complete"), json!({ "completed": true })).await.ok();
    assert_eq!(completed, json!({ "id": item["id"], "completed": true }));

    let goal = json!({ "title": "Run to Tulln", "goal_type": "numeric", "target_value": 100, "unit": "km" });
    let goal = user.app().post("/v1/goals", goal).await.ok();
    let path = format!("/v1/dev/user/goals/{}", goal["id"].as_str().unwrap());
    let progressed = writer.patch(&format!("{path}/progress"), json!({ "current_value": 40 })).await.ok();
    assert_eq!(progressed, json!({ "id": goal["id"], "goal_id": goal["id"], "current_value": 40.0 }));

    let said = json!([{ "text": "We walked along the Thaya.", "start": 0, "end": 4 }]);
    let talk = writer.post("/v1/dev/user/conversations/from-segments", json!({ "transcript_segments": said })).await;
    let talk = talk.ok()["id"].clone();
    let path = format!("/v1/dev/user/conversations/{}", talk.as_str().unwrap());
    let titled = writer.patch(&path, json!({ "title": "A walk" })).await.ok();
    let conversation = json!({ "id": talk, "structured": { "title": "A walk" } });
    assert_eq!(titled, conversation);
}

#[tokio::test]
async fn what_gives_away_more_than_its_noun_needs_both_scopes() {
    let user = Server::shared().await.user().await;
    let sentence = |scope: &str| format!("Insufficient permissions. Required scope: {scope}");
    user.app().post("/v3/memories", json!({ "content": "Ana hopes to learn the zither" })).await.ok();
    let goals = key_with(&user, &["goals:read"]).await;
    goals.get("/v1/dev/user/goals/suggest").await.refused(403, &sentence("memories:read"));
    let both = key_with(&user, &["goals:read", "memories:read"]).await;
    assert!(both.get("/v1/dev/user/goals/suggest").await.ok().to_string().contains("zither"));
    let writer = key_with(&user, &["goals:write", "action_items:write"]).await;
    let text = json!({ "text": "I ran 7 km" });
    writer.post("/v1/dev/user/goals/extract-progress", text).await.refused(403, &sentence("goals:read"));
    let item = user.app().post("/v1/action-items", json!({ "description": "Tune the zither" })).await.ok();
    let share = json!({ "task_ids": [item["id"]] });
    writer.post("/v1/dev/user/action-items/share", share).await.refused(403, &sentence("action_items:read"));
}
