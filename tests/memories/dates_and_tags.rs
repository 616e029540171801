//! Memories with a date of their own, and filters by label.

use serde_json::{Value, json};

use crate::support::{
    calls::over_mcp,
    json::column,
    server::{Server, wait_until_indexed},
};

fn contents(rows: &Value) -> Vec<&str> {
    column(rows, "content")
}

#[tokio::test]
async fn a_memory_has_the_date_that_it_is_written_with() {
    let server = Server::shared().await;
    let user = server.user().await;
    let (app, developer, mcp) = (user.app(), user.developer(), user.mcp());
    let old = json!({ "content": "Ana learnt to row", "created_at": "2019-05-04T10:00:00+02:00" });
    let old = developer.post("/v1/dev/user/memories", old).await.ok();
    assert_eq!(old["created_at"], "2019-05-04T08:00:00Z");
    app.post("/v3/memories", json!({ "content": "Ana bought a boat", "occurred_at": "2020-05-04" })).await.ok();
    mcp.post("/v1/mcp/memories", json!({ "content": "Ana sold the boat", "occurred_at": "2021-05-04" })).await.ok();
    let call = json!({ "content": "Ana swims now", "created_at": "2022-05-04T00:00:00Z" });
    over_mcp(&user, "tools/call", json!({ "name": "create_memory", "arguments": call })).await.unwrap();
    let batch = json!({ "memories": [
        { "content": "Ana dives", "occurred_at": "2023-05-04T00:00:00Z" },
        { "content": "Ana rests" },
    ] });
    developer.post("/v1/dev/user/memories/batch", batch).await.ok();

    let list = app.get("/v3/memories?sort=created_desc").await.ok();
    let newest_first =
        ["Ana rests", "Ana dives", "Ana swims now", "Ana sold the boat", "Ana bought a boat", "Ana learnt to row"];
    assert_eq!(contents(&list), newest_first);
    wait_until_indexed(server).await;
    let search = "/v1/dev/user/memories/vector/search?query=Ana&created_after=2020-01-01&created_before=2022-01-01";
    let found = developer.get(search).await.ok();
    let mut found = contents(&found["items"]);
    found.sort_unstable();
    assert_eq!(found, ["Ana bought a boat", "Ana sold the boat"]);

    let again = json!({ "content": "Ana learnt to row", "created_at": "2019-05-04T08:00:00Z" });
    let again = json!({ "name": "create_memories", "arguments": { "items": [again] } });
    let again = over_mcp(&user, "tools/call", again).await.unwrap();
    assert_eq!(again["structuredContent"]["results"][0]["status"], "duplicate");
    let future = json!({ "content": "Ana flies", "created_at": "2999-01-01T00:00:00Z" });
    developer.post("/v1/dev/user/memories", future).await.refused(422, "created_at cannot be in the future");
}

#[tokio::test]
async fn lists_and_searches_are_filtered_by_all_or_any_labels() {
    let server = Server::shared().await;
    let user = server.user().await;
    for (content, tags) in [
        ("Bees need water", json!(["home", "bees"])),
        ("Bees sleep in winter", json!(["bees"])),
        ("The bees' house needs paint", json!(["home"])),
        ("Bees sting", json!([])),
    ] {
        user.developer().post("/v1/dev/user/memories", json!({ "content": content, "tags": tags })).await.ok();
    }
    let both = ["Bees need water"];
    let either = ["Bees need water", "Bees sleep in winter", "The bees' house needs paint"];
    let cases = [
        ("", 4, None),
        ("&tags=home&tags=bees", 1, Some(&both[..])),
        ("&tags=home&tags=bees&tags_match=any", 3, Some(&either[..])),
        ("&tags=unknown", 0, Some(&[])),
    ];
    let paths = [
        (user.app(), "/v3/memories?limit=100"),
        (user.developer(), "/v1/dev/user/memories?limit=100"),
        (user.mcp(), "/v1/mcp/memories?limit=100"),
        (user.app(), "/v3/memories/search?query=bees"),
        (user.developer(), "/v1/dev/user/memories/vector/search?query=bees"),
        (user.mcp(), "/v1/mcp/memories/search?query=bees"),
    ];
    wait_until_indexed(server).await;
    for (caller, path) in paths {
        for (filter, count, expected) in cases {
            let rows = caller.get(&format!("{path}{filter}")).await.ok();
            let rows = if rows.is_array() { &rows } else { &rows["items"] };
            let mut found = contents(rows);
            found.sort_unstable();
            assert_eq!(found.len(), count, "{path}{filter}: {found:?}");
            if let Some(expected) = expected {
                assert_eq!(found, expected, "{path}{filter}");
            }
        }
    }
    for (tool, query) in [("get_memories", None), ("search_memories", Some("bees"))] {
        let mut arguments = json!({ "tags": ["home", "bees"], "tags_match": "all" });
        if let Some(query) = query {
            arguments["query"] = query.into();
        }
        let found = over_mcp(&user, "tools/call", json!({ "name": tool, "arguments": arguments })).await.unwrap();
        assert_eq!(contents(&found["structuredContent"]["memories"]), both, "{tool}");
    }
    let stranger = server.user().await;
    assert_eq!(stranger.app().get("/v3/memories?tags=home").await.ok(), json!([]));
}
