//! Lists: their shapes, orders, filters and limits.

use resources::memories::NewMemory;
use schemas::memory::{MemoryCategory, Provenance, Visibility};
use serde_json::{Value, json};

use super::support::{APP, DEVELOPER, remember};
use crate::support::{
    calls::over_mcp,
    json::{column, field_names},
    server::{Caller, Server, on_runtime},
};

#[tokio::test]
async fn every_list_is_a_bare_array_of_the_audience_s_fields() {
    let user = Server::shared().await.user().await;
    remember(&user.developer(), ["Ana rows"]).await;
    let cases = [
        (user.app(), "/v3/memories", APP),
        (user.developer(), "/v1/dev/user/memories", DEVELOPER),
        (user.developer(), "/v1/dev/user/user/memories", DEVELOPER),
        (user.mcp(), "/v1/mcp/memories", &["category", "content", "created_at", "id", "updated_at"]),
    ];
    for (caller, path, names) in cases {
        let listed = caller.get(path).await.ok();
        assert_eq!(listed.as_array().unwrap().len(), 1, "{path}");
        assert_eq!(field_names(&listed[0]), names, "{path}");
    }
}

#[tokio::test]
async fn one_memory_is_got_by_its_id() {
    let user = Server::shared().await.user().await;
    let [id] = remember(&user.developer(), ["Ana rows"]).await;
    for (caller, path, names) in
        [(user.app(), "/v3/memories", APP), (user.developer(), "/v1/dev/user/memories", DEVELOPER)]
    {
        let memory = caller.get(&format!("{path}/{id}")).await.ok();
        assert_eq!((field_names(&memory).as_slice(), &memory["content"]), (names, &json!("Ana rows")));
        for unknown in ["nothing", "00000000-0000-4000-8000-000000000000", "%F0%9F%90%9D", "a'b%22"] {
            caller.get(&format!("{path}/{unknown}")).await.refused(404, "Memory not found");
            caller.get(&format!("{path}/{unknown}/history")).await.refused(404, "Memory not found");
        }
    }
}

#[tokio::test]
async fn lists_are_ordered_by_score_then_time_where_the_contract_says_so() {
    let user = Server::shared().await.user().await;
    let developer = user.developer();
    let plain = remember(&developer, ["Ana rows", "Ana runs"]).await;
    for (content, category) in [("Bees dance", "interesting"), ("Ana naps", "habits"), ("Ana codes", "work")] {
        let body = json!({ "content": content, "category": category });
        developer.post("/v1/dev/user/memories", body).await.ok();
    }
    developer.patch(&format!("/v1/dev/user/memories/{}", plain[0]), json!({ "tags": ["x"] })).await.ok();
    let by_score = ["Ana naps", "Ana runs", "Ana rows", "Ana codes", "Bees dance"];
    let by_time = ["Ana codes", "Ana naps", "Bees dance", "Ana runs", "Ana rows"];
    let by_change = ["Ana rows", "Ana codes", "Ana naps", "Bees dance", "Ana runs"];
    let (app, mcp) = (user.app(), user.mcp());
    let cases = [
        (&app, "/v3/memories", by_score),
        (&developer, "/v1/dev/user/memories", by_score),
        (&developer, "/v1/dev/user/memories?sort=manual_first", by_score),
        (&developer, "/v1/dev/user/memories?sort=created_desc", by_time),
        (&developer, "/v1/dev/user/memories?sort=updated_desc", by_change),
        (&mcp, "/v1/mcp/memories", by_time),
        (&mcp, "/v1/mcp/memories?sort=scoring_desc", by_score),
    ];
    for (caller, path, expected) in cases {
        assert_eq!(column(&caller.get(path).await.ok(), "content"), expected, "{path}");
    }
}

#[tokio::test]
async fn lists_are_filtered() {
    let user = Server::shared().await.user().await;
    let developer = user.developer();
    for (content, category) in [("Ana codes", "work"), ("Ana naps", "habits"), ("Bees dance", "interesting")] {
        let body = json!({ "content": content, "category": category });
        developer.post("/v1/dev/user/memories", body).await.ok();
    }
    let all = developer.get("/v1/dev/user/memories?sort=created_desc").await.ok();
    let earlier = all[1]["updated_at"].as_str().unwrap();
    let cases = [
        ("categories=work".to_owned(), vec!["Ana codes"]),
        ("categories=work,habits".to_owned(), vec!["Ana naps", "Ana codes"]),
        ("categories=work&categories=%20habits,".to_owned(), vec!["Ana naps", "Ana codes"]),
        ("categories=".to_owned(), vec!["Bees dance", "Ana naps", "Ana codes"]),
        ("categories=learnings".to_owned(), vec![]),
        ("reviewed=YES&manually_added=on".to_owned(), vec!["Bees dance", "Ana naps", "Ana codes"]),
        ("reviewed=0".to_owned(), vec![]),
        (format!("updated_after={earlier}"), vec!["Bees dance"]),
        (format!("updated_after={}", earlier.trim_end_matches('Z')), vec!["Bees dance"]),
        ("updated_after=2020-01-01".to_owned(), vec!["Bees dance", "Ana naps", "Ana codes"]),
        ("updated_after=2100-01-01T00:00:00%2B02:00".to_owned(), vec![]),
        ("limit=&offset=&unknown=1".to_owned(), vec!["Bees dance", "Ana naps", "Ana codes"]),
    ];
    for (query, expected) in cases {
        let path = format!("/v1/dev/user/memories?sort=created_desc&{query}");
        assert_eq!(column(&developer.get(&path).await.ok(), "content"), expected, "{query}");
    }
    let sentence = "Invalid category 'nonsense' is not a valid MemoryCategory";
    for (caller, path) in [(user.developer(), "/v1/dev/user/memories"), (user.mcp(), "/v1/mcp/memories")] {
        caller.get(&format!("{path}?categories=work,nonsense")).await.refused(400, sentence);
    }
}

#[tokio::test]
async fn limits_and_offsets_are_pulled_into_their_bounds() {
    let user = Server::shared().await.user().await;
    let batch = |from: usize| -> Vec<Value> {
        (from..from + 100).map(|place| json!({ "content": format!("Fact number {place}") })).collect()
    };
    for from in (0..1000).step_by(100) {
        user.app().post("/v3/memories/batch", json!({ "memories": batch(from) })).await.ok();
    }
    user.app().post("/v3/memories", json!({ "content": "One more" })).await.ok();
    let count = async |caller: Caller, path: &str, query: &str| {
        caller.get(&format!("{path}?{query}")).await.ok().as_array().unwrap().len()
    };
    let cases = [
        (user.app(), "/v3/memories", 100, 500),
        (user.developer(), "/v1/dev/user/memories", 25, 1000),
        (user.developer(), "/v1/dev/user/user/memories", 25, 1000),
        (user.mcp(), "/v1/mcp/memories", 25, 500),
    ];
    for (caller, path, usual, most) in cases {
        assert_eq!(count(caller.clone(), path, "").await, usual, "{path}");
        assert_eq!(count(caller.clone(), path, "limit=5000").await, most, "{path}");
        for least in ["limit=0", "limit=-7"] {
            assert_eq!(count(caller.clone(), path, least).await, 1, "{path}");
        }
        assert_eq!(count(caller.clone(), path, "offset=-3").await, usual, "{path}");
        assert_eq!(count(caller.clone(), path, "offset=999").await, 2, "{path}");
        assert_eq!(count(caller.clone(), path, "offset=100000").await, 0, "{path}");
        let refused =
            caller.get(&format!("{path}?limit=many&offset=1.5&reviewed=maybe&updated_after=soon&sort=odd")).await;
        let mut kinds: Vec<_> =
            refused.body["detail"].as_array().unwrap().iter().map(|issue| issue["type"].clone()).collect();
        kinds.sort_by_key(Value::to_string);
        assert_eq!(refused.status, 422);
        assert_eq!(kinds, ["bool_parsing", "datetime_from_date_parsing", "enum", "int_parsing", "int_parsing"]);
        assert!(refused.body["detail"].as_array().unwrap().iter().all(|issue| issue["loc"][0] == "query"));
    }
}

#[tokio::test]
async fn memories_are_listed_by_the_device_that_recorded_them() {
    let server = Server::shared().await;
    let user = server.user().await;
    let said = json!([{ "text": "Hello there.", "start": 0, "end": 5, "is_user": true }]);
    let body = json!({ "transcript_segments": said, "client_device_id": "ios_1" });
    let conversation = user.app().post("/v1/conversations/from-segments", body).await.ok();
    let (id, conversation) = (user.id.clone(), conversation["id"].as_str().unwrap().to_owned());
    let recorded = NewMemory {
        content: "Ana greets everybody".into(),
        category: MemoryCategory::System,
        visibility: Visibility::Private,
        tags: Vec::new(),
        provenance: Provenance { conversation_id: Some(conversation), ..Provenance::default() },
        created_at: resources::now(),
        written_at: resources::now(),
    };
    on_runtime(async move { server.resources.memories(&id).create(vec![recorded]).await.unwrap() }).await;
    user.app().post("/v3/memories", json!({ "content": "Ben keeps bees" })).await.ok();
    let listed = async |query: &str| {
        let memories = user.app().get(&format!("/v3/memories?{query}")).await.ok();
        column(&memories, "content").into_iter().map(str::to_owned).collect::<Vec<_>>()
    };
    assert_eq!(listed("device_scope=all&client_device_id=ios_1&include_archive=true").await.len(), 2);
    assert_eq!(listed("device_scope=explicit&client_device_id=ios_1").await, ["Ana greets everybody"]);
    assert_eq!(listed("device_scope=current&client_device_id=ios_2").await, Vec::<String>::new());
    let refused = async |query: &str, sentence: &str| {
        user.app().get(&format!("/v3/memories?{query}")).await.refused(400, sentence);
    };
    refused("device_scope=current", "device_scope=current requires client_device_id").await;
    refused("device_scope=explicit&client_device_id=", "device_scope=explicit requires client_device_id").await;
}

#[tokio::test]
async fn sensitive_memories_cannot_be_left_out() {
    let user = Server::shared().await.user().await;
    user.app().post("/v3/memories", json!({ "content": "Ben keeps bees" })).await.ok();
    let sentence = "include_sensitive=false is not supported: memories are not classified by sensitivity";
    user.mcp().get("/v1/mcp/memories?include_sensitive=false").await.refused(400, sentence);
    let all = user.mcp().get("/v1/mcp/memories?include_sensitive=true&include_activity=false").await.ok();
    assert_eq!(column(&all, "content"), ["Ben keeps bees"]);
    let call = json!({ "name": "get_memories", "arguments": { "include_sensitive": false } });
    let refused = over_mcp(&user, "tools/call", call).await.unwrap();
    assert_eq!((&refused["isError"], &refused["content"][0]["text"]), (&json!(true), &json!(sentence)));
}
