//! Keys, models, the document and the index, from the command line.

use serde_json::{Value, json};
use tempfile::TempDir;

use crate::support::program::{Program, last_message, run, run_ok, search, to_text};

#[tokio::test]
async fn keys_are_made_listed_and_revoked() {
    let folder = TempDir::new().unwrap();
    let data = folder.path();
    let create = ["keys", "create", "--family", "developer", "--name", "phone"];
    let reader = run_ok(data, &create).await.trim().to_owned();
    let writer = [&create[..], &["--scopes", "memories:read,memories:write"]].concat();
    let writer = run_ok(data, &writer).await.trim().to_owned();
    let assistant = run_ok(data, &["keys", "create", "--family", "mcp", "--name", "desk"]).await.trim().to_owned();
    let listed = run_ok(data, &["keys", "list"]).await;
    assert_eq!(listed.lines().count(), 3, "{listed}");
    assert!(listed.contains("memories:read,memories:write") && listed.contains("desk"), "{listed}");
    for key in [&reader, &writer, &assistant] {
        assert!(!listed.contains(key.as_str()), "a key is shown once");
    }
    assert_eq!(run_ok(data, &["keys", "list", "--family", "mcp"]).await.lines().count(), 1);

    let id = listed.lines().find(|line| line.contains("memories:read,")).unwrap().split(' ').next().unwrap();
    let program = Program::serve(data).await;
    assert_eq!(program.ready["developer_key"], Value::Null, "the owner is there already");
    let as_key = async |key: &str, content: &str| {
        let request = reqwest::Client::new().post(format!("{}/v1/dev/user/memories", program.url)).bearer_auth(key);
        request.json(&json!({ "content": content })).send().await.unwrap().status().as_u16()
    };
    assert_eq!(as_key(&reader, "read only").await, 403);
    assert_eq!(as_key(&writer, "may write").await, 200);
    let mcp = reqwest::Client::new().get(format!("{}/v1/mcp/memories", program.url)).bearer_auth(&assistant);
    assert_eq!(mcp.send().await.unwrap().json::<Value>().await.unwrap()[0]["content"], "may write");
    program.stop().await;

    run_ok(data, &["keys", "revoke", id]).await;
    let program = Program::serve(data).await;
    let gone = reqwest::Client::new().get(format!("{}/v1/dev/key", program.url)).bearer_auth(&writer);
    assert_eq!(gone.send().await.unwrap().status(), 401);
    program.stop().await;

    for (arguments, reason) in [
        (&["keys", "revoke", id][..], "no key has the id"),
        (&["keys", "create", "--family", "mcp", "--name", " "], "needs a name"),
        (&["keys", "create", "--family", "mcp", "--name", "x", "--scopes", "all"], "no scope"),
    ] {
        let output = run(data, arguments).await;
        assert_eq!(output.status.code(), Some(1));
        assert!(to_text(&output.stderr).contains(reason), "{}", to_text(&output.stderr));
    }
}

#[tokio::test]
async fn the_document_is_printed() {
    let folder = TempDir::new().unwrap();
    let printed: Value = serde_json::from_str(&run_ok(folder.path(), &["openapi"]).await).unwrap();
    assert_eq!(printed, server::openapi_document());
}

#[tokio::test]
async fn models_are_pulled_once() {
    let folder = TempDir::new().unwrap();
    for _ in 0..2 {
        let output = run(folder.path(), &["models", "pull"]).await;
        let said = to_text(&output.stderr);
        assert!(output.status.success() && said.contains("model.onnx"), "{said}");
        let file = said.trim().rsplit(' ').next().unwrap();
        assert!(std::fs::metadata(file).unwrap().len() > 1 << 20, "{file}");
    }
}

#[tokio::test]
async fn an_index_that_was_lost_is_built_anew() {
    let folder = TempDir::new().unwrap();
    let program = Program::serve(folder.path()).await;
    let owner = program.owner();
    let texts = ["Ada keeps bees.", "Bob repairs clocks.", "Cleo grows walnuts."];
    let memories: Vec<_> = texts.iter().map(|text| json!({ "content": text })).collect();
    owner.developer().post("/v1/dev/user/memories/batch", json!({ "memories": memories })).await.ok();
    let shoes = json!({ "description": "Have the shoes mended" });
    owner.developer().post("/v1/dev/user/action-items", shoes).await.ok();
    program.stop().await;
    std::fs::remove_dir_all(folder.path().join("vectors")).unwrap();
    let output = run(folder.path(), &["reindex"]).await;
    assert_eq!(last_message(&to_text(&output.stderr)), "Indexed 4 rows.");

    let program = Program::serve(folder.path()).await;
    assert_eq!(program.health().await["index"]["pending"], 0);
    let developer = program.user_again(&owner).developer();
    assert_eq!(search(&developer, "clocks").await.len(), 3, "by meaning, every memory of so few is a candidate");
    let by_meaning = search(&developer, "insects").await;
    let best = developer.get(&format!("/v1/dev/user/memories/{}", by_meaning[0])).await.ok();
    assert_eq!(best["content"], "Ada keeps bees.");
    let items = developer.get("/v1/dev/user/action-items/search?query=cobbler").await.ok();
    assert_eq!(items["action_items"][0]["description"], "Have the shoes mended");
    program.stop().await;
}
