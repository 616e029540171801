//! `omi memory`.

use serde_json::{Value, json};

use super::{NOT_FOUND, Omi, SIGN_IN, USAGE};

#[tokio::test]
async fn omi_cli_keeps_memories() {
    let omi = Omi::of_new_user().await;
    let tagged = ["--category", "work", "--tag", "hive", "--tag", "hill", "--visibility", "public"];
    let created = omi.json(&[&["memory", "create", "Ada keeps bees."], &tagged[..]].concat()).await;
    let id = created["id"].as_str().unwrap();
    omi.json(&["memory", "create", "Bob repairs clocks."]).await;
    assert_eq!(omi.listed(&["memory", "list", "--limit", "200"], "content").await.len(), 2);
    assert_eq!(omi.listed(&["memory", "list", "--categories", "work,skills"], "id").await, [id]);
    assert_eq!(omi.json(&["memory", "list", "--limit", "1", "--offset", "2"]).await, json!([]));
    let table = omi.table(&["memory", "list"]).await;
    assert!(table.contains("Ada keeps bees.") && table.contains("hive, hill"), "{table}");
    let got = omi.json(&["memory", "get", id]).await;
    assert_eq!((&got["content"], &got["tags"]), (&json!("Ada keeps bees."), &json!(["hive", "hill"])));

    let change = ["--content", "Ada keeps wasps.", "--tag", "nest", "--category", "system", "--visibility", "private"];
    let updated = omi.json(&[&["memory", "update", id], &change[..]].concat()).await;
    let stored = omi.user.app().get(&format!("/v3/memories/{id}")).await.ok();
    for memory in [&updated, &stored] {
        assert_eq!((&memory["content"], &memory["tags"]), (&json!("Ada keeps wasps."), &json!(["nest"])));
        assert_eq!((&memory["category"], &memory["visibility"]), (&json!("system"), &json!("private")));
    }
    assert_eq!(omi.json(&["memory", "delete", id, "--yes"]).await, Value::Null);
    assert_eq!(omi.listed(&["memory", "list"], "content").await, ["Bob repairs clocks."]);
    omi.user.app().get(&format!("/v3/memories/{id}")).await.refused(404, "Memory not found");
    omi.assert_all_run("memory").await;
}

#[tokio::test]
async fn omi_cli_finds_a_memory_beyond_the_first_page() {
    let omi = Omi::of_new_user().await;
    for batch in 0..5 {
        let memory = |place: usize| json!({ "content": format!("Shelf {batch} holds jar {place}.") });
        let memories: Vec<Value> = (0..21).map(memory).collect();
        omi.user.developer().post("/v1/dev/user/memories/batch", json!({ "memories": memories })).await.ok();
    }
    let last = omi.user.developer().get("/v1/dev/user/memories?limit=100&offset=100").await.ok();
    assert_eq!(last.as_array().unwrap().len(), 5);
    assert_eq!(omi.json(&["memory", "get", last[4]["id"].as_str().unwrap()]).await, last[4]);
    omi.fails(&["memory", "get", "nothing"], NOT_FOUND, "Memory not found: nothing").await;
}

#[tokio::test]
async fn omi_cli_understands_refusals_about_memories() {
    let omi = Omi::of_new_user().await;
    omi.fails(&["memory", "delete", "nothing", "--yes"], NOT_FOUND, "Memory not found").await;
    omi.fails(&["memory", "update", "nothing", "--content", "x"], NOT_FOUND, "Memory not found").await;
    let long = "x".repeat(501);
    omi.fails(&["memory", "create", &long], USAGE, "body.content: ").await;
    omi.fails(&["memory", "create", " "], USAGE, "content cannot be empty").await;
    let wrong = "Invalid category 'wrk' is not a valid MemoryCategory";
    omi.fails(&["memory", "list", "--categories", "wrk"], USAGE, wrong).await;
    let reader = omi.user.app().post("/v1/dev/keys", json!({ "name": "reader" })).await.ok();
    let reading = Omi { key: reader["key"].as_str().map(str::to_owned), ..Omi::of_new_user().await };
    assert_eq!(reading.json(&["memory", "list"]).await, json!([]));
    reading.fails(&["memory", "create", "x"], SIGN_IN, "Required scope: memories:write").await;
    let nobody = Omi { key: Some(format!("omi_dev_{:032}", 0)), ..Omi::of_new_user().await };
    nobody.fails(&["memory", "list"], SIGN_IN, "Invalid API Key").await;
}
