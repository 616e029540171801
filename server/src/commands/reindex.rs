//! `recollect reindex`: rebuilds the vector index.

use resources::Resources;

use crate::{config::Config, data_folder::DataFolder, progress::progress_bar};

/// Rebuilds the vector index from the database.
pub(crate) async fn run(config: &Config) -> anyhow::Result<()> {
    let _folder = DataFolder::claim(&config.data)?;
    let bar = progress_bar(0, "indexing {bar:40} {pos}/{len} {per_sec} {eta}");
    let settings = config.settings();
    let indexing = Resources::reindex(&settings, |done, total| {
        bar.set_length(total);
        bar.set_position(done);
    });
    let outcome = indexing.await;
    bar.finish_and_clear();
    eprintln!("Indexed {} rows.", outcome?);
    Ok(())
}
