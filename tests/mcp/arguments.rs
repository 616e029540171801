//! Arguments as models and their clients write them: JSON in texts, nulls, fields of their own, and too many wrong ones.

use serde_json::{Value, json};

use super::client::McpClient;

/// The most bytes that an answer to invalid arguments may have, whatever was sent.
const MAX_REFUSAL: usize = 256 << 10;

async fn result_of(client: &McpClient, tool: &str, arguments: Value) -> Value {
    let answer = client.call(tool, arguments.clone()).await;
    assert!(answer["result"]["isError"] != true && answer["error"].is_null(), "{tool} {arguments}: {answer}");
    answer["result"]["structuredContent"].clone()
}

#[tokio::test]
async fn what_comes_as_json_text_is_read_by_the_schema() {
    let client = McpClient::of_new_user().await;
    let cases = [
        // A list of texts, a list of objects.
        ("create_memory", json!({ "content": "Mira keeps bees.", "tags": "[\"home\",\"bees\"]" })),
        ("create_memories", json!({ "items": "[{\"content\":\"Bo sings.\",\"tags\":\"[\\\"5\\\"]\"}]" })),
        ("create_action_items", json!({ "items": ["{\"description\":\"Buy smoke\",\"indent_level\":\"1\"}"] })),
        // A number, an optional boolean, an optional number.
        ("search_memories", json!({ "query": "bees", "limit": "5" })),
        ("get_action_items", json!({ "completed": "false", "limit": "7.0" })),
        ("get_action_items", json!({ "completed": "null" })),
    ];
    for (tool, arguments) in cases {
        result_of(&client, tool, arguments).await;
    }
    let memories = client.user.app().get("/v3/memories").await.ok();
    let tags = |content: &str| {
        let memory = memories.as_array().unwrap().iter().find(|memory| memory["content"] == content).unwrap();
        memory["tags"].clone()
    };
    assert_eq!((tags("Mira keeps bees."), tags("Bo sings.")), (json!(["home", "bees"]), json!(["5"])));
    let items = result_of(&client, "get_action_items", json!({ "completed": "false", "limit": "7" })).await;
    assert_eq!((&items["action_items"][0]["description"], &items["limit"]), (&json!("Buy smoke"), &json!(7)));
    let done = result_of(&client, "get_action_items", json!({ "completed": "True" })).await;
    assert_eq!(done["action_items"], json!([]));
}

#[tokio::test]
async fn texts_stay_texts() {
    let client = McpClient::of_new_user().await;
    for content in ["[1, 2]", "12.5", "true", "null", "{\"content\": \"x\"}"] {
        let written = result_of(&client, "create_memory", json!({ "content": content })).await;
        assert_eq!(written["memory"]["content"], content);
    }
}

#[tokio::test]
async fn what_is_not_meant_is_refused_with_the_name_of_the_field() {
    let client = McpClient::of_new_user().await;
    let cases = [
        ("create_memory", json!({ "content": "x", "tags": "home, bees" }), "tags: Input should be a valid list"),
        ("create_memory", json!({ "content": "x", "tags": "{}" }), "tags: Input should be a valid list"),
        ("create_memory", json!({ "content": null }), "content: Input should be a valid string"),
        ("search_memories", json!({ "query": "x", "limit": "many" }), "limit: Input should be a valid integer"),
        ("search_memories", json!({ "query": "x", "limit": "100" }), "limit: Input should be less than or equal to 20"),
        ("get_action_items", json!({ "completed": "maybe" }), "completed: Input should be a valid boolean"),
    ];
    for (tool, arguments, sentence) in cases {
        let answer = client.call(tool, arguments).await;
        let error = &answer["result"]["structuredContent"]["error"];
        assert_eq!((&answer["result"]["isError"], &error["code"]), (&json!(true), &json!("invalid_arguments")));
        assert!(error["message"].as_str().unwrap().starts_with(sentence), "{error}");
    }
}

#[tokio::test]
async fn null_for_what_is_optional_is_absence() {
    let client = McpClient::of_new_user().await;
    let arguments = json!({ "content": "Ana rows.", "category": null, "visibility": null, "tags": null });
    result_of(&client, "create_memory", arguments).await;
    let items = json!([{ "description": "Buy glaze", "sort_order": null, "owner": null, "due_at": null }]);
    result_of(&client, "create_action_items", json!({ "items": items, "same_text": null })).await;
    let arguments = json!({ "limit": null, "offset": null, "sort": null, "categories": null, "cursor": null });
    let listed = result_of(&client, "get_memories", arguments).await;
    assert_eq!((&listed["memories"][0]["content"], &listed["limit"]), (&json!("Ana rows."), &json!(20)));
    // REST takes null where its contract does.
    let body = json!({ "content": "Bo sings.", "tags": null });
    assert_eq!(client.user.developer().post("/v1/dev/user/memories", body).await.status, 422);
    let body = json!({ "content": "Bo sings.", "category": null });
    client.user.developer().post("/v1/dev/user/memories", body).await.ok();
}

#[tokio::test]
async fn fields_that_clients_add_are_ignored() {
    let client = McpClient::of_new_user().await;
    client.remember("Mira keeps bees").await;
    let added = json!({
        "query": "bees", "sessionId": "x", "action": "sendMessage", "chatInput": "?", "toolCallId": "call_1",
    });
    let found = result_of(&client, "search_memories", added).await;
    assert_eq!(found["memories"][0]["content"], "Mira keeps bees");
}

#[tokio::test]
async fn a_long_list_of_wrong_values_gets_a_short_answer() {
    let client = McpClient::of_new_user().await;
    let wrong = json!({ "categories": vec![1; 100_000] });
    let answer = client.call("get_memories", wrong).await;
    let error = answer["result"]["structuredContent"]["error"]["message"].as_str().unwrap();
    assert!(error.starts_with("categories") && error.len() < MAX_REFUSAL, "{} bytes", error.len());
    let items: Vec<Value> = (0..90_000).map(|_| json!({})).collect();
    let refused = client.user.developer().post("/v1/dev/user/memories/batch", json!({ "memories": items })).await;
    let issues = refused.body["detail"].as_array().unwrap();
    assert_eq!((refused.status, issues.len(), &issues[0]["type"]), (422, 1, &json!("too_long")));
    assert!(refused.body.to_string().len() < MAX_REFUSAL);
    // Lists of a length that is allowed, with 2,500 wrong values.
    let items: Vec<Value> = (0..25).map(|_| json!({ "content": "x", "tags": vec![1; 100] })).collect();
    let refused = client.user.developer().post("/v1/dev/user/memories/batch", json!({ "memories": items })).await;
    let issues = refused.body["detail"].as_array().unwrap();
    assert_eq!((refused.status, issues.len()), (422, 100));
    let wrong = json!({ "content": ["x".repeat(100_000)] });
    let refused = client.user.developer().post("/v1/dev/user/memories", wrong).await;
    let input = refused.body["detail"][0]["input"].as_str().unwrap();
    assert!(refused.status == 422 && input.starts_with("[\"xxx") && input.len() < 1_100, "{} bytes", input.len());
}
