//! `recollect users`: who has an account in a data folder, from the command line.

use std::{
    io::{Seek, Write},
    path::Path,
    process::Output,
};

use reqwest::Client;
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::support::{
    program::{Program, last_message, output, recollect, to_text},
    server::Answer,
};

const PASSWORD: &str = "correct horse";

/// Runs `recollect users` with this on its standard input.
async fn users(data: &Path, arguments: &[&str], typed: &str) -> Output {
    let mut input = tempfile::tempfile().unwrap();
    input.write_all(typed.as_bytes()).unwrap();
    input.rewind().unwrap();
    let mut command = recollect(data, &[&["users"][..], arguments].concat()).await;
    command.stdin(input);
    output(command).await
}

/// Runs a command that succeeds; returns its standard output and its last message.
async fn succeed(data: &Path, arguments: &[&str], typed: &str) -> (String, String) {
    let output = users(data, arguments, typed).await;
    let stderr = to_text(&output.stderr);
    assert!(output.status.success(), "{arguments:?}: {stderr}");
    (to_text(&output.stdout).trim_end().to_owned(), last_message(&stderr).to_owned())
}

/// Runs a command that fails with this message.
async fn refused(data: &Path, arguments: &[&str], typed: &str, message: &str) {
    let output = users(data, arguments, typed).await;
    let stderr = to_text(&output.stderr);
    assert_eq!((output.status.code(), last_message(&stderr)), (Some(1), message), "{arguments:?}: {stderr}");
    assert_eq!(to_text(&output.stdout), "", "{arguments:?}");
}

/// The list of the users: the id of each, and the rest of its line but for the day.
async fn listed(data: &Path) -> Vec<(String, String)> {
    let (list, _) = succeed(data, &["list"], "").await;
    let row = |line: &str| {
        let words: Vec<&str> = line.split_whitespace().collect();
        let [id, role, "created", day, rest @ ..] = &words[..] else { panic!("{line}") };
        assert!(day.len() == 10, "{line}");
        ((*id).to_owned(), format!("{role} {}", rest.join(" ")))
    };
    list.lines().map(row).collect()
}

async fn lines(data: &Path) -> Vec<String> {
    listed(data).await.into_iter().map(|(_, line)| line).collect()
}

async fn ask(program: &Program, path: &str, body: Value) -> Answer {
    Answer::to(Client::new().post(format!("{}/v1/auth/{path}", program.url)).json(&body)).await
}

async fn log_in(program: &Program, account: &str, password: &str) -> Answer {
    ask(program, "login", json!({ "account": account, "password": password })).await
}

/// Whom a token signs in.
async fn me(program: &Program, token: &str) -> Answer {
    Answer::to(Client::new().get(format!("{}/v1/users/me", program.url)).bearer_auth(token)).await
}

#[tokio::test]
async fn users_are_added_listed_disabled_enabled_and_deleted() {
    let folder = TempDir::new().unwrap();
    let data = folder.path();
    let (token, said) = succeed(data, &["add", " Ben ", "--email", "Ben@Example.com"], "").await;
    assert!(token.starts_with("omi_user_") && token.len() == 41, "{token}");
    let all = listed(data).await;
    let id = all[1].0.as_str();
    assert_eq!(said, format!("Added Ben with the id {id}. Their token, shown only once:"));
    let as_it_was = ["owner - owner", "member ben@example.com Ben"];
    assert_eq!(all.iter().map(|(_, line)| line.as_str()).collect::<Vec<_>>(), as_it_was);
    let disabled = ["owner - owner", "member ben@example.com Ben disabled"];
    for name in ["Ben", "BEN@example.com", id] {
        assert_eq!(succeed(data, &["disable", name], "").await.1, "Ben is disabled.");
        assert_eq!(lines(data).await, disabled);
        assert_eq!(succeed(data, &["enable", name], "").await.1, "Ben is enabled.");
        assert_eq!(lines(data).await, as_it_was);
    }
    let line = "recollect: this deletes Ben and all their data; confirm with --yes";
    refused(data, &["delete", id], "", line).await;
    assert_eq!(lines(data).await, as_it_was);
    let (_, said) = succeed(data, &["delete", id, "--yes"], "").await;
    assert_eq!(said, "Ben and all their data are deleted.");
    assert_eq!(lines(data).await, ["owner - owner"]);
}

#[tokio::test]
async fn credentials_of_the_command_line_sign_in() {
    let folder = TempDir::new().unwrap();
    let data = folder.path();
    let add = ["add", "Ben", "--email", "ben@example.com", "--password"];
    let (token, _) = succeed(data, &add, &format!("{PASSWORD}\nand more\n")).await;
    let program = Program::serve(data).await;
    let known = me(&program, &token).await.ok()["user"].take();
    assert_eq!((&known["name"], &known["email"]), (&json!("Ben"), &json!("ben@example.com")));
    assert_eq!((&known["email_verified"], &known["has_password"]), (&json!(true), &json!(true)));
    let tokens = log_in(&program, "ben@example.com", PASSWORD).await.ok();
    program.stop().await;

    let (_, said) = succeed(data, &["password", "Ben"], "another horse\r\n").await;
    assert_eq!(
        said,
        "Ben has a new password. Sessions and browsers must sign in again; tokens, keys and assistants stay valid."
    );
    let (renewed, said) = succeed(data, &["token", "Ben"], "").await;
    assert_eq!(said, "The previous token is now invalid; browsers must sign in again. The new token, shown only once:");
    let invite = ["invite", "--email", "cleo@example.com", "--name", "Cleo", "--days", "3"];
    let (code, said) = succeed(data, &invite, "").await;
    assert!(said.starts_with("Invitation code for one account, valid until 20"), "{said}");
    assert!(said.ends_with(" UTC, shown only once:"), "{said}");

    let program = Program::serve(data).await;
    let old = json!({ "refresh_token": tokens["refresh_token"] });
    ask(&program, "refresh", old).await.refused(401, "Invalid refresh token");
    log_in(&program, "Ben", PASSWORD).await.refused(401, "The name or the password is wrong");
    log_in(&program, "Ben", "another horse").await.ok();
    me(&program, &token).await.refused(401, "Invalid authorization token");
    assert_eq!(me(&program, &renewed).await.ok()["user"]["id"], known["id"]);
    let cleo = ask(&program, "invitations/accept", json!({ "code": code, "password": PASSWORD })).await.ok();
    let cleo = me(&program, cleo["access_token"].as_str().unwrap()).await.ok()["user"].take();
    assert_eq!((&cleo["name"], &cleo["email"]), (&json!("Cleo"), &json!("cleo@example.com")));
    assert_eq!(cleo["email_verified"], true);
    program.stop().await;
}

#[tokio::test]
async fn errors_are_one_line() {
    let folder = TempDir::new().unwrap();
    let data = folder.path();
    for _ in 0..2 {
        succeed(data, &["add", "Ben"], "").await;
    }
    succeed(data, &["add", "Cleo", "--email", "cleo@example.com"], "").await;
    let before = listed(data).await;
    let unknown = "recollect: there is no user Eve; see `recollect users list`";
    let several = "recollect: several users are called Ben; use the id";
    let length = "recollect: a password has 8 to 256 characters";
    let address = "recollect: this is not an e-mail address";
    let stays = "recollect: the owner cannot be deleted; delete the data folder instead";
    let taken = "recollect: another user has this e-mail address";
    let cases: &[(&[&str], &str, &str)] = &[
        (&["disable", "Eve"], "", unknown),
        (&["delete", "Eve", "--yes"], "", unknown),
        (&["password", "Eve"], "another horse\n", unknown),
        (&["token", "Ben"], "", several),
        (&["delete", "Ben", "--yes"], "", several),
        (&["disable", "owner"], "", "recollect: the owner cannot be disabled"),
        (&["delete", "owner", "--yes"], "", stays),
        (&["add", "  "], "", "recollect: a user needs a name"),
        (&["add", "Dora", "--email", "nobody"], "", address),
        (&["add", "Dora", "--email", "dora@home@example.com"], "", address),
        (&["add", "Dora", "--email", "dora@example.com\u{1b}[2J"], "", address),
        (&["invite", "--email", "nobody"], "", address),
        (&["add", "Dora", "--email", "CLEO@example.com"], "", taken),
        (&["invite", "--email", "CLEO@example.com"], "", taken),
        (&["add", "Dora", "--password"], "7 signs\n", length),
        (&["password", "Cleo"], "", length),
    ];
    for (arguments, typed, line) in cases {
        refused(data, arguments, typed, line).await;
    }
    assert_eq!(users(data, &["invite", "--days", "91"], "").await.status.code(), Some(2));
    assert_eq!(listed(data).await, before);
}

#[tokio::test]
async fn no_name_does_anything_to_the_terminal() {
    let folder = TempDir::new().unwrap();
    let (_, said) = succeed(folder.path(), &["add", "Cle\u{1b}[31mo"], "").await;
    assert!(said.starts_with("Added Cle[31mo with the id "), "{said:?}");
    assert_eq!(lines(folder.path()).await, ["owner - owner", "member - Cle[31mo"]);
}
