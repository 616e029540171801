//! The embedding of a text, as a whole and token by token.

/// The embedding of a text.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Embedding {
    /// The vector of the whole text, of length 1.
    pub vector: Vec<f32>,
    /// The embeddings of its tokens, in order; empty from a model that gives only the whole text's.
    pub tokens: Vec<TokenEmbedding>,
}

/// The embedding of a token in its context.
#[derive(Clone, Debug, PartialEq)]
pub struct TokenEmbedding {
    /// The byte of the text that it begins at.
    pub start: usize,
    /// The byte of the text that it ends before.
    pub end: usize,
    /// Its vector, of length 1.
    pub vector: Vec<f32>,
}

/// Scales a vector to length 1, so that a dot product is a cosine similarity.
pub(super) fn normalize(mut vector: Vec<f32>) -> Vec<f32> {
    let length = vector.iter().map(|value| value * value).sum::<f32>().sqrt();
    if length > 0.0 {
        vector.iter_mut().for_each(|value| *value /= length);
    }
    vector
}
