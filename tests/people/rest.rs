//! People: naming, renaming and forgetting them.

use reqwest::Method;
use serde_json::{Value, json};
use uuid::Uuid;

use crate::support::{
    json::{assert_invalid, column, field_names},
    server::{Caller, Server, TestUser, UNKNOWN_ID, on_runtime},
};

/// The fields of a person on the app routes.
const APP: &[&str] = &[
    "created_at",
    "id",
    "name",
    "speech_sample_transcripts",
    "speech_samples",
    "speech_samples_version",
    "updated_at",
];

/// Creates a person; gives the id.
async fn create_person(app: &Caller, name: &str) -> String {
    app.post("/v1/users/people", json!({ "name": name })).await.ok()["id"].as_str().unwrap().to_owned()
}

#[tokio::test]
async fn people_are_named_once() {
    let user = Server::shared().await.user().await;
    let app = user.app();
    let ana = app.post("/v1/users/people", json!({ "name": " Ana Lund " })).await.ok();
    assert_eq!(field_names(&ana), APP);
    let rest =
        json!([ana["name"], ana["speech_samples"], ana["speech_sample_transcripts"], ana["speech_samples_version"]]);
    assert_eq!(rest, json!(["Ana Lund", [], null, 3]));
    for again in ["Ana Lund", "  ana lund", "ANA LUND "] {
        assert_eq!(app.post("/v1/users/people", json!({ "name": again })).await.ok(), ana);
    }
    let ben = create_person(&app, "Ben").await;
    let people = app.get("/v1/users/people?include_speech_samples=true").await.ok();
    assert_eq!(people[0], ana);
    assert_eq!(column(&people, "name"), ["Ana Lund", "Ben"]);
    assert_eq!(app.get(&format!("/v1/users/people/{ben}?include_speech_samples=false")).await.ok(), people[1]);
    let many = (0..5).map(|_| app.post("/v1/users/people", json!({ "name": "Cleo" })));
    let many = futures::future::join_all(many).await.into_iter().map(|answer| answer.ok()["id"].take());
    let many: std::collections::HashSet<String> = many.map(|id| id.to_string()).collect();
    assert_eq!(many.len(), 1, "who comes at once names one person");
}

#[tokio::test]
async fn keys_name_people_too() {
    let user = Server::shared().await.user().await;
    let mcp = user.mcp();
    let created = mcp.post("/v1/mcp/people", json!({ "name": "Ana" })).await.ok();
    let id = created["person"]["id"].clone();
    assert_eq!(created, json!({ "success": true, "created": true, "person": { "id": id, "name": "Ana" } }));
    let again = mcp.post("/v1/mcp/people", json!({ "name": "ana" })).await.ok();
    assert_eq!(again, json!({ "success": true, "created": false, "person": { "id": id, "name": "Ana" } }));
    let people = mcp.get("/v1/mcp/people").await.ok();
    assert_eq!(people[0]["id"], id);
    assert_eq!(field_names(&people[0]), ["created_at", "id", "name", "speech_sample_transcripts"]);
    let path = format!("/v1/mcp/people/{}", id.as_str().unwrap());
    assert_eq!(mcp.get(&path).await.ok(), people[0]);
    let renamed = mcp.patch(&format!("{path}/name"), json!({ "name": "Anna" })).await.ok();
    assert_eq!(renamed, json!({ "status": "ok" }));
    assert_eq!(mcp.get(&path).await.ok()["name"], "Anna");
}

#[tokio::test]
async fn names_are_checked() {
    let user = Server::shared().await.user().await;
    let app = user.app();
    let name = async |name: Value| app.post("/v1/users/people", json!({ "name": name })).await;
    assert_invalid(&app.post("/v1/users/people", json!({})).await, &[("missing", json!(["body", "name"]))]);
    assert_invalid(&name(json!("x")).await, &[("string_too_short", json!(["body", "name"]))]);
    assert_invalid(&name(json!("x".repeat(41))).await, &[("string_too_long", json!(["body", "name"]))]);
    name(json!(" x ")).await.refused(422, "name must have 2 to 40 characters");
    assert_eq!(app.get("/v1/users/people").await.ok(), json!([]));
    app.get(&format!("/v1/users/people/{UNKNOWN_ID}")).await.refused(404, "Person not found");
}

#[tokio::test]
async fn people_are_renamed_to_a_free_name() {
    let user = Server::shared().await.user().await;
    let app = user.app();
    let (ana, _ben) = (create_person(&app, "Ana").await, create_person(&app, "Ben").await);
    let path = format!("/v1/users/people/{ana}/name");
    let bare = async |value: &str| app.bare(Method::PATCH, &format!("{path}?value={value}")).await;
    assert_eq!(bare("%20Anna%20").await.ok(), json!({ "status": "ok" }));
    assert_eq!(app.get(&format!("/v1/users/people/{ana}")).await.ok()["name"], "Anna");
    assert_eq!(app.patch(&path, json!({ "value": "anna" })).await.ok(), json!({ "status": "ok" }));
    bare("BEN").await.refused(409, "Another person has this name");
    assert_eq!(column(&app.get("/v1/users/people").await.ok(), "name"), ["anna", "Ben"]);
    assert_eq!(create_person(&app, "Ana").await.len(), ana.len(), "the old name is free");
    assert_invalid(&bare("x").await, &[("string_too_short", json!(["query", "value"]))]);
    assert_invalid(&app.bare(Method::PATCH, &path).await, &[("missing", json!(["query", "value"]))]);
    let unknown = format!("/v1/users/people/{UNKNOWN_ID}/name?value=Cleo");
    app.bare(Method::PATCH, &unknown).await.refused(404, "Person not found");
}

/// Imports a person with voice samples, which no route adds yet; returns the id.
async fn imported(server: &'static Server, user: &TestUser, name: &str, samples: &[&str]) -> String {
    let person = json!({
        "id": Uuid::new_v4(), "name": name, "created_at": "2026-05-08T10:00:00Z", "updated_at": "2026-05-08T10:00:00Z",
        "speech_samples": samples, "speech_sample_transcripts": samples, "speech_samples_version": 3,
    });
    let person = serde_json::from_value(person).unwrap();
    let (resources, user) = (server.resources.clone(), user.id.clone());
    let (id, is_new) = on_runtime(async move { resources.people(&user).import(person).await.unwrap() }).await;
    assert!(is_new);
    id
}

#[tokio::test]
async fn voice_samples_are_deleted_by_their_place() {
    let server = Server::shared().await;
    let user = server.user().await;
    let app = user.app();
    let ana = imported(server, &user, "Ana", &["one.wav", "two.wav", "three.wav"]).await;
    let path = format!("/v1/users/people/{ana}");
    let samples = async || {
        let person = app.get(&path).await.ok();
        assert_eq!(person["speech_samples"], person["speech_sample_transcripts"]);
        person["speech_samples"].clone()
    };
    assert_eq!(samples().await, json!(["one.wav", "two.wav", "three.wav"]));
    let gone = app.delete(&format!("{path}/speech-samples/1")).await.ok();
    assert_eq!(gone, json!({ "status": "ok" }));
    assert_eq!(samples().await, json!(["one.wav", "three.wav"]));
    app.delete(&format!("{path}/speech-samples/2")).await.refused(404, "Sample not found");
    app.delete(&format!("/v1/users/people/{UNKNOWN_ID}/speech-samples/0")).await.refused(404, "Person not found");
    let wrong = app.delete(&format!("{path}/speech-samples/first")).await;
    assert_eq!((wrong.status, &wrong.body["detail"][0]["loc"]), (422, &json!(["path", "sample_index"])));
}

#[tokio::test]
async fn people_are_forgotten() {
    let user = Server::shared().await.user().await;
    let app = user.app();
    let ana = create_person(&app, "Ana").await;
    let path = format!("/v1/users/people/{ana}");
    let gone = app.delete(&path).await;
    assert_eq!((gone.status, gone.body), (204, Value::Null));
    app.delete(&path).await.refused(404, "Person not found");
    assert_eq!(app.get("/v1/users/people").await.ok(), json!([]));
    assert_ne!(create_person(&app, "Ana").await, ana);
}
