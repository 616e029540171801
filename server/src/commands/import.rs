//! `recollect import`: memories from JSON lines.

use std::path::Path;

use anyhow::{Context as _, bail};
use futures::{Stream, StreamExt, pin_mut};
use indicatif::ProgressBar;
use resources::memories::Memories;
use schemas::memory::{BatchStatus, Memory};
use tokio::fs::File;
use tokio::io::{AsyncBufReadExt, AsyncRead, BufReader};

use super::{Opened, progress_bar};
use crate::cli::Import;
use crate::config::Config;
use row::Row;

mod row;

/// How many memories are written at once, in one transaction.
const BATCH: usize = 100;

/// Adds the memories of a file to those of the owner. What is there already stays as it is, so that the same file can
/// be imported again after an interruption.
///
/// A line that is no memory is reported and skipped; the command then ends with a failure.
pub(crate) async fn import(config: &Config, choice: &Import) -> anyhow::Result<()> {
    let (source, length) = open(&choice.file).await?;
    let opened = Opened::open(config).await?;
    let bar = progress_bar(length, "importing {bar:40} {bytes}/{total_bytes} {eta}");
    let memories = opened.resources.memories(&opened.owner);
    let rows = read(source, &opened.owner, &bar);
    let outcome = write(rows, &memories, &bar).await;
    bar.finish_and_clear();
    opened.resources.close().await?;
    let tally = outcome?;
    eprintln!(
        "Imported {} memories; {} were there already, {} lines are invalid.",
        tally.created, tally.duplicate, tally.invalid
    );
    match tally.invalid {
        0 => Ok(()),
        lines => bail!("{lines} lines were not imported; they are named above"),
    }
}

#[derive(Debug, Default, PartialEq)]
struct Tally {
    created: usize,
    duplicate: usize,
    invalid: usize,
}

async fn open(file: &Path) -> anyhow::Result<(Box<dyn AsyncRead + Unpin + Send>, u64)> {
    if file == Path::new("-") {
        return Ok((Box::new(tokio::io::stdin()), 0));
    }
    let unreadable = || format!("cannot read {}", file.display());
    let source = File::open(file).await.with_context(unreadable)?;
    let length = source.metadata().await.with_context(unreadable)?.len();
    Ok((Box::new(source), length))
}

/// A line that holds something: its number, from 1, and the memory in it, or why there is none.
type Numbered = (usize, Result<Memory, String>);

fn read(
    source: impl AsyncRead + Unpin + Send,
    owner: &str,
    bar: &ProgressBar,
) -> impl Stream<Item = std::io::Result<Numbered>> {
    async_stream::try_stream! {
        let mut lines = BufReader::new(source).split(b'\n');
        let mut number = 0;
        while let Some(line) = lines.next_segment().await? {
            number += 1;
            bar.inc(line.len() as u64 + 1);
            if !line.trim_ascii().is_empty() {
                yield (number, Row::parse(&line).map(|row| row.into_memory(owner)));
            }
        }
    }
}

async fn write(
    rows: impl Stream<Item = std::io::Result<Numbered>>,
    memories: &Memories<'_>,
    bar: &ProgressBar,
) -> anyhow::Result<Tally> {
    let mut tally = Tally::default();
    let mut done = 0;
    let batches = rows.chunks(BATCH);
    pin_mut!(batches);
    while let Some(batch) = batches.next().await {
        let mut found = Vec::with_capacity(batch.len());
        let mut last = done;
        for row in batch {
            let (number, memory) = row.with_context(|| stopped(done))?;
            last = number;
            match memory {
                Ok(memory) => found.push(memory),
                Err(reason) => {
                    tally.invalid += 1;
                    bar.suspend(|| eprintln!("line {number}: {reason}"));
                }
            }
        }
        for status in memories.import(found).await.with_context(|| stopped(done))? {
            match status {
                BatchStatus::Created => tally.created += 1,
                BatchStatus::Duplicate => tally.duplicate += 1,
            }
        }
        done = last;
    }
    Ok(tally)
}

fn stopped(line: usize) -> String {
    format!("stopped after line {line}; what stands before is imported, and importing the file again goes on")
}
