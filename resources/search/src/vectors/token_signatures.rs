//! Token signatures: late interaction at a fortieth of the size of token vectors.
//!
//! A text's one vector blurs what it says; the vectors of its tokens do not, but are forty times as much. Here each token
//! keeps one bit for each number, its sign: the share of signs that two tokens have in common estimates the angle between
//! them well enough. A query's score against a text is the mean, weighted by rarity, of each token's similarity to the
//! most similar token of the text (MaxSim).

use std::f32::consts::PI;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD_NO_PAD;

use crate::embedder::TokenEmbedding;

/// The signs of the tokens of a text: for each token, a bit for each number of its vector.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct TokenSignatures {
    signs: Vec<u64>,
    /// The length of a token's vector.
    dimension: usize,
}

impl TokenSignatures {
    /// The signatures of tokens.
    pub fn of<'a>(tokens: impl IntoIterator<Item = &'a TokenEmbedding>) -> Self {
        let mut signatures = Self::default();
        for token in tokens {
            let signs = |numbers: &[f32]| {
                numbers.iter().enumerate().fold(0, |signs, (bit, number)| signs | (u64::from(*number > 0.0) << bit))
            };
            signatures.dimension = token.vector.len();
            signatures.signs.extend(token.vector.chunks(64).map(signs));
        }
        signatures
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.signs.is_empty()
    }

    /// The signatures in base64.
    pub(super) fn encode(&self) -> String {
        let bytes: Vec<u8> = self.signs.iter().flat_map(|signs| signs.to_le_bytes()).collect();
        STANDARD_NO_PAD.encode(bytes)
    }

    /// Reads what [`encode`](Self::encode) wrote; empty if the vectors were not of length `dimension`.
    pub(super) fn decode(text: &str, dimension: usize) -> Self {
        let bytes = STANDARD_NO_PAD.decode(text).unwrap_or_default();
        let (chunks, rest) = bytes.as_chunks();
        let signs: Vec<u64> = chunks.iter().map(|chunk| u64::from_le_bytes(*chunk)).collect();
        let whole = dimension > 0 && rest.is_empty() && signs.len().is_multiple_of(dimension.div_ceil(64));
        if whole { Self { signs, dimension } } else { Self::default() }
    }

    fn tokens(&self) -> impl Iterator<Item = &[u64]> {
        self.signs.chunks_exact(self.dimension.div_ceil(64).max(1))
    }
}

/// The tokens of a query, each with its weight.
pub(super) struct QuerySignatures {
    signatures: TokenSignatures,
    weights: Vec<f32>,
}

impl QuerySignatures {
    /// The signatures of weighted tokens.
    pub(super) fn of<'a>(tokens: impl IntoIterator<Item = (&'a TokenEmbedding, f32)>) -> Self {
        let (tokens, mut weights): (Vec<&TokenEmbedding>, Vec<f32>) = tokens.into_iter().unzip();
        let total = weights.iter().sum::<f32>().max(f32::MIN_POSITIVE);
        weights.iter_mut().for_each(|weight| *weight /= total);
        Self { signatures: TokenSignatures::of(tokens), weights }
    }

    /// The length of a token's vector.
    pub(super) fn dimension(&self) -> usize {
        self.signatures.dimension
    }

    /// The similarity of a text to the query; none if one of the two has no tokens.
    pub(super) fn similarity(&self, text: &TokenSignatures) -> Option<f32> {
        if self.signatures.is_empty() || text.is_empty() {
            return None;
        }
        let nearest = |token: &[u64]| {
            let distance = text.tokens().map(|other| hamming_distance(token, other)).min().unwrap_or_default();
            (PI * distance as f32 / text.dimension as f32).cos()
        };
        Some(self.signatures.tokens().zip(&self.weights).map(|(token, weight)| weight * nearest(token)).sum())
    }
}

fn hamming_distance(one: &[u64], other: &[u64]) -> u32 {
    one.iter().zip(other).map(|(one, other)| (one ^ other).count_ones()).sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn token(numbers: &[f32]) -> TokenEmbedding {
        TokenEmbedding { start: 0, end: 0, vector: numbers.to_vec() }
    }

    #[test]
    fn each_token_is_compared_with_its_nearest() {
        let (tea, cup) = (token(&[1.0, 1.0, -1.0, -1.0]), token(&[1.0, -1.0, 1.0, -1.0]));
        let both = QuerySignatures::of([(&tea, 3.0), (&cup, 1.0)]);
        let score = |tokens: &[&TokenEmbedding]| both.similarity(&TokenSignatures::of(tokens.iter().copied())).unwrap();
        assert!((score(&[&tea, &cup]) - 1.0).abs() < 1e-6);
        assert!((score(&[&tea]) - 0.75).abs() < 1e-6);
        assert!((score(&[&cup]) - 0.25).abs() < 1e-6);
        assert_eq!(both.similarity(&TokenSignatures::default()), None);
        assert_eq!(QuerySignatures::of([]).similarity(&TokenSignatures::of([&tea])), None);
    }

    #[test]
    fn signatures_survive_as_text() {
        for dimension in [12, 64, 100, 384] {
            let signatures = TokenSignatures::of([&token(&vec![1.0; dimension]), &token(&vec![-1.0; dimension])]);
            assert_eq!(TokenSignatures::decode(&signatures.encode(), dimension), signatures);
        }
        let signatures = TokenSignatures::of([&token(&[1.0; 384])]);
        assert!(TokenSignatures::decode(&signatures.encode(), 1024).is_empty());
        assert!(TokenSignatures::decode("?", 12).is_empty());
    }
}
