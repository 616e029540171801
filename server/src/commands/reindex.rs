//! `recollect reindex`: the vector index anew.

use resources::{Resources, Settings};

use crate::config::Config;
use crate::data_folder::DataFolder;
use crate::progress::{download_progress, progress_bar};

/// Builds the vector index from the rows of the database.
pub(crate) async fn reindex(config: &Config) -> anyhow::Result<()> {
    let _folder = DataFolder::claim(&config.data)?;
    let bar = progress_bar(0, "indexing {bar:40} {pos}/{len} {per_sec} {eta}");
    let settings = Settings { download_progress: download_progress(), ..config.settings() };
    let indexing = Resources::reindex(&settings, |done, all| {
        bar.set_length(all);
        bar.set_position(done);
    });
    let outcome = indexing.await;
    bar.finish_and_clear();
    eprintln!("Indexed {} rows.", outcome?);
    Ok(())
}
