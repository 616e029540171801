//! A sentence-transformers model in the process: text to tokens to vectors.

use anyhow::Context;
use rten::{Model, ModelOptions, NodeId};
use rten_tensor::NdTensor;
use rten_tensor::prelude::*;
use tokenizers::{Encoding, Tokenizer, TruncationParams};

use super::embedding::{Embedding, TokenEmbedding, normalize};
use super::folder::{ModelFolder, Pooling};

/// A loaded model.
pub(super) struct Encoder {
    model: Model,
    tokenizer: Tokenizer,
    pooling: Pooling,
    inputs: Vec<(NodeId, Input)>,
    output: NodeId,
}

/// An input tensor of the model.
#[derive(Clone, Copy)]
enum Input {
    Ids,
    AttentionMask,
    TypeIds,
}

impl Encoder {
    /// Loads the files of a folder; an error says which of them can't be used.
    pub(super) fn load(folder: &ModelFolder) -> anyhow::Result<Self> {
        // Prepacked weights cost 40 MB and save a third of the time of a short text.
        let model = ModelOptions::with_all_ops().prepack_weights(true).load_file(&folder.files.model)?;
        let mut tokenizer = Tokenizer::from_file(&folder.files.tokenizer).map_err(anyhow::Error::msg)?;
        let truncation = TruncationParams { max_length: folder.max_tokens, ..TruncationParams::default() };
        tokenizer.with_truncation(Some(truncation)).map_err(anyhow::Error::msg)?.with_padding(None);
        let inputs = model.input_ids().iter().map(|&id| Ok((id, input_named(&model, id)?)));
        let inputs = inputs.collect::<anyhow::Result<_>>()?;
        let outputs = ["last_hidden_state", "token_embeddings"].into_iter().filter_map(|name| model.find_node(name));
        let output = outputs.chain(model.output_ids().first().copied()).next().context("model.onnx has no output")?;
        Ok(Self { model, tokenizer, pooling: folder.pooling, inputs, output })
    }

    /// The embeddings of texts, in their order. All are padded to the longest, so that similar lengths save time.
    pub(super) fn encode(&self, texts: &[&str]) -> anyhow::Result<Vec<Embedding>> {
        let encodings = texts.iter().map(|text| self.tokenizer.encode(*text, true).map_err(anyhow::Error::msg));
        let encodings: Vec<_> = encodings.collect::<anyhow::Result<_>>()?;
        let longest = encodings.iter().map(Encoding::len).max().unwrap_or_default();
        let inputs = self.inputs.iter().map(|&(id, input)| {
            let mut rows = NdTensor::<i32, 2>::zeros([encodings.len(), longest]);
            for (row, encoding) in encodings.iter().enumerate() {
                for (column, &token) in encoding.get_ids().iter().enumerate() {
                    rows[[row, column]] = input.value(token);
                }
            }
            (id, rows.into())
        });
        let [output] = self.model.run_n(inputs.collect(), [self.output], None)?;
        if output.ndim() == 2 {
            let vectors = NdTensor::<f32, 2>::try_from(output)?;
            let embedding = |row| Embedding { vector: normalize(vectors.slice(row).to_vec()), tokens: Vec::new() };
            return Ok((0..texts.len()).map(embedding).collect());
        }
        let states = NdTensor::<f32, 3>::try_from(output)?;
        let embeddings = encodings.iter().enumerate().map(|(row, encoding)| {
            let states = states.slice((row, ..encoding.len()));
            let tokens = encoding.get_offsets().iter().zip(encoding.get_special_tokens_mask()).enumerate();
            let tokens = tokens.filter(|(_, (_, special))| **special == 0).map(|(index, (&(start, end), _))| {
                TokenEmbedding { start, end, vector: normalize(states.slice(index).to_vec()) }
            });
            Embedding { tokens: tokens.collect(), vector: normalize(self.pooling.pool(states)) }
        });
        Ok(embeddings.collect())
    }
}

impl Input {
    /// The value for one token; padding is zero in every input.
    fn value(self, token: u32) -> i32 {
        match self {
            Self::Ids => token as i32,
            Self::AttentionMask => 1,
            Self::TypeIds => 0,
        }
    }
}

fn input_named(model: &Model, id: NodeId) -> anyhow::Result<Input> {
    match model.node_info(id).and_then(|info| info.name()) {
        Some("input_ids") => Ok(Input::Ids),
        Some("attention_mask") => Ok(Input::AttentionMask),
        Some("token_type_ids") => Ok(Input::TypeIds),
        name => anyhow::bail!("its input {} is not that of a text model", name.unwrap_or_default()),
    }
}
