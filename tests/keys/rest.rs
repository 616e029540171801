//! API keys: created, described, listed and revoked.

use reqwest::Method;
use resources::keys::MAX_KEYS;
use schemas::key::KeyFamily;
use serde_json::{Value, json};

use crate::support::{
    json::{assert_invalid, column, field_names},
    server::{Caller, Server, on_runtime},
};

/// The scopes of MCP keys and of OAuth clients.
pub(crate) const MCP_SCOPES: [&str; 10] = [
    "memories.read",
    "memories.write",
    "conversations.read",
    "action_items.read",
    "action_items.write",
    "goals.read",
    "chat.read",
    "people.read",
    "people.create",
    "speakers.assign",
];

const FAMILIES: [(&str, &str, &[&str], &[&str]); 2] = [
    (
        "/v1/dev/keys",
        "omi_dev_",
        &["created_at", "id", "key_prefix", "last_used_at", "name", "scopes"],
        &[
            "conversations:read",
            "conversations:write",
            "memories:read",
            "memories:write",
            "action_items:read",
            "action_items:write",
            "goals:read",
            "goals:write",
        ],
    ),
    (
        "/v1/mcp/keys",
        "omi_mcp_",
        &["app_id", "created_at", "id", "key_prefix", "last_used_at", "name", "scopes"],
        &MCP_SCOPES,
    ),
];

#[tokio::test]
async fn a_key_is_shown_once() {
    let user = Server::shared().await.user().await;
    for (path, prefix, names, _) in FAMILIES {
        let created = user.app().post(path, json!({ "name": "  laptop " })).await.ok();
        let raw = created["key"].as_str().unwrap();
        let secret = raw.strip_prefix(prefix).unwrap();
        assert!(secret.len() == 32 && secret.chars().all(|c| matches!(c, '0'..='9' | 'a'..='f')), "{raw}");
        assert_eq!(created["key_prefix"], format!("{prefix}{}...{}", &secret[..4], &secret[28..]));
        assert_eq!((&created["name"], &created["last_used_at"]), (&json!("laptop"), &Value::Null));
        let mut described = created.clone();
        described.as_object_mut().unwrap().shift_remove("key").unwrap();
        assert_eq!(field_names(&described), names);
        let listed = user.app().get(path).await.ok();
        assert_eq!(listed[0], described, "newest first");
        assert_eq!(column(&listed, "name"), ["laptop", "test"]);
        assert!(!listed.to_string().contains(secret));
    }
}

#[tokio::test]
async fn keys_hold_their_scopes() {
    let user = Server::shared().await.user().await;
    let developer = "/v1/dev/user/memories";
    let sentence = |scope: &str| format!("Insufficient permissions. Required scope: {scope}");
    let create = async |path: &str, body: Value| user.app().post(path, body).await.ok();
    let key = |created: &Value| user.with(created["key"].as_str().unwrap());

    let reader = create("/v1/dev/keys", json!({ "name": "reader" })).await;
    assert_eq!(reader["scopes"], Value::Null);
    key(&reader).get(developer).await.ok();
    key(&reader).post(developer, json!({ "content": "x" })).await.refused(403, &sentence("memories:write"));
    let reads = json!(["conversations:read", "memories:read", "action_items:read", "goals:read"]);
    assert_eq!(key(&reader).get("/v1/dev/key").await.ok()["scopes"], reads);

    let writer = create("/v1/dev/keys", json!({ "name": "writer", "scopes": ["memories:write"] })).await;
    assert_eq!(writer["scopes"], json!(["memories:write"]));
    key(&writer).post(developer, json!({ "content": "x" })).await.ok();
    key(&writer).get(developer).await.refused(403, &sentence("memories:read"));

    let none = create("/v1/dev/keys", json!({ "name": "none", "scopes": [] })).await;
    assert_eq!(none["scopes"], json!([]));
    key(&none).get(developer).await.refused(403, &sentence("memories:read"));
    assert_eq!(key(&none).get("/v1/dev/key").await.ok()["id"], none["id"]);

    let whole = create("/v1/mcp/keys", json!({ "name": "whole" })).await;
    key(&whole).post("/v1/mcp/memories", json!({ "content": "x" })).await.ok();
    assert_eq!(key(&whole).get("/v1/mcp/key").await.ok()["scopes"], json!(FAMILIES[1].3));
    let bridge = create("/v1/mcp/keys", json!({ "name": "bridge", "scopes": ["memories.read"] })).await;
    key(&bridge).get("/v1/mcp/memories").await.ok();
    let refused = key(&bridge).post("/v1/mcp/memories", json!({ "content": "x" })).await;
    refused.refused(403, &sentence("memories.write"));
}

#[tokio::test]
async fn scopes_are_checked_before_the_body() {
    let user = Server::shared().await.user().await;
    let reader = user.app().post("/v1/dev/keys", json!({ "name": "reader" })).await.ok();
    let refused = user.with(reader["key"].as_str().unwrap()).post("/v1/dev/user/memories", json!({})).await;
    refused.refused(403, "Insufficient permissions. Required scope: memories:write");
}

#[tokio::test]
async fn odd_keys_are_not_made() {
    let app = Server::shared().await.user().await.app();
    for (path, _, _, scopes) in FAMILIES {
        for name in ["", " ", "\t\n"] {
            app.post(path, json!({ "name": name })).await.refused(422, "Key name cannot be empty");
        }
        let telling = json!({ "name": "my omi_dev_0123456789abcdef0123456789abcdef" });
        app.post(path, telling).await.refused(422, "Key name cannot contain an API key");
        let sentence = format!("Invalid scopes. Available: {scopes:?}");
        for wrong in
            ["memories:erase", "memories", if path.contains("mcp") { "memories:read" } else { "memories.read" }]
        {
            let body = json!({ "name": "x", "scopes": [scopes[0], wrong] });
            app.post(path, body).await.refused(400, &sentence);
        }
        assert_invalid(&app.post(path, json!({})).await, &[("missing", json!(["body", "name"]))]);
        let wrong = json!({ "name": 1, "scopes": "all" });
        let expected = [("string_type", json!(["body", "name"])), ("list_type", json!(["body", "scopes"]))];
        assert_invalid(&app.post(path, wrong).await, &expected);
        assert_eq!(column(&app.get(path).await.ok(), "name"), ["test"], "nothing was made");
    }
}

#[tokio::test]
async fn a_key_is_revoked_at_once_and_silently() {
    let user = Server::shared().await.user().await;
    for (path, use_at) in [("/v1/dev/keys", "/v1/dev/user/memories"), ("/v1/mcp/keys", "/v1/mcp/memories")] {
        let created = user.app().post(path, json!({ "name": "short-lived" })).await.ok();
        let key = user.with(created["key"].as_str().unwrap());
        key.get(use_at).await.ok();
        let path = format!("{path}/{}", created["id"].as_str().unwrap());
        let other = path.replace(
            if path.contains("mcp") { "mcp" } else { "dev" },
            if path.contains("mcp") { "dev" } else { "mcp" },
        );
        for (path, works) in [(format!("{path}x"), true), (other, true), (path.clone(), false), (path, false)] {
            let answer = user.app().delete(&path).await;
            assert_eq!((answer.status, &answer.body), (204, &Value::Null), "{path}");
            let used = key.get(use_at).await;
            if works { drop(used.ok()) } else { used.refused(401, "Invalid API Key") }
        }
    }
}

#[tokio::test]
async fn a_key_describes_itself_and_its_last_use() {
    let user = Server::shared().await.user().await;
    for (caller, path, keys, id, names) in [
        (user.developer(), "/v1/dev/key", "/v1/dev/keys", &user.developer_key_id, FAMILIES[0].2),
        (user.mcp(), "/v1/mcp/key", "/v1/mcp/keys", &user.mcp_key_id, FAMILIES[1].2),
    ] {
        let described = caller.get(path).await.ok();
        assert_eq!(field_names(&described), names);
        assert_eq!((&described["id"], &described["name"]), (&json!(id), &json!("test")));
        let mut noted = false;
        for _ in 0..100 {
            noted |= user.app().get(keys).await.ok()[0]["last_used_at"].is_string();
        }
        assert!(noted, "the last use is written down");
    }
}

#[tokio::test]
async fn keys_do_not_manage_keys() {
    let user = Server::shared().await.user().await;
    for (path, _, _, _) in FAMILIES {
        for (caller, belongs) in [
            (user.developer(), "a key that starts with omi_dev_ works on /v1/dev/user and /v1/dev/key"),
            (user.mcp(), "a key that starts with omi_mcp_ works on /v1/mcp and /v1/mcp/sse"),
        ] {
            let wrong = format!("Invalid authentication credentials: {belongs}");
            caller.get(path).await.refused(401, &wrong);
            caller.post(path, json!({ "name": "x" })).await.refused(401, &wrong);
            caller.bare(Method::DELETE, &format!("{path}/x")).await.refused(401, &wrong);
        }
    }
}

const OWN: &str = "/v1/dev/user/api-keys";

#[tokio::test]
async fn a_user_can_create_a_hundred_keys() {
    let server = Server::shared().await;
    let user = server.user().await;
    let (resources, id) = (server.resources.clone(), user.id.clone());
    // Two exist, and the operator creates as many as they like.
    let fill = async move {
        for _ in 2..MAX_KEYS - 1 {
            resources.keys().create(&id, KeyFamily::Mcp, "filler", None).await.unwrap();
        }
    };
    on_runtime(fill).await;
    let app = user.app();
    let creations = (0..4).map(|_| app.post("/v1/dev/keys", json!({ "name": "last" })));
    let mut statuses: Vec<u16> =
        futures::future::join_all(creations).await.into_iter().map(|answer| answer.status).collect();
    statuses.sort_unstable();
    assert_eq!(statuses, [200, 400, 400, 400]);
    let sentence = "No more than 100 keys can be created; revoke some";
    for (caller, path) in [(user.app(), "/v1/mcp/keys"), (user.developer(), OWN)] {
        caller.post(path, json!({ "name": "one more" })).await.refused(400, sentence);
    }
    assert_eq!(user.app().delete(&format!("/v1/mcp/keys/{}", user.mcp_key_id)).await.status, 204);
    user.developer().post(OWN, json!({ "name": "again" })).await.ok();
}

#[tokio::test]
async fn a_developer_key_hands_on_no_more_than_it_holds() {
    let user = Server::shared().await.user().await;
    let made = async |caller: &Caller, body: Value| {
        let created = caller.post(OWN, body).await.ok();
        (user.with(created["key"].as_str().unwrap()), created)
    };
    let (reader, read) = made(&user.developer(), json!({ "name": "reader" })).await;
    assert_eq!(read["scopes"], json!(["conversations:read", "memories:read", "action_items:read", "goals:read"]));
    assert_eq!(read["made_with"], json!(user.developer_key_id));
    let scopes = json!(["goals:read", "memories:write"]);
    let narrow = user.app().post("/v1/dev/keys", json!({ "name": "narrow", "scopes": scopes })).await.ok();
    assert_eq!(narrow.get("made_with"), None);
    let narrow = user.with(narrow["key"].as_str().unwrap());
    assert_eq!(made(&narrow, json!({ "name": "plain" })).await.1["scopes"], json!(["goals:read"]));
    let writer = made(&narrow, json!({ "name": "writer", "permissions": ["memories:write"] })).await.1;
    assert_eq!(writer["scopes"], json!(["memories:write"]));
    assert_eq!(made(&narrow, json!({ "name": "none", "scopes": [] })).await.1["scopes"], json!([]));
    let body = json!({ "name": "wide", "scopes": ["memories:write", "memories:read"] });
    let sentence = "A key can create only keys with scopes that it has itself, not memories:read";
    narrow.post(OWN, body).await.refused(403, sentence);
    let sentence = "A key that was created with another key cannot create keys";
    reader.post(OWN, json!({ "name": "grandchild" })).await.refused(403, sentence);
    narrow.post(OWN, json!({ "name": " " })).await.refused(422, "Key name cannot be empty");
    let names = ["none", "writer", "plain", "narrow", "reader", "test"];
    assert_eq!(column(&reader.get(OWN).await.ok(), "name"), names, "every key sees what its user has");
    assert_eq!(user.mcp().get(OWN).await.status, 401);
}

#[tokio::test]
async fn a_developer_key_revokes_what_it_made_and_takes_it_along() {
    let user = Server::shared().await.user().await;
    let own = user.app().post("/v1/dev/keys", json!({ "name": "own" })).await.ok();
    let key = user.with(own["key"].as_str().unwrap());
    let made = async || key.post(OWN, json!({ "name": "made" })).await.ok();
    let (first, second) = (made().await, made().await);
    let [first_key, second_key] = [&first, &second].map(|made| user.with(made["key"].as_str().unwrap()));
    let path = |id: &Value| format!("{OWN}/{}", id.as_str().unwrap());
    let sentence = "A key can revoke only itself and the keys that it created";
    key.delete(&format!("{OWN}/{}", user.developer_key_id)).await.refused(403, sentence);
    first_key.delete(&path(&own["id"])).await.refused(403, sentence);
    first_key.delete(&path(&second["id"])).await.refused(403, sentence);
    for unknown in ["nothing", &user.mcp_key_id] {
        assert_eq!(key.delete(&format!("{OWN}/{unknown}")).await.ok(), json!({ "success": true }));
    }
    user.mcp().get("/v1/mcp/key").await.ok();
    assert_eq!(key.delete(&path(&first["id"])).await.ok(), json!({ "success": true }));
    first_key.get(OWN).await.refused(401, "Invalid API Key");
    second_key.get(OWN).await.ok();
    let revoked = user.app().delete(&format!("/v1/dev/keys/{}", own["id"].as_str().unwrap())).await;
    assert_eq!(revoked.status, 204);
    for key in [key, second_key] {
        key.get(OWN).await.refused(401, "Invalid API Key");
    }
    assert_eq!(column(&user.app().get("/v1/dev/keys").await.ok(), "name"), ["test"]);
}
