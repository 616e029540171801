//! `recollect export`: all memories as JSON lines.

use std::fs::File;
use std::io::{self, BufWriter, Write};

use anyhow::Context as _;
use indicatif::ProgressBar;

use super::{Opened, progress_bar};
use crate::cli::Export;
use crate::config::Config;

/// How many memories are read at once.
const BATCH: u32 = 500;

/// Writes every memory of the owner, rejected ones among them, to a file or to standard output. `recollect import` of
/// that file into another data folder gives the same memories.
pub(crate) async fn export(config: &Config, choice: &Export) -> anyhow::Result<()> {
    let opened = Opened::open(config).await?;
    let total = opened.resources.memories(&opened.owner).count().await?;
    let bar = progress_bar(total, "exporting {bar:40} {pos}/{len}");
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
    eprintln!("Exported {} memories.", bar.position());
    Ok(())
}

async fn write_all(opened: &Opened, out: impl Write, bar: &ProgressBar) -> anyhow::Result<()> {
    let memories = opened.resources.memories(&opened.owner);
    let mut out = BufWriter::new(out);
    let mut last: Option<String> = None;
    loop {
        let batch = memories.after(last.as_deref(), BATCH).await?;
        for memory in &batch {
            serde_json::to_writer(&mut out, memory)?;
            out.write_all(b"\n")?;
            bar.inc(1);
        }
        match batch.into_iter().last() {
            Some(memory) => last = Some(memory.id),
            None => break,
        }
    }
    out.flush()?;
    Ok(())
}
