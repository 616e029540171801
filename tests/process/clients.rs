//! `recollect clients`, and what a server writes to its log of all that they do.

use reqwest::Method;
use serde_json::json;
use tempfile::TempDir;

use crate::{
    oauth::flow::{CALLBACK, OAuthClient, assert_oauth_error, code_in, consent_in_browser},
    support::{
        program::{Program, run, run_ok, to_text},
        server::Answer,
    },
};

#[tokio::test]
async fn clients_are_added_listed_and_removed() {
    let folder = TempDir::new().unwrap();
    let add = [
        "clients",
        "add",
        "--name",
        "Notes",
        "--redirect-uri",
        CALLBACK,
        "--redirect-uri",
        "com.example.notes:/callback",
    ];
    let added = run_ok(folder.path(), &add).await;
    let id = added.trim().strip_prefix("client_id      ").unwrap();
    let listed = run_ok(folder.path(), &["clients", "list"]).await;
    assert_eq!(listed, format!("{id}  Notes  (added)  {CALLBACK} com.example.notes:/callback\n"));
    let wrong = ["clients", "add", "--name", "Notes", "--redirect-uri", "http://notes.example/callback"];
    let refused = run(folder.path(), &wrong).await;
    assert!(!refused.status.success());
    assert!(to_text(&refused.stderr).contains("http://notes.example/callback is not a redirect URI"));
    run_ok(folder.path(), &["clients", "remove", id]).await;
    assert!(!run(folder.path(), &["clients", "remove", id]).await.status.success());
    assert_eq!(run_ok(folder.path(), &["clients", "list"]).await, "");
}

#[tokio::test]
async fn no_secret_is_logged() {
    let folder = TempDir::new().unwrap();
    let add = ["clients", "add", "--name", "Notes", "--redirect-uri", CALLBACK, "--secret"];
    let output = run(folder.path(), &add).await;
    let (added, errors) = (to_text(&output.stdout), to_text(&output.stderr));
    let user_token = format!("omi_user_{}", &errors.split_once("omi_user_").unwrap().1[..32]);
    let value = |name: &str| added.lines().find_map(|line| line.strip_prefix(name)).unwrap().trim().to_owned();
    let (id, secret) = (value("client_id"), value("client_secret"));
    let program = Program::serve_with(folder.path(), &[("RECOLLECT_LOG", "trace")]).await;
    let mut client = OAuthClient::of(&program.url, &id, CALLBACK);
    client.secret = Some(secret.clone());
    let code =
        code_in(&consent_in_browser(&client.authorize_url(&client.authorization_request("")), &user_token, &[]).await);
    let first = client.exchange(&code).await.ok();
    let token = |tokens: &serde_json::Value, name: &str| tokens[name].as_str().unwrap().to_owned();
    let second = client.refresh(&token(&first, "refresh_token")).await.ok();
    let access = token(&second, "access_token");
    Answer::to(client.request(Method::GET, "/v1/mcp/memories").bearer_auth(&access)).await.ok();
    let list = json!({ "jsonrpc": "2.0", "id": 1, "method": "tools/list" });
    Answer::to(client.request(Method::POST, "/v1/mcp").bearer_auth(&access).json(&list)).await.ok();
    assert_oauth_error(&client.exchange(&code).await, 400, "invalid_grant");
    let log = program.stop().await.log;
    assert!(log.contains("authorization code reused"), "what happens is logged");
    let mut secrets = vec![secret, code, client.verifier.clone(), user_token];
    for tokens in [first, second] {
        secrets.extend(["access_token", "refresh_token"].map(|name| token(&tokens, name)));
    }
    for secret in secrets {
        let bare = secret.rsplit('_').next().unwrap();
        for part in [&bare[..16], &bare[bare.len() - 16..]] {
            assert!(!log.contains(part), "{secret} is logged");
        }
    }
}
