//! Files are readable by their user alone.

use std::{
    fs,
    os::unix::fs::PermissionsExt,
    path::{Path, PathBuf},
};

use serde_json::json;
use tempfile::TempDir;

use crate::support::program::{Program, run, run_ok, to_text};

fn mode(path: &Path) -> u32 {
    fs::symlink_metadata(path).unwrap().permissions().mode() & 0o777
}

/// The files and folders below `folder` that group or others may use in some way.
fn open_to_others(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        // The database gives a folder of its own permissions; the data folder is closed anyway.
        if mode(&path) & 0o077 != 0 && !path.ends_with("database/wal") {
            found.push(path.clone());
        }
        if path.is_dir() {
            found.extend(open_to_others(&path));
        }
    }
    found
}

#[tokio::test]
async fn a_data_folder_that_others_could_read_is_closed() {
    let place = TempDir::new().unwrap();
    let data = place.path().join("data");
    fs::create_dir(&data).unwrap();
    fs::set_permissions(&data, fs::Permissions::from_mode(0o755)).unwrap();
    let program = Program::serve(&data).await;
    let owner = program.owner();
    owner.developer().post("/v1/dev/user/memories", json!({ "content": "Ada keeps bees." })).await.ok();
    program.wait_until_indexed().await;
    assert_eq!(mode(&data), 0o700);
    assert_eq!(open_to_others(&data), Vec::<PathBuf>::new());
    program.stop().await;
    assert_eq!(open_to_others(&data), Vec::<PathBuf>::new());
}

#[tokio::test]
async fn an_export_is_for_its_user_alone() {
    let (data, place) = (TempDir::new().unwrap(), TempDir::new().unwrap());
    let (new, old) = (place.path().join("new.json"), place.path().join("old.json"));
    fs::write(&old, "an older export").unwrap();
    fs::set_permissions(&old, fs::Permissions::from_mode(0o644)).unwrap();
    for file in [&new, &old] {
        run_ok(data.path(), &["export", file.to_str().unwrap()]).await;
        assert_eq!(mode(file), 0o600, "{}", file.display());
        assert!(fs::read_to_string(file).unwrap().starts_with('{'));
    }
    let device = run(data.path(), &["export", "/dev/null"]).await;
    assert!(device.status.success(), "{}", to_text(&device.stderr));
}
