//! Words and numbers of a text, for what has to do without a model.

/// Words of a title that say nothing of what it is about.
const COMMON: &[&str] =
    &["the", "and", "for", "this", "that", "more", "less", "every", "each", "day", "week", "with", "from"];

/// A number or a word, in lower case.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Piece {
    Number(f64),
    Word(String),
}

/// The numbers and words of a text, in order. `5km` is two pieces, as is `50%`; `n't` is one of its own.
pub(super) fn pieces(text: &str) -> Vec<Piece> {
    let text = text.to_lowercase().replace('’', "'").replace("n't", " n't ");
    let mut found = Vec::new();
    let mut rest = text.as_str();
    while let Some(first) = rest.chars().next() {
        let end = |fits: fn(char) -> bool| rest.find(|sign| !fits(sign)).unwrap_or(rest.len());
        let length = match first {
            '0'..='9' => end(|sign| sign.is_ascii_digit() || matches!(sign, '.' | ',')),
            _ if first.is_alphabetic() => end(|sign| sign.is_alphabetic() || sign == '\''),
            _ => first.len_utf8(),
        };
        let (piece, behind) = rest.split_at(length);
        match first {
            '0'..='9' => found.extend(number(piece).map(Piece::Number)),
            '%' => found.push(Piece::Word(piece.to_owned())),
            _ if first.is_alphabetic() => found.push(Piece::Word(piece.to_owned())),
            _ => {}
        }
        rest = behind;
    }
    found
}

/// A number as people write it: `3.5`, `3,5`, `10,000`.
fn number(text: &str) -> Option<f64> {
    let text = text.trim_end_matches(['.', ',']);
    let is_grouped =
        |(head, tail): (&str, &str)| !head.is_empty() && head != "0" && tail.split(',').all(|part| part.len() == 3);
    match text.split_once(',') {
        Some(parts) if is_grouped(parts) || text.contains('.') => text.replace(',', "").parse().ok(),
        Some(_) => text.replace(',', ".").parse().ok(),
        None => text.parse().ok(),
    }
}

/// The words of a title that say what it is about.
pub(super) fn title_words(title: &str) -> Vec<String> {
    let telling = |piece| match piece {
        Piece::Word(word) if word.chars().count() > 2 && !COMMON.contains(&word.as_str()) => Some(word),
        _ => None,
    };
    pieces(title).into_iter().filter_map(telling).collect()
}

/// Whether two words are forms of one: `run` and `running`, `cycle` and `cycling`.
pub(super) fn is_kin(one: &str, other: &str) -> bool {
    let (one, other) = (one.trim_end_matches('e'), other.trim_end_matches('e'));
    let (short, long) = if one.len() <= other.len() { (one, other) } else { (other, one) };
    short.len() > 2 && long.starts_with(short) && long.len() - short.len() <= 4
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_falls_into_numbers_and_words() {
        let word = |word: &str| Piece::Word(word.into());
        let number = Piece::Number;
        assert_eq!(
            pieces("Ran 5km, then 3.5 km."),
            [word("ran"), number(5.0), word("km"), word("then"), number(3.5), word("km")]
        );
        assert_eq!(
            pieces("10,000 steps; 2,5 l; 50%"),
            [number(10_000.0), word("steps"), number(2.5), word("l"), number(50.0), word("%")]
        );
        assert_eq!(pieces("I didn’t."), [word("i"), word("did"), word("n't")]);
        assert_eq!(pieces(""), []);
    }

    #[test]
    fn kin_are_forms_of_a_word() {
        assert!(is_kin("run", "running") && is_kin("books", "book") && is_kin("cycle", "cycling"));
        assert!(!is_kin("run", "runway-lights") && !is_kin("a", "an") && !is_kin("read", "run"));
    }
}
