//! What a user has elsewhere, into their memory, and everything they have out of it again.

use std::path::{Path, PathBuf};

use futures::TryStreamExt;
use tools::transfer::{Count, Importer, Input, ItemKind, Report};

use crate::support::server::{Server, TestUser, on_runtime};

/// A file of the fixtures.
fn fixture(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures").join(name)
}

/// Imports files for a user.
pub(crate) async fn import(user: &TestUser, inputs: Vec<Input>) -> Report {
    let (resources, user) = (Server::shared().await.resources.clone(), user.id.clone());
    on_runtime(async move {
        let mut import = Importer::new(&resources, &user);
        for input in inputs {
            import.import_file(&input, |_| {}).await.unwrap();
        }
        import.finish()
    })
    .await
}

/// Imports a file of the fixtures.
pub(crate) async fn import_fixture(user: &TestUser, name: &str) -> Report {
    import(user, vec![Input::file(&fixture(name)).unwrap()]).await
}

/// Everything that a user has.
pub(crate) async fn export(user: &TestUser) -> Vec<u8> {
    let (resources, user) = (Server::shared().await.resources.clone(), user.id.clone());
    on_runtime(async move { tools::transfer::export(resources, user).try_concat().await.unwrap() }).await
}

#[track_caller]
pub(crate) fn assert_counts(report: &Report, kind: ItemKind, created: u64, existing: u64, skipped: u64) {
    let count = report.counts.get(&kind).copied().unwrap_or_default();
    assert_eq!(count, Count { created, existing, skipped }, "{kind:?}: {report}");
}

#[tokio::test]
async fn files_of_other_kinds_are_named() {
    let user = Server::shared().await.user().await;
    let bytes = |name: &str, bytes: &[u8]| Input::bytes(name, bytes.to_vec());
    let files = vec![
        bytes("a.zip", b"PK\x03\x04..."),
        bytes("a.bin", &[0xff, 0xfe, 0x00, 0x01]),
        bytes("a.html", b"<!doctype html><p>Hi"),
        bytes("nothing", b"  \n"),
        bytes("broken.json", br#"{"memories": [{"content": "Ana sings."}, {"content": "Ana"#),
        bytes("odd.json", br#"[{"content": "Bo rows."}, 3, {"title": "?"}]"#),
    ];
    let report = import(&user, files).await;
    assert_counts(&report, ItemKind::File, 0, 0, 7);
    assert_counts(&report, ItemKind::Memory, 2, 0, 0);
    let said = report.to_string();
    for reason in [
        "skipped a.zip: it is a ZIP archive",
        "skipped a.bin: unknown format",
        "skipped a.html: unknown format",
        "skipped nothing: it is empty",
        "skipped broken.json: the JSON cannot be read any further: EOF",
        "skipped odd.json, row 2: it is neither a conversation nor a memory",
        "memories: 2 created, 0 already existed, 0 skipped",
    ] {
        assert!(said.contains(reason), "{reason}: {said}");
    }
}
