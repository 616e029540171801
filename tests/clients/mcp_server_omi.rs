//! mcp-server-omi, a stdio MCP server over MCP REST: all of its tools but `create_user`, for which there is no route.

use serde_json::{Value, json};

use super::support::{Bridge, python};
use crate::support::server::Server;

async fn start() -> Bridge {
    let user = Server::shared().await.user().await;
    let line = format!(
        "import mcp_server_omi.server as s; s.base_url='{}/v1/mcp/'; \
         import mcp_server_omi; mcp_server_omi.main(args=[])",
        user.url
    );
    Bridge::start(user, python("mcp-server-omi", &line).await).await
}

impl Bridge {
    /// The server's answer to a tool call with this `uid`; the client passes on errors, too.
    async fn call_as(&mut self, uid: &str, tool: &str, mut arguments: Value) -> Value {
        arguments["uid"] = json!(uid);
        let answer = self.call(tool, arguments).await;
        serde_json::from_str(answer.as_str().unwrap()).unwrap()
    }

    /// The same with an MCP key in place of the id.
    async fn call_with_key(&mut self, tool: &str, arguments: Value) -> Value {
        let key = self.user.mcp_key.clone();
        self.call_as(&key, tool, arguments).await
    }
}

#[tokio::test]
async fn mcp_server_omi_does_all_it_can() {
    let mut bridge = start().await;
    memories(&mut bridge).await;
    conversations(&mut bridge).await;
    for (tool, arguments) in
        [("get_memories", json!({ "categories": [] })), ("get_conversation_by_id", json!({ "conversation_id": "x" }))]
    {
        let id = bridge.user.id.clone();
        let refused = bridge.call_as(&id, tool, arguments).await;
        assert_eq!(refused, json!({ "detail": "Invalid API Key" }), "a user's id is no credential");
    }
    bridge.called.insert("create_user".into());
    assert_eq!(bridge.called, bridge.client.tools().await.into_iter().collect());
    bridge.client.close().await;
}

async fn memories(bridge: &mut Bridge) {
    let created =
        bridge.call_with_key("create_memory", json!({ "content": "Ada keeps bees.", "category": "work" })).await;
    assert_eq!(created["content"], "Ada keeps bees.", "{created}");
    let listed = bridge.call_with_key("get_memories", json!({ "categories": ["work"], "limit": 5 })).await;
    let id = &listed[0]["id"];
    assert_eq!(listed[0]["content"], "Ada keeps bees.");
    assert_eq!(bridge.call_with_key("get_memories", json!({ "categories": ["hobbies"] })).await, json!([]));
    assert_eq!(bridge.call_with_key("get_memories", json!({ "categories": [], "offset": 1 })).await, json!([]));
    let edited = bridge.call_with_key("edit_memory", json!({ "memory_id": id, "content": "Ada keeps wasps." })).await;
    assert_eq!(edited, json!({ "status": "ok" }));
    let path = format!("/v3/memories/{}", id.as_str().unwrap());
    assert_eq!(bridge.user.app().get(&path).await.ok()["content"], "Ada keeps wasps.");
    assert_eq!(bridge.call_with_key("delete_memory", json!({ "memory_id": id })).await, json!({ "status": "ok" }));
    bridge.user.app().get(&path).await.refused(404, "Memory not found");
    let refused = bridge.call_with_key("delete_memory", json!({ "memory_id": id })).await;
    assert_eq!(refused, json!({ "detail": "Memory not found" }));
}

async fn conversations(bridge: &mut Bridge) {
    let mut ids = Vec::new();
    for day in [4, 5] {
        let segments = json!([
            { "text": "Where were you all summer?", "start": 0.0, "end": 2.5 },
            { "text": "In Hallstatt, by the lake, with my sister.", "start": 2.5, "end": 6.0, "is_user": true },
        ]);
        let body = json!({ "transcript_segments": segments, "started_at": format!("2026-05-0{day}T09:00:00Z") });
        let created = bridge.user.app().post("/v1/conversations/from-segments", body).await.ok();
        ids.push(created["id"].clone());
    }
    let whole = bridge.call_with_key("get_conversation_by_id", json!({ "conversation_id": ids[0] })).await;
    assert_eq!(whole["transcript_segments"][1]["text"], "In Hallstatt, by the lake, with my sister.");
    let id_of = |listed: Value| listed.as_array().unwrap().iter().map(|row| row["id"].clone()).collect::<Vec<_>>();
    let category = &whole["structured"]["category"];
    for (arguments, expected) in [
        (json!({}), [&ids[1], &ids[0]].as_slice()),
        (json!({ "limit": 1, "offset": 1 }), &[&ids[0]]),
        (json!({ "start_date": "2026-05-05" }), &[&ids[1]]),
        (json!({ "start_date": "2026-05-04", "end_date": "2026-05-05" }), &[&ids[0]]),
        (json!({ "categories": [category] }), &[&ids[1], &ids[0]]),
    ] {
        let listed = bridge.call_with_key("get_conversations", arguments.clone()).await;
        assert_eq!(id_of(listed).iter().collect::<Vec<_>>(), expected, "{arguments}");
    }
    let missing = bridge.call_with_key("get_conversation_by_id", json!({ "conversation_id": "nothing" })).await;
    assert_eq!(missing, json!({ "detail": "Conversation not found" }));
}
