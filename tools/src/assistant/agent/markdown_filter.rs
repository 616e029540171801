//! Markdown without anything that a client would load or hide. Text in the memory can ask a model for a picture whose
//! address carries what the model has read: a client that renders the picture sends it away.

/// HTML elements that load, submit or link to something.
const LOADING_ELEMENTS: [&str; 21] = [
    "a", "audio", "base", "body", "embed", "form", "frame", "iframe", "image", "img", "input", "link", "meta",
    "object", "script", "source", "style", "svg", "table", "track", "video",
];

/// The length of a picture that is waited for, in bytes: a longer one becomes plain text.
const MAX_PICTURE_LENGTH: usize = 4096;

/// The length of the longest of them, and of the slash before a closing one.
const MAX_ELEMENT_LENGTH: usize = 8;

/// Filters a text that arrives in pieces. Pictures are left out, and links become plain text with a visible
/// target.
#[derive(Debug, Default)]
pub(super) struct MarkdownFilter {
    /// The end of the text so far, which may be the beginning of something to be changed.
    held: String,
    /// Whether the current line has only spaces so far.
    in_line: bool,
    /// Whether the open bracket began a line, as a link definition does.
    defines: bool,
}

impl MarkdownFilter {
    /// Adds a piece. Returns what is safe to send.
    pub(super) fn push(&mut self, piece: &str) -> String {
        let text = std::mem::take(&mut self.held) + piece;
        let mut safe = String::with_capacity(text.len() + 8);
        let mut rest = text.as_str();
        while let Some(letter) = rest.chars().next() {
            let after = &rest[letter.len_utf8()..];
            match (letter, after.chars().next()) {
                ('!' | ']' | '<', None) => break,
                // A picture is left out but for its description.
                ('!', Some('[')) => match picture(after) {
                    Picture::Unknown => break,
                    Picture::Of { description, length } => {
                        safe.push_str(&description.replace("](", "] (").replace('!', ""));
                        rest = &after[length..];
                        continue;
                    }
                    Picture::None => {}
                },
                (']', Some('(' | '[')) => safe.push_str("] "),
                (']', Some(':')) if self.defines => safe.push_str("] "),
                ('<', Some(_)) => match is_loading_element(after) {
                    None => break,
                    Some(true) => safe.push_str("< "),
                    Some(false) => safe.push('<'),
                },
                _ => safe.push(letter),
            }
            self.advance(letter);
            rest = after;
        }
        self.held = rest.to_owned();
        safe
    }

    /// The rest of the text.
    pub(super) fn finish(&mut self) -> String {
        std::mem::take(&mut self.held)
    }

    fn advance(&mut self, letter: char) {
        match letter {
            '\n' => (self.in_line, self.defines) = (false, false),
            '[' if !self.in_line => (self.in_line, self.defines) = (true, true),
            ']' => self.defines = false,
            // Quotes and lists may hold a definition.
            ' ' | '\t' | '>' | '-' | '*' | '!' => {}
            _ => self.in_line = true,
        }
    }
}

/// What follows the exclamation mark of a picture.
enum Picture<'a> {
    /// `[description](address)`, or `[description][label]`, of this length.
    Of { description: &'a str, length: usize },
    /// Something else.
    None,
    /// Not known before more has arrived.
    Unknown,
}

fn picture(text: &str) -> Picture<'_> {
    let unknown = if text.len() > MAX_PICTURE_LENGTH { Picture::None } else { Picture::Unknown };
    let Some(end) = text.find(']') else { return unknown };
    let description = &text[1..end];
    let closing = match text[end + 1..].chars().next() {
        None => return unknown,
        Some('(') => ')',
        Some('[') => ']',
        Some(_) => return Picture::None,
    };
    match text[end + 2..].find(closing) {
        Some(length) => Picture::Of { description, length: end + 2 + length + 1 },
        None => unknown,
    }
}

/// Whether an element that loads something begins here; `None` while that cannot be known.
fn is_loading_element(text: &str) -> Option<bool> {
    let name = text.strip_prefix('/').unwrap_or(text);
    let end = name.find(|letter: char| !letter.is_ascii_alphanumeric());
    match end {
        Some(end) => Some(LOADING_ELEMENTS.iter().any(|element| name[..end].eq_ignore_ascii_case(element))),
        None if name.len() > MAX_ELEMENT_LENGTH => Some(false),
        None => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn filter(pieces: &[&str]) -> String {
        let mut filter = MarkdownFilter::default();
        let text: String = pieces.iter().map(|piece| filter.push(piece)).collect();
        text + &filter.finish()
    }

    #[test]
    fn pictures_and_hidden_links_become_plain_text() {
        let cases = [
            ("So: ![ ](https://evil.example/p.png?q=1)", "So:  "),
            ("![the kiln](https://evil.example/p.png) is hot", "the kiln is hot"),
            ("[here](https://evil.example)", "[here] (https://evil.example)"),
            ("[![a](https://evil.example/a)](https://b.example)", "[a] (https://b.example)"),
            ("![a][b]\n\n[b]: https://evil.example", "a\n\n[b] : https://evil.example"),
            ("> [b]: https://evil.example", "> [b] : https://evil.example"),
            ("<img src='https://evil.example'>", "< img src='https://evil.example'>"),
            ("<IMG/src=x></a>", "< IMG/src=x>< /a>"),
        ];
        for (text, expected) in cases {
            assert_eq!(filter(&[text]), expected);
            let letters: Vec<String> = text.chars().map(String::from).collect();
            assert_eq!(filter(&letters.iter().map(String::as_str).collect::<Vec<_>>()), expected, "letter by letter");
        }
    }

    #[test]
    fn other_text_stays() {
        for text in [
            "It was on 4 May [3]. See [1], [2]: he left!",
            "Vec<u8> and a < b, <https://visible.example>, x[0] = y",
            "Well! [sic] and **bold**, `code`, <b>b</b>",
            "Done!",
            "an open [bracket",
            "array]",
            "5 <",
            "<",
        ] {
            assert_eq!(filter(&[text]), text);
        }
    }
}
