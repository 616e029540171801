//! Long results in parts: none exceeds what clients accept, and the parts together are all of it.

use serde_json::{Map, Value, json};

use super::client::McpClient;
use crate::support::calls::is_for_mcp;

/// The largest result, in quarters of a token: an ASCII character is one, any other character four.
const MAX_SIZE: usize = 80_000;

const SEGMENTS: usize = 500;

fn size(text: &str) -> usize {
    text.chars().map(|letter| if letter.is_ascii() { 1 } else { 4 }).sum()
}

/// 60 words that no other segment has.
fn words(index: usize) -> String {
    (0..60).map(|word| format!("w{index}-{word}")).collect::<Vec<_>>().join(" ")
}

/// Writes a conversation of 500 segments of 60 words; gives its id.
async fn write_conversation(client: &McpClient) -> String {
    let segment = |index: usize| json!({ "text": words(index), "start": index, "end": index + 1, "is_user": false, "speaker": "SPEAKER_01" });
    let segments: Vec<Value> = (0..SEGMENTS).map(segment).collect();
    let body = json!({ "transcript_segments": segments, "started_at": "2026-05-08T12:00:00Z" });
    let written = client.user.developer().post("/v1/dev/user/conversations/from-segments", body).await.ok();
    written["id"].as_str().unwrap().to_owned()
}

/// A part of a result, which is the same as text and as an object, and not too large.
async fn part(client: &McpClient, tool: &str, arguments: &Value) -> Value {
    let answer = client.call(tool, arguments.clone()).await;
    let result = &answer["result"];
    assert!(result["isError"] != true && answer["error"].is_null(), "{tool} {arguments}: {answer}");
    let text = result["content"][0]["text"].as_str().unwrap();
    assert!(size(text) <= MAX_SIZE, "{tool} {arguments}: {}", size(text));
    assert!(result["structuredContent"].is_object(), "{tool} {arguments}");
    assert_eq!(serde_json::from_str::<Value>(text).unwrap(), result["structuredContent"]);
    result["structuredContent"].clone()
}

/// All parts of a result.
async fn parts(client: &McpClient, tool: &str, mut arguments: Value) -> Vec<Value> {
    let mut parts = Vec::new();
    loop {
        let part = part(client, tool, &arguments).await;
        let next = part["continue_from"].clone();
        parts.push(part);
        if next.is_null() {
            return parts;
        }
        assert!(parts.len() < 100 && next != arguments["continue_from"], "{tool} goes on without end");
        arguments["continue_from"] = next;
    }
}

/// The texts of all segments within a value, in order.
fn texts_of_segments(value: &Value, found: &mut Vec<String>) {
    match value {
        Value::Array(items) => items.iter().for_each(|item| texts_of_segments(item, found)),
        Value::Object(fields) => match (fields.get("text"), fields.get("start")) {
            (Some(text), Some(_)) => found.push(text.as_str().unwrap().to_owned()),
            _ => fields.values().for_each(|field| texts_of_segments(field, found)),
        },
        _ => {}
    }
}

#[tokio::test]
async fn a_long_transcript_is_read_in_parts() {
    let client = McpClient::of_new_user().await;
    let id = write_conversation(&client).await;
    let calls = [
        ("get_conversation_by_id", json!({ "conversation_id": id })),
        ("get_conversations_by_ids", json!({ "conversation_ids": [id, "unknown"] })),
        ("get_conversation_transcripts", json!({ "conversation_id": id })),
        ("get_conversations", json!({ "include_transcript": true })),
    ];
    let expected: Vec<String> = (0..SEGMENTS).map(words).collect();
    for (tool, arguments) in calls {
        if !tools::find(tool).is_some_and(is_for_mcp) {
            continue;
        }
        let parts = parts(&client, tool, arguments).await;
        let mut found = Vec::new();
        parts.iter().for_each(|part| texts_of_segments(part, &mut found));
        // The list of conversations shows no transcripts to assistants.
        if tool != "get_conversations" {
            assert!(parts.len() > 1, "{tool}");
            assert!(found == expected, "{tool}: {} of {SEGMENTS} segments", found.len());
            let notice = parts[0]["notice"].as_str().unwrap();
            assert!(notice.contains(&format!("call {tool} again")) && notice.contains("continue_from"), "{notice}");
            assert_eq!(parts.last().unwrap()["notice"], "This is the last part of the result.");
        }
    }
    let by_id = parts(&client, "get_conversation_by_id", json!({ "conversation_id": id })).await;
    assert!(by_id.iter().all(|part| part["conversation"]["id"] == id.as_str() && part["truncated"] == false));
}

#[tokio::test]
async fn a_long_transcript_is_fetched_in_parts() {
    let client = McpClient::of_new_user().await;
    let id = write_conversation(&client).await;
    let (mut text, mut reference) = (String::new(), format!("conversation:{id}"));
    for _ in 0..100 {
        let documents = parts(&client, "fetch", json!({ "id": reference })).await;
        documents.iter().for_each(|part| text += part["text"].as_str().unwrap());
        match documents[0]["metadata"]["next"].as_str() {
            Some(next) => reference = next.to_owned(),
            None => break,
        }
    }
    for index in 0..SEGMENTS {
        assert!(text.contains(&words(index)), "segment {index} is missing");
    }
}

#[tokio::test]
async fn positions_that_are_none_are_refused() {
    let client = McpClient::of_new_user().await;
    let answer = client.call("get_memories", json!({ "continue_from": "here" })).await;
    let error = &answer["result"]["structuredContent"]["error"];
    assert_eq!(error["code"], "invalid_arguments");
    assert_eq!(error["message"], "continue_from: Input should be the continue_from of the part before");
}

/// The arguments that ask for as much as the tool gives; `None` where it needs an id that there is none of.
fn largest(schema: &Map<String, Value>, ids: &Value) -> Option<Value> {
    let properties = schema["properties"].as_object()?;
    let mut arguments = json!({});
    for name in schema["required"].as_array().into_iter().flatten().filter_map(Value::as_str) {
        let is_list = properties[name]["type"] == "array";
        let id = &ids[name.trim_end_matches('s')];
        arguments[name] = match (name, id) {
            ("query" | "question", _) => json!("honey"),
            ("id", _) => json!(format!("conversation:{}", ids["conversation_id"].as_str()?)),
            (_, Value::Null) => return None,
            (_, id) if is_list => json!([id]),
            (_, id) => id.clone(),
        };
    }
    if let Some(limit) = properties.get("limit") {
        arguments["limit"] = limit["maximum"].clone();
    }
    Some(arguments)
}

#[tokio::test]
async fn no_read_exceeds_what_clients_accept() {
    let client = McpClient::of_new_user().await;
    let developer = client.user.developer();
    let long = |index: usize, length: usize| format!("{index} {}", "honey蜜 ".repeat(length / 7));
    let mut memory = Value::Null;
    for batch in 0..4 {
        let items: Vec<Value> = (0..10).map(|index| json!({ "content": long(batch * 10 + index, 9_000) })).collect();
        let written = client.call("create_memories", json!({ "items": items })).await;
        let written = written["result"].clone();
        assert!(size(written["content"][0]["text"].as_str().unwrap()) <= MAX_SIZE, "writes are cut too");
        memory = written["structuredContent"]["memories"][0]["id"].clone();
    }
    for batch in 0..2 {
        let items: Vec<Value> =
            (0..60).map(|index| json!({ "description": long(batch * 60 + index, 3_500) })).collect();
        client.call("create_action_items", json!({ "items": items })).await;
    }
    let conversation = write_conversation(&client).await;
    let item = developer.get("/v1/dev/user/action-items?limit=1").await.ok()[0]["id"].clone();
    let ids = json!({ "memory_id": memory, "conversation_id": conversation, "action_item_id": item });
    let mut called = Vec::new();
    for tool in tools::all().iter().filter(|tool| tool.behaviour().read_only && is_for_mcp(tool)) {
        let Some(arguments) = largest(tool.arguments.schema(), &ids) else { continue };
        let answer = client.call(tool.name, arguments).await;
        let text = answer["result"]["content"][0]["text"].as_str().unwrap_or_default();
        assert!(size(text) <= MAX_SIZE, "{}: {}", tool.name, size(text));
        if answer["result"]["isError"] != true {
            called.push(tool.name);
        }
    }
    for name in ["get_memories", "search_memories", "get_action_items", "search", "fetch", "get_conversation_by_id"] {
        assert!(called.contains(&name), "{called:?}");
    }
    let memories = parts(&client, "get_memories", json!({ "limit": 40 })).await;
    let contents: usize = memories.iter().map(|part| part["memories"].as_array().unwrap().len()).sum();
    assert!(memories.len() > 1 && contents >= 40, "{} parts with {contents} memories", memories.len());
}
