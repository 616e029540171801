//! Import of fixtures, and export.

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
