//! `recollect models`: the embedding model.

use clap::Subcommand;
use resources::embedding_files;

use crate::{config::Config, data_folder::DataFolder, exit::ExitError, progress::download_progress};

/// Commands on the embedding model.
#[derive(Debug, Subcommand)]
pub(crate) enum ModelsCommand {
    /// Download the embedding model into the data folder, if it is not there yet
    Pull,
}

/// Downloads the embedding model into the data folder. A running server picks it up by itself.
pub(crate) async fn pull(config: &Config) -> anyhow::Result<()> {
    // Locked only to create the folder and to check that it is writable: the files are put in place by renaming.
    match DataFolder::claim(&config.data) {
        Ok(_) | Err(ExitError::Locked { .. }) => {}
        Err(error) => return Err(error.into()),
    }
    let folder = config.data.join("models");
    let files = embedding_files::pull(&config.embedder.sources, &folder, &download_progress()).await?;
    eprintln!("The embedding model is at {}", files.model.display());
    Ok(())
}
