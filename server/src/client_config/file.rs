//! A client's file: read, kept as a copy, and written whole or not at all.

use std::{
    fs::{self, OpenOptions},
    io::{self, Write},
    path::{Path, PathBuf},
};

/// What is in the file; nothing where there is none.
///
/// # Errors
/// What the file system says.
pub(crate) fn read(path: &Path) -> io::Result<String> {
    match fs::read_to_string(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(String::new()),
        outcome => outcome,
    }
}

/// Puts the text into the file, in one step, so that a client that reads meanwhile sees the old or the new one; gives
/// the copy of what was there. Only this user can read what is new: it may hold a key.
///
/// # Errors
/// What the file system says; the file is then as it was.
pub(crate) fn write(path: &Path, text: &str) -> io::Result<Option<PathBuf>> {
    // A link is followed: what it leads to is replaced, and the link stays.
    let path = &fs::canonicalize(path).unwrap_or_else(|_| path.to_owned());
    if let Some(folder) = path.parent() {
        fs::create_dir_all(folder)?;
    }
    let copy = path.exists().then(|| beside(path, "before-recollect"));
    if let Some(copy) = &copy {
        fs::copy(path, copy)?;
    }
    let draft = beside(path, "recollect-draft");
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

/// What this user may do with the file, and nobody else.
#[cfg(unix)]
fn private(path: &Path) -> fs::Permissions {
    use std::os::unix::fs::PermissionsExt;
    let known = fs::metadata(path).map_or(0o600, |known| known.permissions().mode());
    fs::Permissions::from_mode(known & 0o600)
}

fn beside(path: &Path, ending: &str) -> PathBuf {
    let mut name = path.file_name().unwrap_or_default().to_owned();
    name.push(format!(".{ending}"));
    path.with_file_name(name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_is_replaced_whole_and_kept() {
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
    fn keys_are_for_their_user_and_links_stay() {
        use std::os::unix::fs::PermissionsExt;
        let folder = tempfile::tempdir().unwrap();
        let (path, link) = (folder.path().join("real.json"), folder.path().join("link.json"));
        write(&path, "one").unwrap();
        assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
        std::os::unix::fs::symlink(&path, &link).unwrap();
        write(&link, "two").unwrap();
        assert!(fs::symlink_metadata(&link).unwrap().is_symlink());
        fs::set_permissions(&path, fs::Permissions::from_mode(0o644)).unwrap();
        write(&path, "two").unwrap();
        assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600, "whoever could read it before");
        assert_eq!(read(&path).unwrap(), "two");
    }
}
