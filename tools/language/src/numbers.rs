//! Numbers in a text, with the words around them.

use crate::stop_words::is_goal_title_stop_word;

/// A number or a word, in lower case.
#[derive(Debug, Clone, PartialEq)]
pub enum Token {
    /// A number.
    Number(f64),
    /// A word, or `%`.
    Word(String),
}

/// The numbers and words of a text, in order. `5km` is two tokens, as is `50%`; `n't` is one of its own.
pub fn tokenize(text: &str) -> Vec<Token> {
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
        let (token, tail) = rest.split_at(length);
        match first {
            '0'..='9' => found.extend(number(token).map(Token::Number)),
            '%' => found.push(Token::Word(token.to_owned())),
            _ if first.is_alphabetic() => found.push(Token::Word(token.to_owned())),
            _ => {}
        }
        rest = tail;
    }
    found
}

/// Parses a number: `3.5`, `3,5`, `10,000`.
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

/// The words of a goal's title that identify the goal.
pub fn title_words(title: &str) -> Vec<String> {
    let identifying = |token| match token {
        Token::Word(word) if word.chars().count() > 2 && !is_goal_title_stop_word(&word) => Some(word),
        _ => None,
    };
    tokenize(title).into_iter().filter_map(identifying).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_are_split_into_numbers_and_words() {
        let word = |word: &str| Token::Word(word.into());
        let number = Token::Number;
        assert_eq!(
            tokenize("Ran 5km, then 3.5 km."),
            [word("ran"), number(5.0), word("km"), word("then"), number(3.5), word("km")]
        );
        assert_eq!(
            tokenize("10,000 steps; 2,5 l; 50%"),
            [number(10_000.0), word("steps"), number(2.5), word("l"), number(50.0), word("%")]
        );
        assert_eq!(tokenize("I didn’t."), [word("i"), word("did"), word("n't")]);
        assert_eq!(tokenize(""), []);
    }
}
