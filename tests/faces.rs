//! Every face says the same: each tool directly, by each of its routes, and over MCP, with equal arguments.

use std::collections::HashSet;

use serde_json::{Value, json};
use tools::{Access, Audience, Tool};

use crate::{
    calls::{by_route, caller, context, directly, name_of, over_mcp},
    harness::{Server, TestUser, indexed},
};

/// What a fresh user's memories are called.
struct Seeds {
    bees: String,
    oboe: String,
    developer_key: String,
}

/// Two memories, one of them edited, that every user of this test has.
async fn seeded(server: &Server) -> (TestUser, Seeds) {
    let user = server.user().await;
    let create = async |content: &str| {
        let memory = user.app().post("/v3/memories", json!({ "content": content })).await.ok();
        memory["id"].as_str().unwrap().to_owned()
    };
    let (bees, oboe) = (create("Ana keeps bees").await, create("Ben plays the oboe").await);
    user.app().patch(&format!("/v3/memories/{oboe}"), json!({ "value": "Ben plays the bassoon" })).await.ok();
    let seeds = Seeds { bees, oboe, developer_key: user.developer_key_id.clone() };
    (user, seeds)
}

/// Every tool with arguments that leave nothing to a face's own defaults.
fn calls(seeds: &Seeds) -> Vec<(&'static str, Value)> {
    let Seeds { bees, oboe, developer_key } = seeds;
    let new =
        json!({ "content": "Ana keeps bees near Graz", "category": "work", "visibility": "public", "tags": ["a"] });
    let known = json!({ "content": "Ana keeps bees", "category": "system" });
    let blank = json!({ "content": " " });
    vec![
        ("get_memories", json!({ "limit": 1, "offset": 0, "sort": "created_desc" })),
        ("get_memories", json!({ "limit": 9, "sort": "scoring_desc", "categories": ["manual"], "reviewed": true })),
        ("get_memories", json!({ "limit": 9, "sort": "scoring_desc", "cursor": "nonsense" })),
        ("get_memory", json!({ "memory_id": oboe })),
        ("get_memory", json!({ "memory_id": "unknown" })),
        ("get_memory_history", json!({ "memory_id": oboe })),
        ("get_memory_history", json!({ "memory_id": "unknown" })),
        ("search_memories", json!({ "query": "beekeeping", "limit": 5 })),
        ("search_memories", json!({ "query": "bassoon", "limit": 1, "created_after": "2020-01-01" })),
        ("create_memory", new.clone()),
        ("create_memory", known.clone()),
        ("create_memory", blank.clone()),
        ("create_memories", json!({ "items": [new, known] })),
        ("create_memories", json!({ "items": [blank] })),
        ("edit_memory", json!({ "memory_id": bees, "content": "Ana sold her bees" })),
        ("edit_memory", json!({ "memory_id": "unknown", "content": "x" })),
        ("edit_memory", json!({ "memory_id": bees, "content": " " })),
        ("set_memory_visibility", json!({ "memory_id": bees, "visibility": "public" })),
        ("set_memory_visibility", json!({ "memory_id": "unknown", "visibility": "public" })),
        ("review_memory", json!({ "memory_id": bees, "value": false })),
        ("review_memory", json!({ "memory_id": "unknown", "value": false })),
        ("delete_memory", json!({ "memory_id": bees })),
        ("delete_memory", json!({ "memory_id": "unknown" })),
        ("delete_memories", json!({ "memory_ids": [bees, oboe] })),
        ("delete_memories", json!({ "memory_ids": [bees, "unknown"] })),
        ("delete_all_memories", json!({})),
        ("get_key", json!({})),
        ("list_keys", json!({ "family": "developer" })),
        ("list_keys", json!({ "family": "mcp" })),
        ("create_key", json!({ "family": "developer", "name": "x", "scopes": ["memories:read"] })),
        ("create_key", json!({ "family": "mcp", "name": "x", "scopes": ["memories.read"] })),
        ("create_key", json!({ "family": "mcp", "name": "x", "scopes": ["nonsense"] })),
        ("create_key", json!({ "family": "developer", "name": " " })),
        ("revoke_key", json!({ "family": "developer", "key_id": developer_key })),
    ]
}

/// What a face says: its result or, when it refuses, status and detail.
type Said = Result<Value, (u16, Value)>;

/// Without what differs between users and moments.
fn masked(mut value: Value) -> Value {
    const VOLATILE: [&str; 9] = [
        "uid",
        "created_at",
        "updated_at",
        "replaced_at",
        "last_used_at",
        "key",
        "key_id",
        "key_prefix",
        "next_cursor",
    ];
    match &mut value {
        Value::Array(items) => items.iter_mut().for_each(|item| *item = masked(item.take())),
        Value::Object(fields) => {
            let is_key = fields.contains_key("key_prefix");
            for (name, field) in fields.iter_mut() {
                match name.as_str() {
                    name if VOLATILE.contains(&name) && field.is_string() => *field = "…".into(),
                    "last_used_at" => *field = "…".into(),
                    "id" if is_key => *field = "…".into(),
                    "scoring" => *field = field.as_str().unwrap()[..7].into(),
                    "relevance_score" | "score" => *field = ((field.as_f64().unwrap() * 1e3).round() / 1e3).into(),
                    _ => *field = masked(field.take()),
                }
            }
        }
        _ => {}
    }
    value
}

/// Makes the call for a fresh user through the tool itself, as this audience.
async fn said_directly(server: &'static Server, audience: Audience, tool: &'static Tool, place: usize) -> Said {
    let (user, seeds) = seeded(server).await;
    indexed(server).await;
    let (_, arguments) = calls(&seeds).swap_remove(place);
    let result = directly(context(server, &user, audience).await, tool, &arguments).await;
    result.map_err(|error| (error.status().as_u16(), error.detail()))
}

#[tokio::test]
async fn every_tool_is_compared() {
    let (_, seeds) = seeded(Server::shared().await).await;
    let compared: HashSet<&str> = calls(&seeds).into_iter().map(|(tool, _)| tool).collect();
    let all: HashSet<&str> = tools::all().iter().map(|tool| tool.name).collect();
    assert_eq!(compared, all, "every tool has its line in calls()");
}

#[tokio::test]
async fn every_route_says_what_its_tool_says() {
    let server = Server::shared().await;
    let (_, seeds) = seeded(server).await;
    for (place, (name, arguments)) in calls(&seeds).into_iter().enumerate() {
        let tool = tools::find(name).unwrap();
        for route in &tool.routes {
            let way = format!("{} as {name} {arguments}", name_of(route));
            if arguments.get("family").is_some_and(|family| (family == "mcp") != route.path.contains("/mcp/")) {
                continue;
            }
            let (user, seeds) = seeded(server).await;
            indexed(server).await;
            let (_, arguments) = calls(&seeds).swap_remove(place);
            let answer = by_route(&caller(&user, route.audience), route, &arguments).await;
            let direct = said_directly(server, route.audience, tool, place).await;
            let cursor = direct.as_ref().ok().and_then(|result| result.get("next_cursor"));
            let header = route.reply.cursor.map_or("", |name| answer.header(name));
            assert_eq!(header.is_empty(), cursor.is_none() || route.reply.cursor.is_none(), "{way}");
            match direct {
                Ok(result) => {
                    assert_eq!(answer.status, route.reply.status, "{way}: {}", answer.body);
                    let expected = route.reply.body(result).unwrap_or_default();
                    assert_eq!(masked(answer.body), masked(expected), "{way}");
                }
                Err((status, detail)) => {
                    assert_eq!((answer.status, &answer.body["detail"]), (status, &detail), "{way}");
                }
            }
        }
    }
}

#[tokio::test]
async fn mcp_says_what_the_tool_says() {
    let server = Server::shared().await;
    let (_, seeds) = seeded(server).await;
    for (place, (name, _)) in calls(&seeds).into_iter().enumerate() {
        let tool = tools::find(name).unwrap();
        let (user, seeds) = seeded(server).await;
        indexed(server).await;
        let (_, arguments) = calls(&seeds).swap_remove(place);
        let way = format!("{name} {arguments}");
        let answer = over_mcp(&user, "tools/call", json!({ "name": name, "arguments": arguments })).await;
        if tool.access == Access::Session {
            assert_eq!(answer.unwrap_err()["code"], -32003, "{way}");
            continue;
        }
        let answer = answer.unwrap_or_else(|error| panic!("{way}: {error}"));
        let structured = &answer["structuredContent"];
        match said_directly(server, Audience::Mcp, tool, place).await {
            Ok(result) => {
                assert_eq!(answer["isError"], false, "{way}: {answer}");
                assert_eq!(masked(structured.clone()), masked(result), "{way}");
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
