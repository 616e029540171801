//! The folder of a sentence-transformers model.

use std::fs;
use std::path::{Path, PathBuf};

use rten_tensor::NdTensorView;
use rten_tensor::prelude::*;
use serde::Deserialize;
use serde::de::DeserializeOwned;

use crate::embedding_files::{self, EmbeddingFiles, MINILM};
use crate::{Error, Result};

/// The length of text, in tokens, that a model reads when its folder does not say: that of all-MiniLM-L6-v2.
const DEFAULT_MAX_TOKENS: usize = 256;

/// The files of a model, and its settings.
#[derive(Debug)]
pub(super) struct ModelFolder {
    pub files: EmbeddingFiles,
    pub pooling: Pooling,
    /// How many tokens of a text are read; the rest is cut off.
    pub max_tokens: usize,
}

/// How the vectors of the tokens become the vector of the text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Pooling {
    /// Their mean.
    Mean,
    /// The vector of the first token.
    Cls,
}

impl ModelFolder {
    /// A model without any settings beside it.
    pub(super) fn plain(files: EmbeddingFiles) -> Self {
        Self { files, pooling: Pooling::Mean, max_tokens: DEFAULT_MAX_TOKENS }
    }

    /// Reads a folder in the layout of sentence-transformers. [`Error::Setting`] says what is missing or not
    /// supported.
    pub(super) fn open(folder: &Path) -> Result<Self> {
        let files = EmbeddingFiles {
            model: first_file(folder, &["model.onnx", "onnx/model.onnx"])?,
            tokenizer: first_file(folder, &["tokenizer.json"])?,
        };
        let mut plain = Self::plain(files);
        if let Some(pooling) = read_json::<PoolingConfig>(&folder.join("1_Pooling/config.json"))? {
            plain.pooling = pooling.supported().ok_or_else(|| {
                Error::Setting(format!("{}: only mean and cls pooling are supported", folder.display()))
            })?;
        }
        if let Some(sentence) = read_json::<SentenceConfig>(&folder.join("sentence_bert_config.json"))? {
            plain.max_tokens = sentence.max_seq_length.unwrap_or(plain.max_tokens);
        }
        Ok(plain)
    }

    /// The identity of models whose vectors can be compared with this one's: the two files of all-MiniLM-L6-v2 share one,
    /// any other file has its hash.
    pub(super) async fn family(&self) -> Result<String> {
        let hash = embedding_files::hash(self.files.model.clone()).await.map_err(Error::internal)?;
        Ok(match self.pooling {
            Pooling::Mean if embedding_files::is_minilm(&hash) => MINILM.to_owned(),
            pooling => format!("{pooling:?}-{}", &hash[..16]).to_lowercase(),
        })
    }
}

impl Pooling {
    /// Pools a matrix with one row a token.
    pub(super) fn pool(self, tokens: NdTensorView<f32, 2>) -> Vec<f32> {
        let [count, dimension] = tokens.shape();
        match self {
            Self::Cls => tokens.slice(0).to_vec(),
            Self::Mean => {
                let mut sum = vec![0.0; dimension];
                for token in 0..count {
                    for (total, value) in sum.iter_mut().zip(tokens.slice(token).iter()) {
                        *total += value;
                    }
                }
                sum.iter_mut().for_each(|total| *total /= count as f32);
                sum
            }
        }
    }
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct PoolingConfig {
    pooling_mode_cls_token: bool,
    pooling_mode_mean_tokens: bool,
    pooling_mode_max_tokens: bool,
    pooling_mode_mean_sqrt_len_tokens: bool,
    pooling_mode_weightedmean_tokens: bool,
    pooling_mode_lasttoken: bool,
}

impl PoolingConfig {
    fn supported(&self) -> Option<Pooling> {
        let other = self.pooling_mode_max_tokens
            || self.pooling_mode_mean_sqrt_len_tokens
            || self.pooling_mode_weightedmean_tokens
            || self.pooling_mode_lasttoken;
        match (self.pooling_mode_mean_tokens, self.pooling_mode_cls_token, other) {
            (true, false, false) => Some(Pooling::Mean),
            (false, true, false) => Some(Pooling::Cls),
            _ => None,
        }
    }
}

#[derive(Deserialize)]
struct SentenceConfig {
    max_seq_length: Option<usize>,
}

fn first_file(folder: &Path, names: &[&str]) -> Result<PathBuf> {
    let mut paths = names.iter().map(|name| folder.join(name));
    let missing = || Error::Setting(format!("the model folder {} has no {}", folder.display(), names[0]));
    paths.find(|path| path.is_file()).ok_or_else(missing)
}

/// Reads a JSON file that may be absent.
fn read_json<T: DeserializeOwned>(path: &Path) -> Result<Option<T>> {
    if !path.is_file() {
        return Ok(None);
    }
    let wrong = |reason: String| Error::Setting(format!("cannot read {}: {reason}", path.display()));
    let text = fs::read_to_string(path).map_err(|error| wrong(error.to_string()))?;
    serde_json::from_str(&text).map(Some).map_err(|error| wrong(error.to_string()))
}
