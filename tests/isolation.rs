//! What is one user's is nobody else's: two users, every tool, every way in.

use std::collections::HashSet;

use serde_json::{Value, json};
use tools::{Access, Audience};

use crate::{
    calls::{by_route, caller, context, directly, name_of, over_mcp},
    harness::{Server, TestUser},
};

/// What Bob hears when he calls a tool with what he knows of Ann's ids.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Heard {
    /// That it is not there.
    NotFound,
    /// An answer that has nothing of Ann's in it.
    NothingOfHers,
}
use Heard::*;

/// The user whom Bob is curious about.
struct Ann {
    user: TestUser,
    memory: String,
    /// Words and ids that only her data have.
    secrets: Vec<String>,
}

impl Ann {
    async fn moves_in(server: &Server) -> Self {
        let user = server.user().await;
        let body = json!({ "content": "Ann rows on the Danube near Tulln", "tags": ["Krems"] });
        let memory = user.app().post("/v3/memories", body).await.ok()["id"].as_str().unwrap().to_owned();
        let edit = json!({ "value": "Ann rows on the Danube near Hainburg" });
        user.app().patch(&format!("/v3/memories/{memory}"), edit).await.ok();
        let mut secrets = ["Tulln", "Krems", "Hainburg"].map(str::to_owned).to_vec();
        secrets.extend([&memory, &user.id, &user.developer_key_id, &user.mcp_key_id].map(String::clone));
        Self { user, memory, secrets }
    }

    /// All that she sees of her own.
    async fn belongings(&self) -> Value {
        let mut seen = Vec::new();
        let history = format!("/v3/memories/{}/history", self.memory);
        let paths = ["/v3/memories", &history, "/v3/memories/search?query=Hainburg", "/v1/dev/keys", "/v1/mcp/keys"];
        for path in paths {
            seen.push(self.user.app().get(path).await.ok());
        }
        seen.into()
    }

    /// What Bob tries with each tool.
    fn attempts(&self) -> Vec<(&'static str, Value, Heard)> {
        let (id, unlike) = (&self.memory, "Ann rows on the Danube");
        let mut attempts = vec![
            ("get_memories", json!({}), NothingOfHers),
            ("get_memories", json!({ "limit": 100, "sort": "updated_desc" }), NothingOfHers),
            ("get_memory", json!({ "memory_id": id }), NotFound),
            ("get_memory_history", json!({ "memory_id": id }), NotFound),
            ("search_memories", json!({ "query": unlike }), NothingOfHers),
            ("create_memory", json!({ "content": unlike }), NothingOfHers),
            ("create_memories", json!({ "items": [{ "content": unlike }] }), NothingOfHers),
            ("edit_memory", json!({ "memory_id": id, "content": "Mine" }), NotFound),
            ("set_memory_visibility", json!({ "memory_id": id, "visibility": "public" }), NotFound),
            ("review_memory", json!({ "memory_id": id, "value": false }), NotFound),
            ("delete_memory", json!({ "memory_id": id }), NotFound),
            ("delete_memories", json!({ "memory_ids": [id] }), NotFound),
            ("delete_all_memories", json!({}), NothingOfHers),
            ("get_key", json!({}), NothingOfHers),
        ];
        for (family, key) in [("developer", &self.user.developer_key_id), ("mcp", &self.user.mcp_key_id)] {
            attempts.push(("list_keys", json!({ "family": family }), NothingOfHers));
            attempts.push(("create_key", json!({ "family": family, "name": "Bob's" }), NothingOfHers));
            attempts.push(("revoke_key", json!({ "family": family, "key_id": key }), NothingOfHers));
        }
        attempts
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
    assert_eq!(tried, all, "every tool has its line in Ann::attempts");
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
            if heard == NotFound {
                answer.refused(404, "Memory not found");
            } else {
                assert_eq!(answer.status, route.reply.status, "{way}: {}", answer.body);
            }
            ann.is_unknown_to(&answer.body, &way);
            assert_eq!(ann.belongings().await, before, "{way} changes what is Ann's");
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
        let audience = if tool.access == Access::Session { Audience::App } else { Audience::Mcp };
        let code = |error: tools::Error| json!({ "error": error.code() });
        let direct = directly(context(server, &bob, audience).await, tool, &arguments).await.unwrap_or_else(code);
        assert_eq!(direct["error"] == "not_found", heard == NotFound, "{name}: {direct}");
        ann.is_unknown_to(&direct, name);
        let answer = over_mcp(&bob, "tools/call", json!({ "name": name, "arguments": arguments })).await;
        let answer = answer.unwrap_or_else(|error| json!({ "isError": true, "refused": error }));
        let is_refused = heard == NotFound || tool.access == Access::Session;
        assert_eq!(answer["isError"] == true, is_refused, "{name}: {answer}");
        ann.is_unknown_to(&answer, name);
        assert_eq!(ann.belongings().await, before, "{name} changes what is Ann's");
    }
}

#[tokio::test]
async fn no_resource_is_another_user_s() {
    let server = Server::shared().await;
    let (ann, bob) = (Ann::moves_in(server).await, server.user().await);
    let uri = json!({ "uri": format!("omi://memories/{}", ann.memory) });
    assert!(over_mcp(&ann.user, "resources/read", uri.clone()).await.is_ok());
    assert_eq!(over_mcp(&bob, "resources/read", uri).await.unwrap_err()["message"], "Resource not found");
    assert_eq!(over_mcp(&bob, "resources/list", json!({})).await.unwrap()["resources"], json!([]));
}

#[tokio::test]
async fn no_question_is_answered_from_another_user_s_data() {
    let server = Server::shared().await;
    let (ann, bob) = (Ann::moves_in(server).await, server.user().await);
    let question = json!({ "text": "Where does Ann row on the Danube?" });
    let answer = crate::chat::ask(&bob, question).await;
    ann.is_unknown_to(&answer.done, "POST /v2/messages");
    assert_eq!(answer.done["citations"], json!([]));
}
