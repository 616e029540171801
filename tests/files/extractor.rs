//! The child processes that read documents. Where a test has to see into one, a script takes the program's place.

use std::{
    fs,
    path::{Path, PathBuf},
    process::{Output, Stdio},
    time::{Duration, Instant},
};

use futures::future::join_all;
use resources::documents::{
    Extractor, ExtractorError,
    pdf::{Page, PdfError},
};
use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::{io::AsyncWriteExt, process::Command};

use super::rest::moon_pdf;

/// How long a step may take on a busy machine.
const TIMEOUT: Duration = Duration::from_secs(60);

/// An executable script in `folder`. Another process writes it: a file that is open for writing cannot be executed, and
/// a process that a test beside this one starts may inherit it.
async fn script(folder: &Path, text: &str) -> Extractor {
    let path = folder.join("program");
    let mut command = Command::new("sh");
    command.args(["-c", "cat > \"$0\" && chmod +x \"$0\""]).arg(&path).stdin(Stdio::piped());
    let mut writer = command.spawn().unwrap();
    writer.stdin.take().unwrap().write_all(format!("#!/bin/sh\n{text}\n").as_bytes()).await.unwrap();
    assert!(writer.wait().await.unwrap().success());
    Extractor::new(Some(path))
}

async fn read(extractor: &Extractor, user: &str) -> Result<Vec<Page>, ExtractorError> {
    extractor.read_pdf(user, format!("{user}\n").as_bytes(), 1000).await
}

async fn wait_until(condition: impl Fn() -> bool) {
    let began = Instant::now();
    while !condition() {
        assert!(began.elapsed() < TIMEOUT, "it never happens");
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
}

/// Runs the command that the server starts, in an empty folder that it could write to.
async fn extract(folder: &Path, input: &[u8]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_recollect-tested"));
    command.args(["extract-text", "--kind", "pdf", "--max-chars", "1000"]).current_dir(folder);
    command.env_clear().envs(["HOME", "TMPDIR", "XDG_DATA_HOME", "RECOLLECT_DATA"].map(|name| (name, folder)));
    // With a configuration that cannot be read, every other command fails.
    command.env("RECOLLECT_CONFIG", folder.join("missing.toml"));
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).kill_on_drop(true);
    let mut child = command.spawn().unwrap();
    child.stdin.take().unwrap().write_all(input).await.unwrap();
    tokio::time::timeout(TIMEOUT, child.wait_with_output()).await.expect("it ends").unwrap()
}

#[tokio::test]
async fn the_child_reads_a_document_and_nothing_else() {
    let folder = TempDir::new().unwrap();
    let output = extract(folder.path(), &moon_pdf()).await;
    assert!(output.status.success(), "{output:?}");
    let answer: Value = serde_json::from_slice(&output.stdout).unwrap();
    let page = |number: u32, text: &str| json!({ "number": number, "text": text });
    let pages = [page(1, "The moon was full over the harbour.\n"), page(2, "At dawn the ferry left for Hvar.\n")];
    assert_eq!(answer, json!({ "Ok": pages }));
    let output = extract(folder.path(), b"%PDF-1.4 and no more").await;
    assert_eq!(serde_json::from_slice::<Value>(&output.stdout).unwrap(), json!({ "Err": "Damaged" }));
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 0, "it writes no files");
}

#[tokio::test]
async fn the_child_gets_no_environment() {
    let folder = TempDir::new().unwrap();
    let text =
        "names=$(env | sed 's/=.*//' | tr '\\n' ' ')\nprintf '{\"Ok\":[{\"number\":1,\"text\":\"%s\"}]}' \"$names\"";
    let pages = read(&script(folder.path(), text).await, "ada").await.unwrap();
    let names: Vec<&str> = pages[0].text.split_whitespace().collect();
    // The shell sets some by itself.
    let own = ["PWD", "OLDPWD", "SHLVL", "_"];
    assert!(names.iter().all(|name| own.contains(name)), "{names:?}");
}

#[tokio::test]
async fn two_children_run_at_a_time_and_one_for_a_user() {
    let folder = TempDir::new().unwrap();
    let running = folder.path().join("running");
    fs::create_dir(&running).unwrap();
    let text = format!(
        "cd '{}'\nread user\ntouch \"$user.$$\"\nls | grep -c . >> ../all\nls | grep -c \"^$user\\.\" >> ../own\n\
         sleep 0.05\nrm \"$user.$$\"\necho '{{\"Ok\":[]}}'",
        running.display()
    );
    let extractor = script(folder.path(), &text).await;
    let reads = ["ada", "ada", "bob", "ada", "eve", "bob", "eve", "kay"].map(|user| read(&extractor, user));
    for read in join_all(reads).await {
        assert!(read.unwrap().is_empty());
    }
    let counts = |name: &str| -> Vec<u32> {
        let text = fs::read_to_string(folder.path().join(name)).unwrap();
        text.lines().map(|line| line.parse().unwrap()).collect()
    };
    assert!(counts("all").len() == 8 && counts("all").iter().all(|count| *count <= 2), "{:?}", counts("all"));
    assert!(counts("own").iter().all(|count| *count == 1), "{:?}", counts("own"));
}

#[tokio::test]
async fn a_child_is_killed_when_nobody_waits_for_it() {
    let folder = TempDir::new().unwrap();
    let process: PathBuf = folder.path().join("process");
    let text = format!("echo $$ > '{0}.new'\nmv '{0}.new' '{0}'\nexec sleep 1000", process.display());
    let extractor = script(folder.path(), &text).await;
    tokio::select! {
        ended = read(&extractor, "ada") => panic!("{ended:?}"),
        () = wait_until(|| process.exists()) => {}
    }
    let process = Path::new("/proc").join(fs::read_to_string(&process).unwrap().trim());
    // A killed process stays listed, without a command, until its parent has asked for its status.
    wait_until(|| fs::read(process.join("cmdline")).map_or(true, |command| command.is_empty())).await;
}

#[tokio::test]
async fn a_child_that_ends_otherwise_says_why() {
    let cases = [
        ("kill -XCPU $$", PdfError::TooSlow),
        ("kill -ABRT $$", PdfError::TooMuchMemory),
        ("kill -KILL $$", PdfError::TooMuchMemory),
        ("exit 101", PdfError::Damaged),
    ];
    for (text, expected) in cases {
        let folder = TempDir::new().unwrap();
        match read(&script(folder.path(), text).await, "ada").await {
            Err(ExtractorError::Pdf(reason)) => assert_eq!(reason, expected, "{text}"),
            other => panic!("{text}: {other:?}"),
        }
    }
    let folder = TempDir::new().unwrap();
    let failed = read(&script(folder.path(), "exit 1").await, "ada").await;
    assert!(matches!(failed, Err(ExtractorError::Failed(_))), "{failed:?}");
    let missing = Extractor::new(Some(folder.path().join("none")));
    assert!(matches!(read(&missing, "ada").await, Err(ExtractorError::Failed(_))));
}
