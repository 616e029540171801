//! omi-mcp, a stdio MCP server over the Developer API: all of its twenty tools. Half of them send what Omi itself does
//! not understand.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use super::support::{Bridge, python};
use crate::support::server::{Server, TestUser};

async fn start(user: TestUser, key: &str) -> Bridge {
    let line = format!(
        "import omi_mcp.api_client as a; a.BASE_URL='{}/v1/dev/user'; from omi_mcp.server import main; main()",
        user.url
    );
    let mut command = python("omi-mcp", &line).await;
    command.env("OMI_API_KEY", key).env_remove("AUTHORIZATION").env_remove("OMI_AUTHORIZATION_HEADER");
    Bridge::start(user, command).await
}

impl Bridge {
    /// The rows that a tool lists, by one of their fields.
    async fn listed(&mut self, tool: &str, arguments: Value, field: &str) -> Vec<Value> {
        let listed = self.call(tool, arguments).await;
        let items = listed["items"].as_array().unwrap_or_else(|| panic!("{tool}: {listed}"));
        assert_eq!(listed["total"], items.len(), "{tool}");
        items.iter().map(|item| item[field].clone()).collect()
    }
}

#[tokio::test]
async fn omi_mcp_does_all_it_can() {
    let user = Server::shared().await.user().await;
    let key = user.developer_key.clone();
    let mut bridge = start(user, &key).await;
    memories(&mut bridge).await;
    action_items(&mut bridge).await;
    conversations(&mut bridge).await;
    segments(&mut bridge).await;
    keys(&mut bridge).await;
    let listed: BTreeSet<String> = bridge.client.tools().await.into_iter().collect();
    assert_eq!((bridge.called, listed.len()), (listed, 20));
    bridge.client.close().await;
}

async fn memories(bridge: &mut Bridge) {
    let created = bridge.call("create_memory", json!({ "content": "Ada keeps bees." })).await;
    let id = &created["id"];
    let contents = ["Bob repairs clocks.", "Cleo grows walnuts."];
    let batch = bridge.call("create_memories_batch", json!({ "contents": contents })).await;
    assert_eq!(batch["created_count"], 2, "{batch}");
    assert_eq!(bridge.listed("get_memories", json!({ "limit": 2, "offset": 1 }), "id").await.len(), 2);
    let edit = json!({ "memory_id": id, "content": "Ada keeps wasps." });
    assert_eq!(bridge.call("update_memory", edit).await["content"], "Ada keeps wasps.");
    let path = format!("/v3/memories/{}", id.as_str().unwrap());
    assert_eq!(bridge.user.app().get(&path).await.ok()["content"], "Ada keeps wasps.");
    assert_eq!(bridge.call("delete_memory", json!({ "memory_id": id })).await, json!({ "success": true }));
    let mut left = bridge.listed("get_memories", json!({}), "content").await;
    left.sort_by_key(Value::to_string);
    assert_eq!(left, contents);
    let reply = bridge.client.refused("delete_memory", json!({ "memory_id": id })).await;
    assert!(reply.contains("404") && reply.contains("Memory not found"), "{reply}");
}

async fn action_items(bridge: &mut Bridge) {
    let given = json!({ "content": "Send Ana the photos", "due_date": "2026-05-15T09:00:00" });
    let created = bridge.call("create_action_item", given).await;
    let expected = (&json!("Send Ana the photos"), &json!("2026-05-15T09:00:00Z"));
    assert_eq!((&created["description"], &created["due_at"]), expected);
    let items = json!([{ "content": "Sweep the stove" }, { "content": "Oil the gate", "due_date": "2026-05-16" }]);
    let batch = bridge.call("create_action_items_batch", json!({ "items": items })).await;
    assert_eq!(batch["created_count"], 2, "{batch}");
    let (stove, gate) = (&batch["action_items"][0], &batch["action_items"][1]);
    assert_eq!((&stove["description"], &gate["due_at"]), (&json!("Sweep the stove"), &json!("2026-05-16T00:00:00Z")));

    let id = &created["id"];
    let edit = json!({ "action_item_id": id, "content": "Send Ana all photos", "due_date": "2026-05-17T08:00:00Z" });
    let edited = bridge.call("update_action_item", edit).await;
    let expected = (&json!("Send Ana all photos"), &json!("2026-05-17T08:00:00Z"));
    assert_eq!((&edited["description"], &edited["due_at"]), expected);
    let done = bridge.call("update_action_item", json!({ "action_item_id": stove["id"], "completed": true })).await;
    assert_eq!((&done["completed"], done["completed_at"].is_string()), (&json!(true), true));
    assert_eq!(bridge.call("delete_action_item", json!({ "action_item_id": gate["id"] })).await["success"], true);
    let listed = bridge.listed("get_action_items", json!({ "limit": 10 }), "description").await;
    assert_eq!(listed, ["Send Ana all photos", "Sweep the stove"]);
    assert_eq!(
        bridge.listed("get_action_items", json!({ "limit": 1, "offset": 1 }), "id").await,
        [stove["id"].clone()]
    );
    let stored = bridge.user.app().get(&format!("/v1/action-items/{}", id.as_str().unwrap())).await.ok();
    assert_eq!(stored["description"], "Send Ana all photos");
}

async fn conversations(bridge: &mut Bridge) {
    let text = "Marta said that the harbour of Trieste freezes in hard winters, and that she rows there.";
    let given = json!({ "text": text, "text_source": "audio_transcript", "language": "en" });
    let created = bridge.call("create_conversation", given).await;
    assert_eq!((&created["status"], &created["discarded"]), (&json!("completed"), &json!(false)));
    let id = &created["id"];
    let folder = bridge.user.app().post("/v1/folders", json!({ "name": "Harbours" })).await.ok();
    assert!(bridge.listed("get_folders", json!({}), "name").await.contains(&json!("Harbours")));
    let in_folder = json!({ "folder_id": folder["id"], "limit": 5, "offset": 0 });
    assert_eq!(bridge.listed("get_conversations", in_folder.clone(), "id").await, [] as [Value; 0]);
    let path = format!("/v1/conversations/{}", id.as_str().unwrap());
    let moved = bridge.user.app().patch(&format!("{path}/folder"), json!({ "folder_id": folder["id"] })).await;
    moved.ok();
    assert_eq!(bridge.listed("get_conversations", in_folder, "id").await, std::slice::from_ref(id));

    let edit = json!({ "conversation_id": id, "title": "A harbour in ice", "discarded": true });
    assert_eq!(bridge.call("update_conversation", edit).await["structured"]["title"], "A harbour in ice");
    assert_eq!(bridge.listed("get_conversations", json!({}), "id").await, [] as [Value; 0], "a discarded one");
    let got = bridge.call("get_conversation", json!({ "conversation_id": id })).await;
    assert_eq!((&got["discarded"], &got["transcript_segments"]), (&json!(true), &Value::Null));
    let gone = bridge.call("delete_conversation", json!({ "conversation_id": id })).await;
    assert_eq!(gone, json!({ "success": true }));
    bridge.user.app().get(&path).await.refused(404, "Conversation not found");
}

async fn segments(bridge: &mut Bridge) {
    let segments = json!([
        { "text": "Where were you all summer?", "speaker": "SPEAKER_00", "start": 0.0, "end": 2.5 },
        { "text": "In Hallstatt, by the lake, with my sister.", "speaker": "SPEAKER_01", "start": 2.5, "end": 6.0 },
    ]);
    let created = bridge.call("create_conversation_from_segments", json!({ "segments": segments })).await;
    let id = &created["id"];
    let whole = bridge.call("get_conversation", json!({ "conversation_id": id, "transcript": true })).await;
    assert_eq!(whole["transcript_segments"][1]["text"], segments[1]["text"]);
    let bare = bridge.call("get_conversation", json!({ "conversation_id": id, "transcript": false })).await;
    assert_eq!(bare["transcript_segments"], Value::Null);
}

async fn keys(bridge: &mut Bridge) {
    assert_eq!(bridge.listed("get_api_keys", json!({}), "name").await, ["test"]);
    let given = json!({ "name": "script", "permissions": ["memories:read"] });
    let created = bridge.call("create_api_key", given).await;
    assert_eq!(created["scopes"], json!(["memories:read"]));
    let script = bridge.user.with(created["key"].as_str().unwrap());
    assert_eq!(script.get("/v1/dev/user/memories").await.ok().as_array().unwrap().len(), 2);
    script.get("/v1/dev/user/goals").await.refused(403, "Insufficient permissions. Required scope: goals:read");
    let listed = bridge.call("get_api_keys", json!({})).await;
    assert_eq!((&listed["total"], &listed["items"][0]["id"]), (&json!(2), &created["id"]));
    assert!(!listed.to_string().contains(created["key"].as_str().unwrap()));
    let gone = bridge.call("revoke_api_key", json!({ "api_key_id": created["id"] })).await;
    assert_eq!(gone, json!({ "success": true }));
    script.get("/v1/dev/user/memories").await.refused(401, "Invalid API Key");
}

#[tokio::test]
async fn omi_mcp_reports_missing_scopes() {
    let user = Server::shared().await.user().await;
    let reader = user.app().post("/v1/dev/keys", json!({ "name": "reader" })).await.ok();
    let mut bridge = start(user, reader["key"].as_str().unwrap()).await;
    let wish = json!({ "name": "writer", "permissions": ["memories:write"] });
    let key = bridge.user.developer_key_id.clone();
    for (tool, arguments, sentence) in [
        ("create_memory", json!({ "content": "x" }), "Required scope: memories:write"),
        ("create_api_key", wish, "A key can create only keys with scopes that it has itself, not memories:write"),
        ("revoke_api_key", json!({ "api_key_id": key }), "A key can revoke only itself and the keys that it created"),
    ] {
        let reply = bridge.client.refused(tool, arguments).await;
        assert!(reply.contains("403") && reply.contains(sentence), "{reply}");
    }
    bridge.user.developer().get("/v1/dev/key").await.ok();
}
