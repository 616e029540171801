//! `recollect import`: what the owner has elsewhere.

use std::io::Read;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, bail};
use tools::transfer::{Importer, Input};

use super::Opened;
use crate::cli::Import;
use crate::config::Config;
use crate::progress::progress_bar;

/// Adds what the files hold to what the owner has. What is there already stays as it is, so that the same files can be
/// imported again after an interruption.
///
/// What cannot be read is reported and skipped; the command then ends with a failure.
pub(crate) async fn import(config: &Config, choice: &Import) -> anyhow::Result<()> {
    let inputs = gather(&choice.places)?;
    let opened = Opened::open(config).await?;
    let length = inputs.iter().map(|input| input.length).sum();
    let bar = progress_bar(length, "importing {bar:40} {bytes}/{total_bytes} {eta}");
    let mut importer = Importer::new(&opened.resources, &opened.owner);
    let mut outcome = Ok(());
    for input in &inputs {
        let taken = importer.import_file(input, |read| bar.set_position(read)).await;
        outcome = taken.with_context(|| stopped(&input.name));
        if outcome.is_err() {
            break;
        }
    }
    bar.finish_and_clear();
    opened.resources.close().await?;
    let report = importer.finish();
    eprint!("{report}");
    outcome?;
    match report.skipped() {
        0 => Ok(()),
        some => bail!("{some} things were not imported"),
    }
}

/// The files that these places name, those of a folder in the order of their names.
fn gather(places: &[PathBuf]) -> anyhow::Result<Vec<Input>> {
    let mut inputs = Vec::new();
    for place in places {
        if place == Path::new("-") {
            let mut bytes = Vec::new();
            std::io::stdin().read_to_end(&mut bytes).context("cannot read standard input")?;
            inputs.push(Input::bytes("standard input", bytes));
        } else {
            add(place, &mut inputs).with_context(|| format!("cannot read {}", place.display()))?;
        }
    }
    Ok(inputs)
}

/// Adds a file, or the files in a folder; hidden ones are nobody's export.
fn add(place: &Path, to: &mut Vec<Input>) -> std::io::Result<()> {
    if !place.is_dir() {
        to.push(Input::file(place)?);
        return Ok(());
    }
    let mut entries: Vec<PathBuf> =
        place.read_dir()?.map(|entry| entry.map(|entry| entry.path())).collect::<Result<_, _>>()?;
    entries.sort();
    let is_hidden = |path: &Path| path.file_name().is_some_and(|name| name.to_string_lossy().starts_with('.'));
    entries.iter().filter(|entry| !is_hidden(entry)).try_for_each(|entry| add(entry, to))
}

fn stopped(file: &str) -> String {
    format!("stopped in {file}; what stands before is imported, and importing again goes on")
}
