//! What is one user's is nobody else's: two users, every tool, every way in.

use std::collections::HashSet;

use serde_json::{Value, json};
use tools::Audience;

use crate::{
    calls::{by_route, caller, context, directly, is_for_mcp, name_of, over_mcp},
    harness::{Server, TestUser, indexed},
    nouns::{Heard, NOUNS},
};

/// The user whom Bob is curious about.
struct Ann {
    user: TestUser,
    seeds: Vec<Value>,
    /// Words and ids that only her data have.
    secrets: Vec<String>,
}

impl Ann {
    async fn moves_in(server: &Server) -> Self {
        let user = server.user().await;
        let mut seeds = Vec::new();
        let mut secrets = vec![user.id.clone()];
        for noun in NOUNS {
            let seed = (noun.seed)(&user).await;
            secrets.extend(noun.secrets.iter().map(|secret| (*secret).to_owned()));
            secrets.extend(seed.as_object().unwrap().values().filter_map(Value::as_str).map(str::to_owned));
            seeds.push(seed);
        }
        indexed(server).await;
        Self { user, seeds, secrets }
    }

    /// All that she sees of her own.
    async fn belongings(&self) -> Value {
        let mut seen = Vec::new();
        for (noun, seed) in NOUNS.iter().zip(&self.seeds) {
            for path in (noun.belongings)(seed) {
                seen.push(self.user.app().get(&path).await.ok());
            }
        }
        seen.into()
    }

    /// What Bob tries with each tool.
    fn attempts(&self) -> Vec<(&'static str, Value, Heard)> {
        NOUNS.iter().zip(&self.seeds).flat_map(|(noun, seed)| (noun.attempts)(seed)).collect()
    }

    /// The id of her edited memory.
    fn memory(&self) -> &str {
        self.seeds.iter().find_map(|seed| seed["oboe"].as_str()).unwrap()
    }

    fn is_unknown_to(&self, answer: &Value, way: &str) {
        let text = answer.to_string();
        for secret in &self.secrets {
            assert!(!text.contains(secret.as_str()), "{way} tells {secret}: {text}");
        }
    }
}

#[tokio::test]
async fn every_tool_is_tried() {
    let ann = Ann::moves_in(Server::shared().await).await;
    let tried: HashSet<&str> = ann.attempts().into_iter().map(|(tool, ..)| tool).collect();
    let all: HashSet<&str> = tools::all().iter().map(|tool| tool.name).collect();
    assert_eq!(tried, all, "every tool has its line in its noun's attempts");
    let listed: HashSet<String> =
        server::routes().lines().map(|line| line.rsplitn(3, ' ').nth(2).unwrap().into()).collect();
    let routes: HashSet<String> = tools::all().iter().flat_map(|tool| &tool.routes).map(name_of).collect();
    assert_eq!(listed, routes, "and every route belongs to a tool");
}

#[tokio::test]
async fn no_route_leads_to_another_user_s_data() {
    let server = Server::shared().await;
    let (ann, bob) = (Ann::moves_in(server).await, server.user().await);
    let before = ann.belongings().await;
    for (name, arguments, heard) in ann.attempts() {
        for route in &tools::find(name).unwrap().routes {
            let way = name_of(route);
            let answer = by_route(&caller(&bob, route.audience), route, &arguments).await;
            match heard {
                Heard::NotFound(sentence) => answer.refused(404, sentence),
                Heard::Refused(status, sentence) => answer.refused(status, sentence),
                Heard::NothingOfHers => assert_eq!(answer.status, route.reply.status, "{way}: {}", answer.body),
            }
            ann.is_unknown_to(&answer.body, &way);
            assert!(ann.belongings().await == before, "{way} changes what is Ann's");
        }
    }
    ann.user.developer().get("/v1/dev/key").await.ok();
    ann.user.mcp().get("/v1/mcp/key").await.ok();
}

#[tokio::test]
async fn no_tool_leads_to_another_user_s_data() {
    let server = Server::shared().await;
    let (ann, bob) = (Ann::moves_in(server).await, server.user().await);
    let before = ann.belongings().await;
    for (name, arguments, heard) in ann.attempts() {
        let tool = tools::find(name).unwrap();
        let audience = if is_for_mcp(tool) { Audience::Mcp } else { Audience::App };
        let answer = over_mcp(&bob, "tools/call", json!({ "name": name, "arguments": arguments })).await;
        let answer = answer.unwrap_or_else(|error| json!({ "isError": true, "refused": error }));
        let is_refused = !matches!(heard, Heard::NothingOfHers) || !is_for_mcp(tool);
        assert_eq!(answer["isError"] == true, is_refused, "{name}: {answer}");
        ann.is_unknown_to(&answer, name);
        // Last, for it may be Bob's own end.
        let code = |error: tools::Error| json!({ "error": error.code() });
        let direct = directly(context(server, &bob, audience).await, tool, &arguments).await.unwrap_or_else(code);
        assert_eq!(direct["error"] == "not_found", matches!(heard, Heard::NotFound(_)), "{name}: {direct}");
        ann.is_unknown_to(&direct, name);
        assert!(ann.belongings().await == before, "{name} changes what is Ann's");
    }
}

#[tokio::test]
async fn no_resource_is_another_user_s() {
    let server = Server::shared().await;
    let (ann, bob) = (Ann::moves_in(server).await, server.user().await);
    let uri = json!({ "uri": format!("omi://memories/{}", ann.memory()) });
    assert!(over_mcp(&ann.user, "resources/read", uri.clone()).await.is_ok());
    assert_eq!(over_mcp(&bob, "resources/read", uri).await.unwrap_err()["message"], "Resource not found");
    ann.is_unknown_to(&over_mcp(&bob, "resources/list", json!({})).await.unwrap(), "resources/list");
}

#[tokio::test]
async fn no_question_is_answered_from_another_user_s_data() {
    let server = Server::shared().await;
    let (ann, bob) = (Ann::moves_in(server).await, server.user().await);
    let question = json!({ "text": "Where does Ana keep her bees?" });
    let answer = crate::chat::ask(&bob, question).await;
    ann.is_unknown_to(&answer.done, "POST /v2/messages");
    assert_eq!(answer.done["citations"], json!([]));
}
