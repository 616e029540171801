//! Splits texts into passages: short enough for one embedding, long enough to be read by themselves.

use std::ops::Range;

use unicode_segmentation::UnicodeSegmentation;

/// The maximum length of a passage, in characters.
pub(super) const MAX_CHARS: usize = 1000;

/// The length from which on a passage ends at the end of a paragraph.
const PARAGRAPH_BREAK_CHARS: usize = 600;

/// The maximum length of the sentence that a passage repeats from the one before it, in characters.
const MAX_OVERLAP_CHARS: usize = 250;

/// The text of a page.
#[derive(Debug, Clone, PartialEq)]
pub struct Page {
    /// Its number, from 1 on; `None` where a file has no pages.
    pub number: Option<u32>,
    /// Its text.
    pub text: String,
}

/// A stretch of a page.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Passage {
    pub(super) page: Option<u32>,
    pub(super) text: String,
    /// How many characters at its beginning are the end of the one before it.
    pub(super) repeated: usize,
}

/// A sentence or a line, with the white space behind it.
struct Piece {
    range: Range<usize>,
    characters: usize,
    ends_paragraph: bool,
}

/// The passages of these pages, in order; none goes from one page to the next, and without what is repeated they are the
/// whole text.
pub(super) fn cut(pages: &[Page]) -> Vec<Passage> {
    let mut passages = Vec::new();
    for page in pages.iter().filter(|page| !page.text.trim().is_empty()) {
        for (range, repeated) in stretches(&page.text) {
            passages.push(Passage { page: page.number, text: page.text[range].to_owned(), repeated });
        }
    }
    passages
}

/// Where passages lie in a text, and how many characters each repeats.
fn stretches(text: &str) -> Vec<(Range<usize>, usize)> {
    let pieces = pieces(text);
    let mut found = Vec::new();
    let mut first = 0;
    let mut repeated = 0;
    while first < pieces.len() {
        let mut length = pieces[first].characters;
        let mut next = first + 1;
        while next < pieces.len() && length + pieces[next].characters <= MAX_CHARS {
            if pieces[next - 1].ends_paragraph
                && length >= PARAGRAPH_BREAK_CHARS
                && next > first + usize::from(repeated > 0)
            {
                break;
            }
            length += pieces[next].characters;
            next += 1;
        }
        found.push((pieces[first].range.start..pieces[next - 1].range.end, repeated));
        if next == pieces.len() {
            break;
        }
        // Not the only new piece again, or nothing would ever be new.
        let last = &pieces[next - 1];
        let fits = last.characters <= MAX_OVERLAP_CHARS && last.characters + pieces[next].characters <= MAX_CHARS;
        let is_worth_it = fits && next > first + 1 && !last.ends_paragraph;
        repeated = if is_worth_it { last.characters } else { 0 };
        first = if is_worth_it { next - 1 } else { next };
    }
    found
}

/// The sentences and lines of a text; those that are too long for a passage in parts.
fn pieces(text: &str) -> Vec<Piece> {
    let mut pieces: Vec<Piece> = Vec::new();
    for (start, sentence) in text.split_sentence_bound_indices() {
        if sentence.trim().is_empty()
            && let Some(before) = pieces.last_mut()
            && before.characters + sentence.chars().count() <= MAX_CHARS
        {
            before.range.end = start + sentence.len();
            before.characters += sentence.chars().count();
            before.ends_paragraph = true;
            continue;
        }
        let mut rest = start;
        while rest < start + sentence.len() {
            let length = part(&text[rest..start + sentence.len()]);
            let range = rest..rest + length;
            rest = range.end;
            pieces.push(Piece { characters: text[range.clone()].chars().count(), range, ends_paragraph: false });
        }
    }
    pieces
}

/// How many bytes of a text a passage can hold, up to the end of a word where one ends.
fn part(text: &str) -> usize {
    let Some((longest, _)) = text.char_indices().nth(MAX_CHARS) else { return text.len() };
    let word = text[..longest].rfind(char::is_whitespace).filter(|at| *at > longest / 2);
    word.map_or(longest, |at| at + text[at..].chars().next().map_or(1, char::len_utf8))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(text: &str) -> Vec<Passage> {
        cut(&[Page { number: Some(7), text: text.to_owned() }])
    }

    fn whole(passages: &[Passage]) -> String {
        passages.iter().flat_map(|passage| passage.text.chars().skip(passage.repeated)).collect()
    }

    #[test]
    fn a_short_text_is_one_passage() {
        let text = "One sentence. Another one.\n\nAnd a paragraph.";
        assert_eq!(of(text), [Passage { page: Some(7), text: text.into(), repeated: 0 }]);
        assert!(of(" \n\n ").is_empty());
    }

    #[test]
    fn passages_repeat_a_sentence_and_are_the_whole_text() {
        let sentences: String = (0..200).map(|n| format!("This is sentence number {n} of a long text. ")).collect();
        let passages = of(&sentences);
        assert!(passages.len() > 8, "{}", passages.len());
        assert_eq!(whole(&passages), sentences);
        for pair in passages.windows(2) {
            assert!(pair[1].repeated > 20, "{pair:?}");
            assert!(pair[1].text.starts_with("This is"), "a passage begins with a sentence: {pair:?}");
            let repeated: String = pair[1].text.chars().take(pair[1].repeated).collect();
            assert!(pair[0].text.ends_with(&repeated));
        }
        assert!(passages.iter().all(|passage| passage.text.chars().count() <= MAX_CHARS));
    }

    #[test]
    fn passages_end_with_paragraphs_where_they_can() {
        let paragraph = format!("{}\n\n", "A sentence of some length stands here. ".repeat(18).trim_end());
        let passages = of(&paragraph.repeat(3));
        assert_eq!(passages.len(), 3);
        assert!(passages.iter().all(|passage| passage.text == paragraph && passage.repeated == 0));
    }

    #[test]
    fn endless_words_and_sentences_are_cut() {
        for text in ["x".repeat(5000), "ä ".repeat(3000), "𝄞".repeat(2500), "a\n".repeat(3000)] {
            let passages = of(&text);
            assert_eq!(whole(&passages), text);
            assert!(passages.len() > 1 && passages.iter().all(|passage| passage.text.chars().count() <= MAX_CHARS));
        }
    }
}
