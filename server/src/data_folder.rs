//! The data folder belongs to one process at a time.
//!
//! Whoever opens it holds a lock on the file `lock` until the process ends, however it ends. A server moreover leaves
//! `server.json` there, readable by its user alone, so that `recollect mcp` finds it and goes through it.

use std::fs::{self, File, OpenOptions, TryLockError};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use crate::exit::Failure;

/// A data folder that this process holds.
#[derive(Debug)]
pub(crate) struct DataFolder {
    path: PathBuf,
    _lock: File,
}

/// How to reach the server that holds a data folder.
#[derive(Clone, Serialize, Deserialize)]
pub struct Announcement {
    /// Its base URL.
    pub url: String,
    /// Its process.
    pub pid: u32,
    /// An MCP key of the owner's, valid while that server runs.
    pub key: String,
}

impl std::fmt::Debug for Announcement {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Announcement").field("url", &self.url).field("pid", &self.pid).finish_non_exhaustive()
    }
}

impl DataFolder {
    /// Makes the folder when it is missing, readable by its user alone, and takes hold of it.
    ///
    /// # Errors
    /// [`Failure::Locked`] when another process holds it, [`Failure::Folder`] when it can't be made or written.
    pub(crate) fn claim(path: &Path) -> Result<Self, Failure> {
        let failed = |reason| Failure::Folder { folder: path.to_owned(), reason };
        create(path).map_err(failed)?;
        let lock = private().truncate(false).open(path.join("lock")).map_err(failed)?;
        match lock.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => {
                return Err(Failure::Locked { folder: path.to_owned(), server: announced(path) });
            }
            Err(TryLockError::Error(reason)) => return Err(failed(reason)),
        }
        // What a server left that was killed names nobody any more.
        let _ = fs::remove_file(path.join(ANNOUNCEMENT));
        Ok(Self { path: path.to_owned(), _lock: lock })
    }

    /// Tells other processes of this user how to reach the server in this one.
    ///
    /// # Errors
    /// What the file system says.
    pub(crate) fn announce(&self, server: &Announcement) -> io::Result<()> {
        let draft = self.path.join("server.json.new");
        let mut file = private().truncate(true).open(&draft)?;
        file.write_all(&serde_json::to_vec(server)?)?;
        fs::rename(draft, self.path.join(ANNOUNCEMENT))
    }
}

impl Drop for DataFolder {
    fn drop(&mut self) {
        let _ = fs::remove_file(self.path.join(ANNOUNCEMENT));
    }
}

const ANNOUNCEMENT: &str = "server.json";

fn announced(folder: &Path) -> Option<Announcement> {
    serde_json::from_slice(&fs::read(folder.join(ANNOUNCEMENT)).ok()?).ok()
}

fn create(folder: &Path) -> io::Result<()> {
    let mut builder = fs::DirBuilder::new();
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.recursive(true).create(folder)
}

fn private() -> OpenOptions {
    let mut options = OpenOptions::new();
    options.write(true).create(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options
}

#[cfg(test)]
mod tests {
    use super::{Announcement, DataFolder};
    use crate::exit::Failure;

    #[test]
    fn one_holder_at_a_time() {
        let place = tempfile::tempdir().unwrap();
        let path = place.path().join("data");
        let folder = DataFolder::claim(&path).unwrap();
        assert!(matches!(DataFolder::claim(&path), Err(Failure::Locked { server: None, .. })));

        let server = Announcement { url: "http://127.0.0.1:1".into(), pid: 7, key: "omi_mcp_secret".into() };
        folder.announce(&server).unwrap();
        let refusal = DataFolder::claim(&path).unwrap_err();
        assert!(refusal.to_string().contains("http://127.0.0.1:1 (process 7)"), "{refusal}");
        assert!(!format!("{refusal:?}").contains("omi_mcp_secret"));

        drop(folder);
        assert!(!path.join("server.json").exists());
        DataFolder::claim(&path).unwrap();
    }

    #[cfg(unix)]
    #[test]
    fn others_cannot_read() {
        use std::os::unix::fs::PermissionsExt;
        let place = tempfile::tempdir().unwrap();
        let path = place.path().join("data");
        let folder = DataFolder::claim(&path).unwrap();
        folder.announce(&Announcement { url: String::new(), pid: 0, key: String::new() }).unwrap();
        let mode = |path: &std::path::Path| std::fs::metadata(path).unwrap().permissions().mode() & 0o777;
        assert_eq!((mode(&path), mode(&path.join("server.json"))), (0o700, 0o600));
    }

    #[test]
    fn a_file_in_the_way_is_named() {
        let place = tempfile::NamedTempFile::new().unwrap();
        let refusal = DataFolder::claim(place.path()).unwrap_err();
        assert!(matches!(refusal, Failure::Folder { .. }), "{refusal}");
        assert!(refusal.to_string().contains(place.path().to_str().unwrap()));
    }
}
