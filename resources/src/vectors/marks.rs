//! Words in their context, kept small: what finds an answer that shares no word with the question.
//!
//! A text's one vector blurs what it says; the vectors of its words do not, but are forty times as much. Here each word
//! keeps one bit for each number, its sign. A query's words keep their numbers: its score against a text is the mean,
//! weighted by rarity, of each word's likeness to the word of the text that is most like it.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD_NO_PAD;

use crate::embedder::Token;

/// The signs of the words of a text: for each word, a bit for each number of its vector.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Marks {
    bits: Vec<u8>,
    /// The bytes of one word.
    width: usize,
}

impl Marks {
    /// The marks of words.
    pub fn of<'a>(tokens: impl IntoIterator<Item = &'a Token>) -> Self {
        let mut marks = Self::default();
        for token in tokens {
            let byte =
                |chunk: &[f32]| chunk.iter().enumerate().fold(0, |byte, (bit, n)| byte | (u8::from(*n > 0.0) << bit));
            marks.width = token.vector.len().div_ceil(8);
            marks.bits.extend(token.vector.chunks(8).map(byte));
        }
        marks
    }

    /// The marks as text.
    pub(super) fn encode(&self) -> String {
        STANDARD_NO_PAD.encode(&self.bits)
    }

    /// The marks that a text stands for, of vectors with `dimension` numbers; none if they are of others.
    pub(super) fn decode(text: &str, dimension: usize) -> Self {
        let (bits, width) = (STANDARD_NO_PAD.decode(text).unwrap_or_default(), dimension.div_ceil(8));
        if width > 0 && bits.len().is_multiple_of(width) { Self { bits, width } } else { Self::default() }
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.bits.is_empty()
    }
}

/// The words of a query, ready to be compared with many texts.
pub(super) struct Sought {
    words: Vec<Word>,
    dimension: usize,
}

struct Word {
    weight: f32,
    /// For each byte of a mark and each value that it can have, what it adds to the likeness.
    likeness: Vec<[f32; 256]>,
}

impl Sought {
    /// The words with their weights; those that weigh nothing are left out.
    pub(super) fn of<'a>(words: impl IntoIterator<Item = (&'a Token, f32)>) -> Self {
        let mut sought = Self { words: Vec::new(), dimension: 0 };
        for (token, weight) in words {
            sought.dimension = token.vector.len();
            if weight > 0.0 {
                sought.words.push(Word { weight, likeness: token.vector.chunks(8).map(likeness).collect() });
            }
        }
        let total: f32 = sought.words.iter().map(|word| word.weight).sum();
        sought.words.iter_mut().for_each(|word| word.weight /= total);
        sought
    }

    /// How many numbers a vector has.
    pub(super) fn dimension(&self) -> usize {
        self.dimension
    }

    /// How well a text answers; nothing if one of the two has no words.
    pub(super) fn score(&self, marks: &Marks) -> Option<f32> {
        if self.words.is_empty() || marks.is_empty() {
            return None;
        }
        let scale = 1.0 / (self.dimension as f32).sqrt();
        Some(self.words.iter().map(|word| word.weight * scale * word.nearest(marks)).sum())
    }
}

impl Word {
    fn nearest(&self, marks: &Marks) -> f32 {
        let one = |bits: &[u8]| self.likeness.iter().zip(bits).map(|(table, byte)| table[usize::from(*byte)]).sum();
        marks.bits.chunks_exact(marks.width).map(one).fold(f32::MIN, f32::max)
    }
}

/// The sum of up to eight numbers, each counted as it is where its bit is set and against it where not.
fn likeness(numbers: &[f32]) -> [f32; 256] {
    let mut table = [0.0; 256];
    table[0] = -numbers.iter().sum::<f32>();
    for (bit, number) in numbers.iter().enumerate() {
        for value in 0..1 << bit {
            table[value | 1 << bit] = table[value] + 2.0 * number;
        }
    }
    table
}

#[cfg(test)]
mod tests {
    use super::*;

    fn token(numbers: &[f32]) -> Token {
        Token { start: 0, end: 0, vector: numbers.to_vec() }
    }

    #[test]
    fn likeness_is_the_product_with_the_signs() {
        let query = [0.5, -0.25, 0.125, 0.0, 0.0, 0.0, 0.0, 0.0, 0.75, -0.5, 0.0, 0.0];
        let text = [0.1, 0.2, -0.3, 0.4, 0.1, 0.1, 0.1, 0.1, 0.9, -0.2, 0.3, 0.4];
        let product: f32 = query.iter().zip(text).map(|(query, text)| query * f32::signum(text)).sum();
        let sought = Sought::of([(&token(&query), 2.0)]);
        let score = sought.score(&Marks::of([&token(&text)])).unwrap();
        assert!((score - product / 12f32.sqrt()).abs() < 1e-6, "{score} {product}");
    }

    #[test]
    fn each_word_meets_its_nearest() {
        let (tea, cup) = (token(&[1.0, 1.0, -1.0, -1.0]), token(&[1.0, -1.0, 1.0, -1.0]));
        let both = Sought::of([(&tea, 3.0), (&cup, 1.0)]);
        let score = |marks: &[&Token]| both.score(&Marks::of(marks.iter().copied())).unwrap();
        assert!(score(&[&tea, &cup]) > score(&[&tea]));
        assert!(score(&[&tea]) > score(&[&cup]));
        assert_eq!(both.score(&Marks::default()), None);
        assert_eq!(Sought::of([(&tea, 0.0)]).score(&Marks::of([&tea])), None);
    }

    #[test]
    fn marks_survive_as_text() {
        let marks = Marks::of([&token(&[1.0; 12]), &token(&[-1.0; 12])]);
        assert_eq!(Marks::decode(&marks.encode(), 12), marks);
        assert!(Marks::decode(&marks.encode(), 24 * 8).is_empty());
        assert!(Marks::decode("?", 12).is_empty());
    }
}
