//! A client's configuration file: read, backed up, and written atomically.

use std::{
    fs::{self, OpenOptions},
    io::{self, Write},
    path::{Path, PathBuf},
};

/// The content of the file; empty where there is none.
///
/// # Errors
/// I/O errors.
pub(crate) fn read(path: &Path) -> io::Result<String> {
    match fs::read_to_string(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(String::new()),
        outcome => outcome,
    }
}

/// Replaces the content of the file atomically, and returns the path of the backup. The new file is readable by this
/// user only, as it may hold a key.
///
/// # Errors
/// I/O errors; the file is then unchanged.
pub(crate) fn write(path: &Path, text: &str) -> io::Result<Option<PathBuf>> {
    // Symbolic links are followed: their target is replaced.
    let path = &fs::canonicalize(path).unwrap_or_else(|_| path.to_owned());
    if let Some(folder) = path.parent() {
        fs::create_dir_all(folder)?;
    }
    let copy = path.exists().then(|| sibling(path, "before-recollect"));
    if let Some(copy) = &copy {
        fs::copy(path, copy)?;
        #[cfg(unix)]
        fs::set_permissions(copy, private(path))?;
    }
    let draft = sibling(path, "recollect-draft");
    let written = write_draft(&draft, path, text).and_then(|()| fs::rename(&draft, path));
    if let Err(error) = written {
        let _ = fs::remove_file(&draft);
        return Err(error);
    }
    Ok(copy)
}

fn write_draft(draft: &Path, path: &Path, text: &str) -> io::Result<()> {
    let mut options = OpenOptions::new();
    options.write(true).create(true).truncate(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let mut file = options.open(draft)?;
    #[cfg(unix)]
    file.set_permissions(private(path))?;
    file.write_all(text.as_bytes())?;
    file.sync_all()
}

/// The permissions of the file, without those of group and others.
#[cfg(unix)]
fn private(path: &Path) -> fs::Permissions {
    use std::os::unix::fs::PermissionsExt;
    let known = fs::metadata(path).map_or(0o600, |known| known.permissions().mode());
    fs::Permissions::from_mode(known & 0o600)
}

fn sibling(path: &Path, ending: &str) -> PathBuf {
    let mut name = path.file_name().unwrap_or_default().to_owned();
    name.push(format!(".{ending}"));
    path.with_file_name(name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_is_replaced_and_backed_up() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("deep").join("mcp.json");
        assert_eq!(read(&path).unwrap(), "");
        assert_eq!(write(&path, "one").unwrap(), None);
        let copy = write(&path, "two").unwrap().unwrap();
        assert_eq!((read(&path).unwrap().as_str(), read(&copy).unwrap().as_str()), ("two", "one"));
        let names = fs::read_dir(path.parent().unwrap()).unwrap().count();
        assert_eq!(names, 2, "no draft is left");
    }

    #[cfg(unix)]
    #[test]
    fn files_are_private_and_links_stay() {
        use std::os::unix::fs::PermissionsExt;
        let folder = tempfile::tempdir().unwrap();
        let (path, link) = (folder.path().join("real.json"), folder.path().join("link.json"));
        write(&path, "one").unwrap();
        assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
        std::os::unix::fs::symlink(&path, &link).unwrap();
        write(&link, "two").unwrap();
        assert!(fs::symlink_metadata(&link).unwrap().is_symlink());
        fs::set_permissions(&path, fs::Permissions::from_mode(0o644)).unwrap();
        let copy = write(&path, "two").unwrap().unwrap();
        let modes = [&path, &copy].map(|file| fs::metadata(file).unwrap().permissions().mode() & 0o777);
        assert_eq!(modes, [0o600; 2], "it was readable by others");
        assert_eq!(read(&path).unwrap(), "two");
    }
}
