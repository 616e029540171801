//! `recollect reindex`: the vector index anew.

use super::{Opened, progress_bar};
use crate::config::Config;

/// Builds the vector index from the rows of the database.
pub(crate) async fn reindex(config: &Config) -> anyhow::Result<()> {
    let opened = Opened::open(config).await?;
    let bar = progress_bar(0, "indexing {bar:40} {pos}/{len} {per_sec} {eta}");
    let outcome = opened.resources.reindex(|done, all| {
        bar.set_length(all);
        bar.set_position(done);
    });
    let outcome = outcome.await;
    bar.finish_and_clear();
    opened.resources.close().await;
    eprintln!("Indexed {} rows.", outcome?);
    Ok(())
}
