//! `recollect export`: everything that the owner has.

use std::fs::File;
use std::io::{self, BufWriter, Write};
use std::sync::Arc;

use anyhow::Context as _;
use futures::{TryStreamExt, pin_mut};
use indicatif::ProgressBar;

use super::Opened;
use crate::cli::Export;
use crate::config::Config;
use crate::progress::progress_bar;

/// Writes everything that the owner has to a file or to standard output. `recollect import` of that file into another
/// data folder gives the same again.
pub(crate) async fn export(config: &Config, choice: &Export) -> anyhow::Result<()> {
    let opened = Opened::open(config).await?;
    let bar = progress_bar(0, "exporting {bytes}");
    let written = match &choice.file {
        Some(file) => {
            let out = File::create(file).with_context(|| format!("cannot write {}", file.display()))?;
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

async fn write_all(opened: &Opened, out: impl Write, bar: &ProgressBar) -> anyhow::Result<()> {
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
