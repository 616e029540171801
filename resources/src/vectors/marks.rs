//! Words in their context, kept small: what finds an answer that shares no word with the question.
//!
//! A text's one vector blurs what it says; the vectors of its words do not, but are forty times as much. Here each word
//! keeps one bit for each number, its sign: the share of signs that two words have in common tells the angle between
//! them well enough. A query's score against a text is the mean, weighted by rarity, of each word's likeness to the word
//! of the text that is most like it.

use std::f32::consts::PI;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD_NO_PAD;

use crate::embedder::Token;

/// The signs of the words of a text: for each word, a bit for each number of its vector.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Marks {
    signs: Vec<u64>,
    /// How many numbers a vector has.
    dimension: usize,
}

impl Marks {
    /// The marks of words.
    pub fn of<'a>(tokens: impl IntoIterator<Item = &'a Token>) -> Self {
        let mut marks = Self::default();
        for token in tokens {
            let signs = |numbers: &[f32]| {
                numbers.iter().enumerate().fold(0, |signs, (bit, number)| signs | (u64::from(*number > 0.0) << bit))
            };
            marks.dimension = token.vector.len();
            marks.signs.extend(token.vector.chunks(64).map(signs));
        }
        marks
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.signs.is_empty()
    }

    /// The marks as text.
    pub(super) fn encode(&self) -> String {
        let bytes: Vec<u8> = self.signs.iter().flat_map(|signs| signs.to_le_bytes()).collect();
        STANDARD_NO_PAD.encode(bytes)
    }

    /// The marks that a text stands for, of vectors with `dimension` numbers; none if they are of others.
    pub(super) fn decode(text: &str, dimension: usize) -> Self {
        let bytes = STANDARD_NO_PAD.decode(text).unwrap_or_default();
        let (chunks, rest) = bytes.as_chunks();
        let signs: Vec<u64> = chunks.iter().map(|chunk| u64::from_le_bytes(*chunk)).collect();
        let whole = dimension > 0 && rest.is_empty() && signs.len().is_multiple_of(dimension.div_ceil(64));
        if whole { Self { signs, dimension } } else { Self::default() }
    }

    fn words(&self) -> impl Iterator<Item = &[u64]> {
        self.signs.chunks_exact(self.dimension.div_ceil(64).max(1))
    }
}

/// The words of a query, each with its weight.
pub(super) struct Sought {
    marks: Marks,
    weights: Vec<f32>,
}

impl Sought {
    /// The words with their weights.
    pub(super) fn of<'a>(words: impl IntoIterator<Item = (&'a Token, f32)>) -> Self {
        let (tokens, mut weights): (Vec<&Token>, Vec<f32>) = words.into_iter().unzip();
        let total = weights.iter().sum::<f32>().max(f32::MIN_POSITIVE);
        weights.iter_mut().for_each(|weight| *weight /= total);
        Self { marks: Marks::of(tokens), weights }
    }

    /// How many numbers a vector has.
    pub(super) fn dimension(&self) -> usize {
        self.marks.dimension
    }

    /// How well a text answers; nothing if one of the two has no words.
    pub(super) fn score(&self, marks: &Marks) -> Option<f32> {
        if self.marks.is_empty() || marks.is_empty() {
            return None;
        }
        let nearest = |word: &[u64]| {
            let unlike = marks.words().map(|other| unlike(word, other)).min().unwrap_or_default();
            (PI * unlike as f32 / marks.dimension as f32).cos()
        };
        Some(self.marks.words().zip(&self.weights).map(|(word, weight)| weight * nearest(word)).sum())
    }
}

/// How many signs differ.
fn unlike(one: &[u64], other: &[u64]) -> u32 {
    one.iter().zip(other).map(|(one, other)| (one ^ other).count_ones()).sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn token(numbers: &[f32]) -> Token {
        Token { start: 0, end: 0, vector: numbers.to_vec() }
    }

    #[test]
    fn each_word_meets_its_nearest() {
        let (tea, cup) = (token(&[1.0, 1.0, -1.0, -1.0]), token(&[1.0, -1.0, 1.0, -1.0]));
        let both = Sought::of([(&tea, 3.0), (&cup, 1.0)]);
        let score = |marks: &[&Token]| both.score(&Marks::of(marks.iter().copied())).unwrap();
        assert!((score(&[&tea, &cup]) - 1.0).abs() < 1e-6);
        assert!((score(&[&tea]) - 0.75).abs() < 1e-6);
        assert!((score(&[&cup]) - 0.25).abs() < 1e-6);
        assert_eq!(both.score(&Marks::default()), None);
        assert_eq!(Sought::of([]).score(&Marks::of([&tea])), None);
    }

    #[test]
    fn marks_survive_as_text() {
        for dimension in [12, 64, 100, 384] {
            let marks = Marks::of([&token(&vec![1.0; dimension]), &token(&vec![-1.0; dimension])]);
            assert_eq!(Marks::decode(&marks.encode(), dimension), marks);
        }
        let marks = Marks::of([&token(&[1.0; 384])]);
        assert!(Marks::decode(&marks.encode(), 1024).is_empty());
        assert!(Marks::decode("?", 12).is_empty());
    }
}
