//! `recollect models`: the embedding model.

use resources::models;

use crate::config::Config;
use crate::data_folder::DataFolder;
use crate::exit::Failure;

/// Fetches the embedding model into the data folder. A server that is running meanwhile finds it by itself.
pub(crate) async fn pull(config: &Config) -> anyhow::Result<()> {
    // Claimed only to make the folder and to see that it can be written: the files take their place by renaming.
    match DataFolder::claim(&config.data) {
        Ok(_) | Err(Failure::Locked { .. }) => {}
        Err(failure) => return Err(failure.into()),
    }
    let folder = config.data.join("models");
    let files = models::pull(&config.embedder.sources, &folder, &models::progress_bar()).await?;
    eprintln!("The embedding model is at {}", files.model.display());
    Ok(())
}
