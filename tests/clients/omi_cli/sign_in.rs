//! `omi auth`, `omi config`: signing in with a key, and what the client remembers of it.

use serde_json::{Value, json};

use super::{Omi, SIGN_IN, USAGE};

#[tokio::test]
async fn omi_cli_signs_in_with_a_key() {
    let mut omi = Omi::of_new_user().await;
    let key = omi.key.take().unwrap();
    omi.fails(&["auth", "whoami"], SIGN_IN, "Not authenticated").await;
    let signed_in = omi.json(&["auth", "login", "--api-key", &key]).await;
    let expected = json!({ "profile": "default", "auth_method": "api_key", "api_base": omi.user.url });
    assert_eq!(signed_in, expected);
    let whoami = omi.json(&["auth", "whoami"]).await;
    assert_eq!((&whoami["owns_memories"], &whoami["api_base"]), (&json!(true), &json!(omi.user.url)));
    assert_eq!(omi.json(&["auth", "status"]).await["authenticated"], true);
    assert_eq!(omi.json(&["memory", "list"]).await, json!([]));
    omi.fails(&["auth", "refresh"], USAGE, "Nothing to refresh").await;
    assert_eq!(omi.json(&["auth", "logout"]).await["logged_out"], true);
    assert_eq!(omi.json(&["auth", "status"]).await["authenticated"], false);
    assert_eq!(omi.json_of(&["auth", "login"], &format!("{key}\n")).await, expected, "from standard input");

    // A key that the server refuses is forgotten again.
    let unknown = format!("omi_dev_{:032}", 0);
    let blind = omi.user.app().post("/v1/dev/keys", json!({ "name": "blind", "scopes": ["goals:read"] })).await.ok();
    let refused = [(&*unknown, "Invalid API Key"), (blind["key"].as_str().unwrap(), "Required scope: memories:read")];
    for (key, sentence) in refused {
        omi.fails(&["auth", "login", "--api-key", key], SIGN_IN, sentence).await;
        assert_eq!(omi.json(&["auth", "status"]).await["authenticated"], false);
    }
    omi.assert_all_run("auth").await;
}

#[tokio::test]
async fn omi_cli_keeps_profiles_apart() {
    let mut omi = Omi::of_new_user().await;
    let key = omi.key.take().unwrap();
    assert!(omi.table(&["version"]).await.contains("0.2.3"));
    assert_eq!(omi.json(&["config", "set", "api_base", &omi.user.url]).await, Value::Null);
    omi.json(&["config", "profile", "use", "work"]).await;
    omi.json(&["auth", "login", "--api-key", &key]).await;
    let shown = omi.json(&["config", "show"]).await;
    assert_eq!((&shown["active_profile"], shown["profiles"].as_array().map(Vec::len)), (&json!("work"), Some(2)));
    assert!(!shown.to_string().contains(&key), "keys are not shown");
    assert_eq!(omi.json(&["config", "path"]).await["path"], json!(omi.file("omi.toml")));
    assert_eq!(omi.listed(&["config", "profile", "list"], "name").await, ["default", "work"]);
    let elsewhere = omi.run(&["--json", "--profile", "default"], &["auth", "whoami"], "").await;
    assert_eq!(elsewhere.code, Some(SIGN_IN), "{}", elsewhere.complaint);
    omi.json(&["config", "profile", "delete", "work", "--yes"]).await;
    assert_eq!(omi.listed(&["config", "profile", "list"], "name").await, ["default"]);
    omi.assert_all_run("config").await;
}
