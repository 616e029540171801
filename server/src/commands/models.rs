//! `recollect models`: the embedding model.

use resources::embedding_files;

use crate::config::Config;
use crate::data_folder::DataFolder;
use crate::exit::Failure;
use crate::progress::download_progress;

/// Fetches the embedding model into the data folder. A server that is running meanwhile finds it by itself.
pub(crate) async fn pull(config: &Config) -> anyhow::Result<()> {
    // Claimed only to make the folder and to see that it can be written: the files take their place by renaming.
    match DataFolder::claim(&config.data) {
        Ok(_) | Err(Failure::Locked { .. }) => {}
        Err(failure) => return Err(failure.into()),
    }
    let folder = config.data.join("models");
    let files = embedding_files::pull(&config.embedder.sources, &folder, &download_progress()).await?;
    eprintln!("The embedding model is at {}", files.model.display());
    Ok(())
}
