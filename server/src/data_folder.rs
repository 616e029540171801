//! The data folder is open in one process at a time.
//!
//! A process holds a lock on the file `lock` until it ends, however it ends. A server also writes `server.json` there,
//! readable by its user only, so that `recollect mcp` finds the server and connects to it.

use std::{
    fs::{self, File, OpenOptions, TryLockError},
    io::{self, Write},
    path::{Path, PathBuf},
};

use serde::{Deserialize, Serialize};

use crate::exit::ExitError;

/// A data folder that this process has locked.
#[derive(Debug)]
pub(crate) struct DataFolder {
    path: PathBuf,
    _lock: File,
}

/// How to connect to the server that has the data folder open.
#[derive(Clone, Serialize, Deserialize)]
pub struct ServerInfo {
    /// Its base URL.
    pub url: String,
    /// Its process id.
    pub pid: u32,
    /// An MCP key of the owner, valid while the server runs.
    pub key: String,
}

impl std::fmt::Debug for ServerInfo {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("ServerInfo").field("url", &self.url).field("pid", &self.pid).finish_non_exhaustive()
    }
}

impl DataFolder {
    /// Creates the folder when it is missing, readable by its user only, and locks it.
    ///
    /// # Errors
    /// [`ExitError::Locked`] when another process has it open, [`ExitError::Folder`] when it cannot be created or
    /// written.
    pub(crate) fn claim(path: &Path) -> Result<Self, ExitError> {
        let failed = |reason| ExitError::Folder { folder: path.to_owned(), reason };
        create(path).map_err(failed)?;
        let lock = private().truncate(false).open(path.join("lock")).map_err(failed)?;
        match lock.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => {
                return Err(ExitError::Locked { folder: path.to_owned(), server: read_server_info(path) });
            }
            Err(TryLockError::Error(reason)) => return Err(failed(reason)),
        }
        // A server that was killed may have left its file behind.
        let _ = fs::remove_file(path.join(SERVER_INFO));
        Ok(Self { path: path.to_owned(), _lock: lock })
    }

    /// Writes `server.json` for other processes of this user.
    ///
    /// # Errors
    /// I/O errors.
    pub(crate) fn write_server_info(&self, server: &ServerInfo) -> io::Result<()> {
        let draft = self.path.join("server.json.new");
        let mut file = private().truncate(true).open(&draft)?;
        file.write_all(&serde_json::to_vec(server)?)?;
        fs::rename(draft, self.path.join(SERVER_INFO))
    }
}

impl Drop for DataFolder {
    fn drop(&mut self) {
        let _ = fs::remove_file(self.path.join(SERVER_INFO));
    }
}

const SERVER_INFO: &str = "server.json";

fn read_server_info(folder: &Path) -> Option<ServerInfo> {
    serde_json::from_slice(&fs::read(folder.join(SERVER_INFO)).ok()?).ok()
}

fn create(folder: &Path) -> io::Result<()> {
    let mut builder = fs::DirBuilder::new();
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.recursive(true).create(folder)?;
    #[cfg(unix)]
    restrict(folder)?;
    Ok(())
}

/// Takes the permissions of group and others from an existing folder: the files in it were perhaps written with them.
#[cfg(unix)]
fn restrict(folder: &Path) -> io::Result<()> {
    use std::os::unix::fs::{MetadataExt, PermissionsExt};
    let found = fs::metadata(folder)?;
    let owner = rustix::process::geteuid();
    if found.uid() != owner.as_raw() && !owner.is_root() {
        let reason = "it belongs to another user; use a folder of your own";
        return Err(io::Error::new(io::ErrorKind::PermissionDenied, reason));
    }
    if found.is_dir() && found.permissions().mode() & 0o077 != 0 {
        fs::set_permissions(folder, fs::Permissions::from_mode(0o700))?;
    }
    Ok(())
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
    use super::{DataFolder, ServerInfo};
    use crate::exit::ExitError;

    #[test]
    fn one_process_at_a_time() {
        let place = tempfile::tempdir().unwrap();
        let path = place.path().join("data");
        let folder = DataFolder::claim(&path).unwrap();
        assert!(matches!(DataFolder::claim(&path), Err(ExitError::Locked { server: None, .. })));

        let server = ServerInfo { url: "http://127.0.0.1:1".into(), pid: 7, key: "omi_mcp_secret".into() };
        folder.write_server_info(&server).unwrap();
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
        folder.write_server_info(&ServerInfo { url: String::new(), pid: 0, key: String::new() }).unwrap();
        let mode = |path: &std::path::Path| std::fs::metadata(path).unwrap().permissions().mode() & 0o777;
        assert_eq!((mode(&path), mode(&path.join("server.json"))), (0o700, 0o600));
    }

    #[cfg(unix)]
    #[test]
    fn an_existing_folder_is_closed_to_others() {
        use std::os::unix::fs::PermissionsExt;
        let place = tempfile::tempdir().unwrap();
        let path = place.path().join("data");
        std::fs::create_dir(&path).unwrap();
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o755)).unwrap();
        let _folder = DataFolder::claim(&path).unwrap();
        assert_eq!(std::fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o700);
    }

    #[test]
    fn a_file_with_the_same_path_is_named() {
        let place = tempfile::NamedTempFile::new().unwrap();
        let refusal = DataFolder::claim(place.path()).unwrap_err();
        assert!(matches!(refusal, ExitError::Folder { .. }), "{refusal}");
        assert!(refusal.to_string().contains(place.path().to_str().unwrap()));
    }
}
