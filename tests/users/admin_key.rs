//! `sign_in.admin_key` acts for any user, on the app's routes alone, and is audited.

use serde_json::json;
use server::Config;
use tempfile::TempDir;
use tokio::sync::OnceCell;
use tools::Audience;

use super::{
    credentials::{agree, list_tools},
    support::{DISABLED, INVALID, PASSWORD, close_frame, me, set_access, text},
};
use crate::{
    oauth::flow::{OAuthClient, assert_oauth_error},
    support::{
        program::{Program, output, recollect},
        server::{Answer, Caller, Server, TestUser, fresh_folder},
    },
};

const KEY: &str = "administrators-open-every-door-here";

/// A server with an admin key.
async fn administered() -> &'static Server {
    static ADMINISTERED: OnceCell<Server> = OnceCell::const_new();
    let boot = || async {
        let adjust = |config: &mut Config| {
            config.sign_in.admin_key = Some(KEY.to_owned().into());
            config.sign_in.apps = vec!["coach https://coach.example/".to_owned()];
        };
        Server::boot(&fresh_folder("administered"), adjust).await
    };
    ADMINISTERED.get_or_init(boot).await
}

fn token_for(user: &str) -> String {
    format!("{KEY}{user}")
}

/// Requests with the admin key for a user.
fn acting(user: &TestUser) -> Caller {
    user.with(&token_for(&user.id))
}

#[tokio::test]
async fn the_admin_key_acts_for_the_named_user_alone() {
    let server = administered().await;
    let (ana, ben) = (server.user().await, server.user().await);
    let memory = ana.app().post("/v3/memories", json!({ "content": "Ana keeps bees" })).await.ok();
    assert_eq!(acting(&ana).get("/v3/memories").await.ok()[0]["id"], memory["id"]);
    assert_eq!(acting(&ana).get("/v1/users/me").await.ok()["user"], me(&ana).await);
    assert_eq!(acting(&ben).get("/v3/memories").await.ok(), json!([]));
    acting(&ben).post("/v3/memories", json!({ "content": "Ben plays the oboe" })).await.ok();
    assert_eq!(ben.app().get("/v3/memories").await.ok()[0]["content"], "Ben plays the oboe");
    assert_eq!(acting(&ana).get("/v1/auth/sessions").await.ok()["sessions"], json!([]), "it is no session");
}

#[tokio::test]
async fn the_administrator_may_what_the_user_may() {
    let server = administered().await;
    let (owner, user) = (server.owner(), server.user().await);
    let id = text(&me(&owner).await, "id");
    owner.with(&token_for(&id)).get("/v1/admin/users").await.ok();
    acting(&user).get("/v1/admin/users").await.refused(403, "Only the owner of the server may do this");
    set_access(server, &user.id, "disable").await.ok();
    acting(&user).get("/v3/memories").await.refused(403, DISABLED);
}

#[tokio::test]
async fn the_whole_key_and_an_id_are_required() {
    let server = administered().await;
    let user = server.user().await;
    let nobody = uuid::Uuid::new_v4().to_string();
    let wrong = [
        KEY.to_owned(),
        token_for(&nobody),
        token_for("somebody"),
        token_for(&user.id[1..]),
        format!("{}{}", &KEY[1..], user.id),
        format!("{}{}", KEY.to_uppercase(), user.id),
        format!("{}x{}", &KEY[..KEY.len() - 1], user.id),
        format!("{KEY}.{}", user.id),
        user.id.clone(),
    ];
    for token in wrong {
        user.with(&token).get("/v3/memories").await.refused(401, INVALID);
        user.with(&token).get("/v1/dev/keys").await.refused(401, "Invalid authentication credentials");
        assert_eq!(close_frame(server, &token).await, (1008, INVALID.to_owned()), "{token}");
    }
    acting(&user).get("/v3/memories").await.ok();
}

#[tokio::test]
async fn where_no_key_is_set_there_is_no_administrator() {
    let user = Server::shared().await.user().await;
    for token in [token_for(&user.id), user.id.clone()] {
        user.with(&token).get("/v3/memories").await.refused(401, INVALID);
    }
}

#[tokio::test]
async fn the_administrator_opens_the_app_alone() {
    let user = administered().await.user().await;
    let caller = acting(&user);
    caller.get("/v1/dev/user/memories").await.refused(401, "Invalid API Key");
    caller.get("/v1/dev/key").await.refused(401, "Invalid API Key");
    caller.get("/v1/mcp/memories").await.refused(401, "Invalid API Key");
    let uid = user.http.get(format!("{}/v1/mcp/memories", user.url)).header("uid", token_for(&user.id));
    Answer::to(uid).await.refused(401, "Invalid API Key");
    let sentence = "Invalid or missing API key. Provide via Authorization header.";
    list_tools(&caller).await.refused(401, sentence);
}

#[tokio::test]
async fn the_administrator_agrees_to_nothing_in_the_place_of_a_user() {
    let server = administered().await;
    let (client, user) = (OAuthClient::added(server).await, server.user().await);
    let refused = agree(&client, &token_for(&user.id)).await;
    assert_eq!(assert_oauth_error(&refused, 400, "access_denied"), "This is not a user's token");
    assert_eq!(user.app().get("/v1/mcp/oauth/grants").await.ok(), json!([]));
}

/// A key that the administrator created for a client would outlast the administrator.
#[tokio::test]
async fn the_administrator_makes_no_keys() {
    let user = administered().await.user().await;
    for path in ["/v1/mcp/keys", "/v1/dev/keys"] {
        let sentence = "Impersonated sessions cannot perform this action";
        acting(&user).post(path, json!({ "name": "lasting" })).await.refused(403, sentence);
        let keys = user.app().get(path).await.ok();
        let names: Vec<&str> = keys.as_array().unwrap().iter().map(|key| key["name"].as_str().unwrap()).collect();
        assert_eq!(names, ["test"], "{path}");
    }
}

#[tokio::test]
async fn the_admin_key_cannot_do_what_outlasts_it() {
    let user = administered().await.user().await;
    let closed = tools::all().iter().filter(|tool| tool.no_impersonation).flat_map(|tool| &tool.routes);
    let closed: Vec<_> = closed.filter(|route| matches!(route.audience, Audience::App | Audience::Account)).collect();
    for route in &closed {
        let request = acting(&user).request(route.method.clone(), &route.path.replace(['{', '}'], "")).body("{");
        let sentence = "Impersonated sessions cannot perform this action";
        Answer::to(request).await.refused(403, sentence);
    }
    assert!(closed.len() >= 8, "keys, passwords, webhooks, invitations");
}

#[tokio::test]
async fn the_administrator_sets_no_password() {
    let user = administered().await.user().await;
    let sentence = "Impersonated sessions cannot perform this action";
    acting(&user).post("/v1/auth/password", json!({ "new_password": PASSWORD })).await.refused(403, sentence);
    assert_eq!(me(&user).await["has_password"], false);
}

#[tokio::test]
async fn the_administrator_opens_no_app_in_the_place_of_a_user() {
    let user = administered().await.user().await;
    let tell = |token: &str| {
        let request = user.http.post(format!("{}/v1/oauth/token", user.url));
        let request = request.header("content-type", "application/x-www-form-urlencoded");
        Answer::to(request.body(format!("app_id=coach&firebase_id_token={token}")))
    };
    tell(&token_for(&user.id)).await.refused(401, INVALID);
    assert_eq!(tell(&user.token).await.ok()["uid"], user.id);
}

#[tokio::test]
async fn the_user_sees_what_the_administrator_did() {
    let user = administered().await.user().await;
    user.app().get("/v3/memories").await.ok();
    acting(&user).get("/v3/memories").await.ok();
    let memory = acting(&user).post("/v3/memories", json!({ "content": "Ana keeps bees" })).await.ok();
    let trail = user.app().get("/v1/users/audit").await.ok();
    let entries = trail["entries"].as_array().unwrap();
    let seen: Vec<_> = entries.iter().map(|entry| (text(entry, "tool"), text(entry, "access"))).collect();
    let expected = [("create_memory", "write"), ("get_memories", "read")];
    assert_eq!(seen, expected.map(|(tool, access)| (tool.to_owned(), access.to_owned())), "newest first: {trail}");
    assert_eq!(entries[0]["ids"], json!([memory["id"]]));
    for entry in entries {
        assert!(entry.to_string().contains("administrator"), "it says by whom: {entry}");
    }
    assert!(!trail.to_string().contains(KEY));
}

#[tokio::test]
async fn every_use_is_in_the_log_and_the_key_is_not() {
    let folder = TempDir::new().unwrap();
    let program = Program::serve_with(folder.path(), &[("RECOLLECT_SIGN_IN_ADMIN_KEY", KEY)]).await;
    let owner = program.owner();
    let id = text(&me(&owner).await, "id");
    for _ in 0..2 {
        owner.with(&token_for(&id)).get("/v3/memories").await.ok();
    }
    let log = program.stop().await.log;
    let uses: Vec<&str> = log.lines().filter(|line| line.contains("the administrator impersonates a user")).collect();
    assert!(uses.len() == 2 && uses.iter().all(|line| line.contains(&id)), "{log}");
    assert!(!log.contains(KEY), "{log}");
}

#[tokio::test]
async fn a_key_that_could_be_guessed_is_not_taken() {
    let folder = TempDir::new().unwrap();
    let mut command = recollect(folder.path(), &["serve", "--json", "--port", "0"]).await;
    command.env("RECOLLECT_SIGN_IN_ADMIN_KEY", &KEY[..31]);
    let refused = output(command).await;
    assert_eq!(refused.status.code(), Some(2));
    let said = String::from_utf8(refused.stderr).unwrap();
    assert_eq!(said, "recollect: sign_in.admin_key must have at least 32 characters\n");
}
