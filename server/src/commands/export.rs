//! `recollect export`: the owner's data.

#[cfg(unix)]
use std::fs;
use std::{
    fs::File,
    io::{self, BufWriter, Write},
    path::{Path, PathBuf},
    sync::Arc,
};

use anyhow::Context as _;
use clap::Args;
use futures::{TryStreamExt, pin_mut};
use indicatif::ProgressBar;

use super::OpenDataFolder;
use crate::{config::Config, progress::progress_bar};

/// Arguments of `recollect export`.
#[derive(Debug, Args)]
pub(crate) struct ExportArgs {
    /// File to write [default: standard output]
    file: Option<PathBuf>,
}

/// Writes all data of the owner to a file or to standard output. `recollect import` of that file restores it in another
/// data folder.
pub(crate) async fn run(config: &Config, args: &ExportArgs) -> anyhow::Result<()> {
    let opened = OpenDataFolder::open(config).await?;
    let bar = progress_bar(0, "exporting {bytes}");
    let written = match &args.file {
        Some(file) => {
            let out = create(file).with_context(|| format!("cannot write {}", file.display()))?;
            write_all(&opened, out, &bar).await
        }
        None => write_all(&opened, io::stdout(), &bar).await,
    };
    bar.finish_and_clear();
    opened.resources.close().await?;
    written?;
    eprintln!("Exported {} bytes.", bar.position());
    Ok(())
}

/// Creates the file, or empties it. Its user alone may read it, also where it was there and readable by others; devices
/// and pipes keep their permissions.
fn create(path: &Path) -> io::Result<File> {
    let file = File::create(path)?;
    #[cfg(unix)]
    if file.metadata()?.is_file() {
        use std::os::unix::fs::PermissionsExt;
        file.set_permissions(fs::Permissions::from_mode(0o600))?;
    }
    Ok(file)
}

async fn write_all(opened: &OpenDataFolder, out: impl Write, bar: &ProgressBar) -> anyhow::Result<()> {
    let mut out = BufWriter::new(out);
    let chunks = tools::transfer::export(Arc::clone(&opened.resources), opened.owner.clone());
    pin_mut!(chunks);
    while let Some(chunk) = chunks.try_next().await? {
        out.write_all(&chunk)?;
        bar.inc(chunk.len() as u64);
    }
    out.flush()?;
    Ok(())
}
