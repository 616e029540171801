//! `recollect import`: data from other services.

use std::{
    io::Read,
    path::{Path, PathBuf},
};

use anyhow::{Context as _, bail};
use clap::Args;
use tools::transfer::{Importer, Input};

use super::OpenDataFolder;
use crate::{config::Config, progress::progress_bar};

/// Arguments of `recollect import`.
#[derive(Debug, Args)]
pub(crate) struct ImportArgs {
    /// Files and folders, of any known format; - is standard input
    #[arg(required = true, value_name = "FILE|FOLDER")]
    paths: Vec<PathBuf>,
}

/// Adds the data in the files to the owner's. Existing items are left unchanged, so that the same files can be imported
/// again after an interruption.
///
/// Items that cannot be read are reported and skipped; the command then fails.
pub(crate) async fn run(config: &Config, args: &ImportArgs) -> anyhow::Result<()> {
    let inputs = collect_inputs(&args.paths)?;
    let opened = OpenDataFolder::open(config).await?;
    let length = inputs.iter().map(|input| input.length).sum();
    let bar = progress_bar(length, "importing {bar:40} {bytes}/{total_bytes} {eta}");
    let mut importer = Importer::new(&opened.resources, &opened.owner);
    let mut outcome = Ok(());
    for input in &inputs {
        let imported = importer.import_file(input, |read| bar.set_position(read)).await;
        outcome = imported.with_context(|| stopped(&input.name));
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
        skipped => bail!("{skipped} items were not imported"),
    }
}

/// The files at these paths, those of a folder in the order of their names.
fn collect_inputs(paths: &[PathBuf]) -> anyhow::Result<Vec<Input>> {
    let mut inputs = Vec::new();
    for path in paths {
        if path == Path::new("-") {
            let mut bytes = Vec::new();
            std::io::stdin().read_to_end(&mut bytes).context("cannot read standard input")?;
            inputs.push(Input::bytes("standard input", bytes));
        } else {
            add(path, &mut inputs).with_context(|| format!("cannot read {}", path.display()))?;
        }
    }
    Ok(inputs)
}

/// Adds a file, or the files in a folder except hidden ones.
fn add(path: &Path, to: &mut Vec<Input>) -> std::io::Result<()> {
    if !path.is_dir() {
        to.push(Input::file(path)?);
        return Ok(());
    }
    let mut entries: Vec<PathBuf> =
        path.read_dir()?.map(|entry| entry.map(|entry| entry.path())).collect::<Result<_, _>>()?;
    entries.sort();
    let is_hidden = |path: &Path| path.file_name().is_some_and(|name| name.to_string_lossy().starts_with('.'));
    entries.iter().filter(|entry| !is_hidden(entry)).try_for_each(|entry| add(entry, to))
}

fn stopped(file: &str) -> String {
    format!("stopped in {file}; everything before it is imported, and importing again continues")
}
