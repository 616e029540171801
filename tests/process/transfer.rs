//! Memories out of one data folder and into another.

use std::path::Path;

use serde_json::{Value, json};
use tempfile::TempDir;

use crate::support::program::{Program, run, run_ok, search, to_text};

async fn import_file(data: &Path, file: &Path) -> (Option<i32>, String) {
    let output = run(data, &["import", file.to_str().unwrap()]).await;
    (output.status.code(), to_text(&output.stderr))
}

#[tokio::test]
async fn an_export_is_imported_as_it_was() {
    let (folder, other) = (TempDir::new().unwrap(), TempDir::new().unwrap());
    let program = Program::serve(folder.path()).await;
    let developer = program.owner().developer();
    let path = "/v1/dev/user/memories";
    let body = json!({"content": "Ada keeps bees – \"Apis\".", "tags": ["hive", "a,b"], "visibility": "public"});
    let edited = developer.post(path, body).await.ok();
    let edited = format!("{path}/{}", edited["id"].as_str().unwrap());
    developer.patch(&edited, json!({"content": "Ada keeps wasps.", "category": "work"})).await.ok();
    let rejected = developer.post(path, json!({"content": "Ada dislikes honey."})).await.ok();
    let rejected = format!("{path}/{}/review", rejected["id"].as_str().unwrap());
    developer.post(&rejected, json!({"value": false})).await.ok();
    let many: Vec<_> = (0..25).map(|n| json!({ "content": format!("Hive {n} stands on the hill.") })).collect();
    developer.post(&format!("{path}/batch"), json!({ "memories": many })).await.ok();
    program.stop().await;

    let file = other.path().join("export.json");
    run_ok(folder.path(), &["export", file.to_str().unwrap()]).await;
    let exported = std::fs::read_to_string(&file).unwrap();
    let everything: Value = serde_json::from_str(&exported).unwrap();
    assert_eq!(everything["memories"].as_array().unwrap().len(), 27);
    assert_eq!(run_ok(folder.path(), &["export"]).await, exported, "standard output takes it too");

    let data = other.path().join("data");
    let (code, said) = import_file(&data, &file).await;
    assert_eq!(code, Some(0), "{said}");
    assert!(said.contains("memories: 27 created, 0 already existed, 0 skipped\n"), "{said}");
    assert_eq!(run_ok(&data, &["export"]).await, exported, "byte for byte");
    let (_, said) = import_file(&data, &file).await;
    assert!(said.contains("memories: 0 created, 27 already existed, 0 skipped\n"), "{said}");
}

#[tokio::test]
async fn a_folder_is_imported_file_by_file() {
    let folder = TempDir::new().unwrap();
    let (data, files) = (folder.path().join("data"), folder.path().join("files"));
    std::fs::create_dir_all(files.join("more")).unwrap();
    std::fs::write(files.join("a.jsonl"), r#"{"content": "Ada keeps bees."}"#).unwrap();
    std::fs::write(files.join("more/talk.txt"), "Ada: The bees swarm.\nBob: Then we hide.\n").unwrap();
    std::fs::write(files.join(".hidden"), [0xff]).unwrap();
    let (code, said) = import_file(&data, &files).await;
    assert_eq!(code, Some(0), "{said}");
    assert!(said.contains("conversations: 1 created") && said.contains("memories: 1 created"), "{said}");
    let (_, said) = import_file(&data, &files).await;
    assert!(
        said.contains("conversations: 0 created, 1 already") && said.contains("memories: 0 created, 1 already"),
        "{said}"
    );
}

#[tokio::test]
async fn files_that_cannot_be_imported_are_named() {
    let folder = TempDir::new().unwrap();
    let (data, file) = (folder.path().join("data"), folder.path().join("file.jsonl"));
    let first = Program::serve(&data).await;
    let owner = first.owner();
    first.stop().await;
    let long = format!(r#"{{"content": "{}"}}"#, "x".repeat(10_001));
    let content = [
        r#"{"content": "Ada keeps bees."}"#,
        "not json",
        "",
        r#"{"content": "  "}"#,
        r#"{"content": " Ada keeps bees. "}"#,
        &long,
        r#"{"content": "Bob repairs clocks.", "category": "work", "unknown": 1}"#,
        r#"{"text": "Bob"}"#,
    ];
    std::fs::write(&file, content.join("\n")).unwrap();
    let (code, said) = import_file(&data, &file).await;
    assert_eq!(code, Some(1), "{said}");
    for line in ["line 2: ", "line 4: content is empty", "line 6: content has 10001", "line 8: missing field"] {
        assert!(said.lines().any(|said| said.starts_with("skipped ") && said.contains(line)), "{line}: {said}");
    }
    assert!(said.contains("memories: 2 created, 1 already existed, 4 skipped"), "{said}");
    let missing = import_file(&data, &folder.path().join("missing")).await;
    assert!(missing.0 == Some(1) && missing.1.contains("cannot read"), "{}", missing.1);

    let program = Program::serve(&data).await;
    let developer = program.user_again(&owner).developer();
    program.wait_until_indexed().await;
    assert_eq!(developer.get("/v1/dev/user/memories").await.ok().as_array().unwrap().len(), 2);
    assert_eq!(search(&developer, "clocks").await.len(), 2);
    program.stop().await;
}
