//! Every tool gives the same result directly, by each of its routes, and over MCP.

use std::{collections::HashSet, sync::Arc};

use futures::StreamExt;
use serde_json::{Value, json};
use tools::{Audience, Route, Tool};

use crate::support::{
    calls::{by_route, caller, context, directly, is_for_mcp, name_of, over_mcp},
    server::{Server, TestUser, wait_until_indexed},
    tables::{NOUNS, Noun},
};

/// How many calls are compared at a time.
const CONCURRENCY: usize = 4;

/// One call of one tool.
#[derive(Clone)]
struct Call {
    noun: &'static Noun,
    tool: &'static Tool,
    /// Its index in the noun's list.
    index: usize,
    /// A user with the noun's seed, and the arguments for them: calls that only read share them.
    shared: Prepared,
}

/// A user, and the arguments of a call for them.
#[derive(Clone)]
struct Prepared {
    user: Arc<TestUser>,
    arguments: Value,
}

impl Call {
    /// Every call of every noun.
    async fn all(server: &Server) -> Vec<Self> {
        let mut calls = Vec::new();
        for noun in NOUNS {
            let user = Arc::new(server.user().await);
            let seed = (noun.seed)(&user).await;
            for (index, (name, arguments)) in (noun.calls)(&seed).into_iter().enumerate() {
                let tool = tools::find(name).unwrap_or_else(|| panic!("there is no tool {name}"));
                calls.push(Self { noun, tool, index, shared: Prepared { user: user.clone(), arguments } });
            }
        }
        calls
    }

    /// A fresh user with the noun's seed, and the arguments for them.
    async fn prepare_one(&self, server: &Server) -> Prepared {
        let user = Arc::new(server.user().await);
        let seed = (self.noun.seed)(&user).await;
        let (_, arguments) = (self.noun.calls)(&seed).swap_remove(self.index);
        Prepared { user, arguments }
    }

    /// Two users with the same seed: one for the call that is compared, one for the call through the tool itself.
    /// Where nothing is written, they are the same user.
    async fn prepare(&self, server: &Server) -> [Prepared; 2] {
        // Reading the audit trail is itself recorded there.
        if self.tool.behaviour().read_only && self.tool.name != "get_audit" {
            return [self.shared.clone(), self.shared.clone()];
        }
        [self.prepare_one(server).await, self.prepare_one(server).await]
    }

    /// Whether the result depends on the vector index.
    fn needs_index(&self) -> bool {
        self.tool.name.contains("search") || self.tool.name == "ask"
    }

    /// Makes the call through the tool itself, as this audience.
    async fn call_directly(&self, server: &'static Server, prepared: Prepared, audience: Audience) -> Outcome {
        let Prepared { user, arguments } = prepared;
        let result = directly(context(server, &user, audience).await, self.tool, &arguments).await;
        result.map_err(|error| (error.status().as_u16(), error.detail()))
    }

    fn masked(&self, value: Value) -> Value {
        masked(value, self.noun)
    }

    /// Compares the route with the tool.
    async fn compare_route(&self, server: &'static Server, route: &Route, prepared: [Prepared; 2]) {
        let [Prepared { user, arguments }, other] = prepared;
        let way = format!("{} as {} {arguments}", name_of(route), self.tool.name);
        if arguments.get("family").is_some_and(|family| (family == "mcp") != route.path.contains("/mcp/")) {
            return;
        }
        let answer = by_route(&caller(&user, route.audience), route, &arguments).await;
        let direct = self.call_directly(server, other, route.audience).await;
        let cursor = direct.as_ref().ok().and_then(|result| result.get("next_cursor"));
        let header = route.reply.cursor.map_or("", |name| answer.header(name));
        assert_eq!(header.is_empty(), cursor.is_none() || route.reply.cursor.is_none(), "{way}");
        match direct {
            Ok(result) => {
                assert_eq!(answer.status, route.reply.status, "{way}: {}", answer.body);
                let expected = route.reply.body(result).unwrap_or_default();
                assert_eq!(self.masked(answer.body), self.masked(expected), "{way}");
            }
            Err((status, detail)) => {
                assert_eq!((answer.status, &answer.body["detail"]), (status, &detail), "{way}");
            }
        }
    }

    /// Compares MCP with the tool.
    async fn compare_mcp(&self, server: &'static Server, prepared: [Prepared; 2]) {
        let [Prepared { user, arguments }, other] = prepared;
        let way = format!("{} {arguments}", self.tool.name);
        let params = json!({ "name": self.tool.name, "arguments": arguments });
        let answer = over_mcp(&user, "tools/call", params).await;
        if !is_for_mcp(self.tool) {
            assert_eq!(answer.unwrap_err()["code"], -32003, "{way}");
            return;
        }
        let answer = answer.unwrap_or_else(|error| panic!("{way}: {error}"));
        let structured = &answer["structuredContent"];
        match self.call_directly(server, other, Audience::Mcp).await {
            Ok(result) => {
                assert_eq!(answer["isError"], false, "{way}: {answer}");
                let shown = self.tool.for_assistants(result);
                assert_eq!(self.masked(structured.clone()), self.masked(shown), "{way}");
                let text = answer["content"][0]["text"].as_str().unwrap();
                assert_eq!(&serde_json::from_str::<Value>(text).unwrap(), structured, "{way}");
            }
            Err((_, detail)) => {
                assert_eq!(answer["isError"], true, "{way}");
                assert_eq!(structured["error"]["message"], detail, "{way}");
                assert_eq!(answer["content"][0]["text"], detail, "{way}");
            }
        }
    }
}

/// The result of a call or, when it is refused, status and detail.
type Outcome = Result<Value, (u16, Value)>;

/// The value without what differs between users and moments.
fn masked(mut value: Value, noun: &Noun) -> Value {
    const VOLATILE: [&str; 4] = ["uid", "created_at", "updated_at", "next_cursor"];
    match &mut value {
        Value::Array(items) => items.iter_mut().for_each(|item| *item = masked(item.take(), noun)),
        Value::Object(fields) => {
            let is_key = fields.contains_key("key_prefix");
            for (name, field) in fields.iter_mut() {
                match name.as_str() {
                    name if noun.volatile.contains(&name) && !field.is_null() => *field = "…".into(),
                    name if VOLATILE.contains(&name) && field.is_string() => *field = "…".into(),
                    "last_used_at" => *field = "…".into(),
                    "id" if is_key => *field = "…".into(),
                    "scoring" if field.is_string() => *field = field.as_str().unwrap()[..7].into(),
                    "relevance_score" | "score" => *field = ((field.as_f64().unwrap() * 1e3).round() / 1e3).into(),
                    _ => *field = masked(field.take(), noun),
                }
            }
        }
        _ => {}
    }
    value
}

#[tokio::test]
async fn every_tool_is_compared() {
    let calls = Call::all(Server::shared().await).await;
    let compared: HashSet<&str> = calls.into_iter().map(|call| call.tool.name).collect();
    let all: HashSet<&str> = tools::all().iter().map(|tool| tool.name).collect();
    assert_eq!(compared, all, "every tool has its line in its noun's calls");
}

#[tokio::test]
async fn every_route_says_what_its_tool_says() {
    let server = Server::shared().await;
    let calls = Call::all(server).await.into_iter();
    let ways = calls.flat_map(|call| call.tool.routes.iter().map(move |route| (call.clone(), route)));
    compare(
        server,
        ways,
        |(call, _)| call,
        async |(call, route), prepared| {
            call.compare_route(server, route, prepared).await;
        },
    )
    .await;
}

#[tokio::test]
async fn mcp_says_what_the_tool_says() {
    let server = Server::shared().await;
    let calls = Call::all(server).await.into_iter();
    compare(server, calls, |call| call, async |call, prepared| call.compare_mcp(server, prepared).await).await;
}

/// Compares all ways of calling. Those that need the index come last: it is waited for once, when all of their users
/// are prepared.
async fn compare<W>(
    server: &'static Server,
    ways: impl Iterator<Item = W>,
    call_of: impl Fn(&W) -> &Call,
    compare: impl AsyncFn(W, [Prepared; 2]),
) {
    let (searches, others): (Vec<W>, Vec<W>) = ways.partition(|way| call_of(way).needs_index());
    futures::stream::iter(others)
        .for_each_concurrent(CONCURRENCY, async |way| {
            let prepared = call_of(&way).prepare(server).await;
            compare(way, prepared).await;
        })
        .await;
    let searches = futures::stream::iter(searches).map(async |way| {
        let prepared = call_of(&way).prepare(server).await;
        (way, prepared)
    });
    let searches: Vec<(W, [Prepared; 2])> = searches.buffer_unordered(CONCURRENCY).collect().await;
    wait_until_indexed(server).await;
    futures::stream::iter(searches)
        .for_each_concurrent(CONCURRENCY, async |(way, prepared)| compare(way, prepared).await)
        .await;
}
