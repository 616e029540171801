//! Errors that end the program: one clear line, and a distinct exit code.

use std::net::TcpListener;

use tempfile::TempDir;
use tokio::process::Command;

use crate::support::program::{Program, output, recollect, to_text};

const SERVE: &[&str] = &["serve", "--json", "--port", "0"];

/// Runs a command that is refused with this exit code, in one line that holds each of `parts`.
async fn refused(command: Command, code: i32, parts: &[&str]) {
    let output = output(command).await;
    let (said, log) = (to_text(&output.stdout), to_text(&output.stderr));
    assert_eq!((output.status.code(), said.as_str()), (Some(code), ""), "{log}");
    assert_eq!(log.lines().count(), 1, "{log}");
    assert!(log.starts_with("recollect: "), "{log}");
    for part in parts {
        assert!(log.contains(part), "{part:?} is not in {log}");
    }
}

#[tokio::test]
async fn a_wrong_configuration_is_named() {
    let cases = [
        ("[server]\nprot = 1", ["server.prot", "server.port"]),
        ("[sever]\nport = 1", ["sever.port", "no such section"]),
        ("[server]\nport = 70000", ["server.port", "70000"]),
        ("[server]\nport = 'x'", ["server.port", "a whole number"]),
        ("[database]\nurl = 'http://somewhere'", ["database.url", "ws://"]),
        ("[model]\nurl = 'http://127.0.0.1/v1'", ["model.url", "model.name"]),
        ("[log]\nfilter = 'server=loud'", ["log.filter", "expected one of"]),
        ("[server\nport = 1", ["config.toml", "line 1"]),
    ];
    for (file, parts) in cases {
        let folder = TempDir::new().unwrap();
        std::fs::write(folder.path().join("config.toml"), file).unwrap();
        refused(recollect(folder.path(), SERVE).await, 2, &parts).await;
    }
    let folder = TempDir::new().unwrap();
    for (name, value) in [("RECOLLECT_SERVER_PROT", "1"), ("RECOLLECT_SERVER_PORT", "many")] {
        let mut command = recollect(folder.path(), SERVE).await;
        command.env(name, value);
        refused(command, 2, &[name]).await;
    }
    let elsewhere = folder.path().join("missing.toml");
    let missing = ["serve", "--config", elsewhere.to_str().unwrap()];
    refused(recollect(folder.path(), &missing).await, 2, &["missing.toml"]).await;
}

#[tokio::test]
async fn a_busy_port_is_named() {
    let (folder, listener) = (TempDir::new().unwrap(), TcpListener::bind("127.0.0.1:0").unwrap());
    let port = listener.local_addr().unwrap().port().to_string();
    let command = recollect(folder.path(), &["serve", "--json", "--port", &port]).await;
    refused(command, 5, &[&format!("127.0.0.1:{port}"), "--port"]).await;
}

#[tokio::test]
async fn a_folder_in_use_is_named() {
    let folder = TempDir::new().unwrap();
    let program = Program::serve(folder.path()).await;
    let (place, url) = (folder.path().to_str().unwrap(), program.url.as_str());
    for arguments in [SERVE, &["keys", "list"], &["export"], &["reindex"]] {
        refused(recollect(folder.path(), arguments).await, 3, &[place, url]).await;
    }
    assert_eq!(program.health().await["status"], "ok", "the holder is not disturbed");
    program.stop().await;
}

#[tokio::test]
async fn a_folder_that_cannot_be_written_is_named() {
    let folder = TempDir::new().unwrap();
    let file = folder.path().join("file");
    std::fs::write(&file, "in the way").unwrap();
    for place in [file.clone(), file.join("below"), "/proc/recollect".into()] {
        refused(recollect(&place, SERVE).await, 4, &[place.to_str().unwrap()]).await;
    }
}

#[tokio::test]
async fn an_engine_that_is_away_is_named() {
    // Somebody who hangs up at once, however a conversation begins.
    let rude = TcpListener::bind("127.0.0.1:0").unwrap();
    let secure = format!("wss://{}", rude.local_addr().unwrap());
    std::thread::spawn(move || rude.incoming().for_each(drop));
    let cases = [
        ("RECOLLECT_DATABASE_URL", "ws://127.0.0.1:9", "the database"),
        ("RECOLLECT_DATABASE_URL", &secure, "the database"),
        ("RECOLLECT_VECTORS_URL", "http://127.0.0.1:9", "the vector index"),
    ];
    for (name, url, engine) in cases {
        for arguments in [SERVE, &["keys", "list"]] {
            let folder = TempDir::new().unwrap();
            let mut command = recollect(folder.path(), arguments).await;
            command.env(name, url);
            refused(command, 1, &[engine, "does not answer"]).await;
        }
    }
}
