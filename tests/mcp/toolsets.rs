//! Toolsets: the default list, more on request, and never more than the scopes.

use schemas::{key::KeyFamily, scope::Scope};
use serde_json::{Value, json};

use super::client::{JSON_AND_SSE, McpClient, list_tools, message_of};
use crate::support::server::{Server, on_runtime};

/// The maximum size of `tools/list`, in bytes.
const BUDGET: usize = 12_000;

impl McpClient {
    async fn listed(&self) -> Vec<Value> {
        self.ask("tools/list", json!({})).await["result"]["tools"].as_array().unwrap().clone()
    }

    /// The same client, which asks for these toolsets.
    fn showing(&self, toolsets: &str) -> Self {
        Self {
            endpoint: format!("{}?toolsets={toolsets}", self.endpoint),
            key: self.key.clone(),
            user: self.user.clone(),
        }
    }
}

fn names(tools: &[Value]) -> Vec<&str> {
    tools.iter().map(|tool| tool["name"].as_str().unwrap()).collect()
}

#[tokio::test]
async fn the_default_list_is_small() {
    let client = McpClient::of_new_user().await;
    let response = client.describe("tools/list", json!({})).send().await.unwrap();
    let text = response.text().await.unwrap();
    assert!(text.len() < BUDGET, "{} bytes", text.len());
    let listed: Value = serde_json::from_str(&text).unwrap();
    let tools = listed["result"]["tools"].as_array().unwrap();
    assert!(tools.len() <= 15, "{:?}", names(tools));
    assert!(names(tools).contains(&"search_memories"));
    assert!(listed["result"]["nextCursor"].is_null(), "on one page");
}

#[tokio::test]
async fn toolsets_show_the_rest_in_both_eras() {
    let client = McpClient::of_new_user().await;
    let goals = client.showing("goals").listed().await;
    assert!(names(&goals).contains(&"get_goals") && !names(&goals).contains(&"search_memories"), "{goals:?}");
    let icon = |tool: &Value| tool["icons"][0]["src"].as_str().map(str::to_owned);
    assert!(goals.iter().all(|tool| icon(tool).is_some_and(|src| src.starts_with("data:image/svg+xml;base64,"))));
    assert!(client.listed().await.iter().all(|tool| icon(tool).is_none()), "they would be too much for every day");
    let both = client.showing("goals%2Cdefault").listed().await;
    assert_eq!(both.len(), goals.len() + client.listed().await.len());
    assert!(client.showing("all").listed().await.len() > 60);
    let older = client.showing("people");
    let (_, session) = older.initialize("2025-06-18").await;
    let listed = message_of(older.post(JSON_AND_SSE, Some(&session), list_tools()).await).await;
    assert!(names(listed["result"]["tools"].as_array().unwrap()).contains(&"get_people"), "{listed}");
    let unknown = client.showing("dreams").ask("tools/list", json!({})).await;
    assert_eq!(unknown["error"]["code"], -32602);
    assert!(unknown["error"]["message"].as_str().unwrap().contains("action_items"), "{unknown}");
}

#[tokio::test]
async fn all_tools_are_on_one_page() {
    let client = McpClient::of_new_user().await.showing("all");
    let listed = client.ask("tools/list", json!({})).await;
    assert!(listed["result"]["nextCursor"].is_null(), "some clients read the first page only");
    let names: Vec<&str> = names(listed["result"]["tools"].as_array().unwrap());
    let expected = tools::all().iter().filter(|tool| crate::support::calls::is_for_mcp(tool)).count();
    assert_eq!(names.len(), expected, "{names:?}");
}

/// The rules of all providers are checked in `tools`; this is what goes over the wire.
#[tokio::test]
async fn listed_schemas_have_no_unions_and_no_references() {
    fn check(value: &Value, tool: &str) {
        match value {
            Value::Array(items) => items.iter().for_each(|item| check(item, tool)),
            Value::Object(fields) => {
                for keyword in ["anyOf", "oneOf", "allOf", "$ref", "const", "additionalProperties"] {
                    assert!(!fields.contains_key(keyword), "{tool}: {keyword}");
                }
                assert!(!fields.get("type").is_some_and(Value::is_array), "{tool}: {value}");
                assert!(fields.get("type") != Some(&json!("array")) || fields.contains_key("items"), "{tool}: {value}");
                let choices = fields.get("enum").and_then(Value::as_array);
                assert!(choices.is_none_or(|choices| choices.iter().all(Value::is_string)), "{tool}: {value}");
                fields.values().for_each(|field| check(field, tool));
            }
            _ => {}
        }
    }
    let client = McpClient::of_new_user().await;
    for tool in client.showing("all").listed().await {
        let name = tool["name"].as_str().unwrap();
        check(&tool["inputSchema"], name);
        check(&tool["outputSchema"], name);
    }
}

#[tokio::test]
async fn hidden_tools_can_be_called() {
    let client = McpClient::of_new_user().await;
    assert!(!names(&client.listed().await).contains(&"get_goals"));
    let goals = client.call("get_goals", json!({})).await;
    assert_eq!(goals["result"]["structuredContent"]["goals"], json!([]), "{goals}");
}

#[tokio::test]
async fn toolsets_show_nothing_beyond_the_scopes() {
    let server = Server::shared().await;
    let (user, resources) = (server.user().await, server.resources.clone());
    let id = user.id.clone();
    let key = on_runtime(async move {
        let scopes = Some(&[Scope::MemoriesRead][..]);
        resources.keys().create(&id, KeyFamily::Mcp, "reader", scopes).await.unwrap()
    })
    .await;
    let client = McpClient { endpoint: format!("{}/v1/mcp?toolsets=all", server.url), key: key.key, user };
    let listed = client.listed().await;
    assert!(names(&listed).contains(&"get_memory"));
    for tool in ["create_memory", "get_goals", "get_conversations", "delete_all_memories"] {
        assert!(!names(&listed).contains(&tool), "{tool}");
    }
}

#[tokio::test]
async fn listed_tools_have_hints_and_scopes() {
    let client = McpClient::of_new_user().await;
    for tool in client.showing("all").listed().await {
        let (name, annotations) = (&tool["name"], &tool["annotations"]);
        let reads = annotations["readOnlyHint"].as_bool().unwrap();
        assert_eq!(annotations["destructiveHint"].is_boolean(), !reads, "{name}");
        assert_eq!(annotations["openWorldHint"], false, "{name}");
        assert!(annotations["title"].is_null(), "{name}: the title is said once");
        assert!(tool["_meta"]["securitySchemes"][0]["type"].is_string(), "{name}");
    }
    let delete = client.listed().await.into_iter().find(|tool| tool["name"] == "delete_memory").unwrap();
    assert_eq!(delete["_meta"]["securitySchemes"], json!([{ "type": "oauth2", "scopes": ["memories.write"] }]));
}
