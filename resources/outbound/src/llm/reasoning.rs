//! What models say to themselves before they answer: some send it with the answer, between `<think>` and `</think>`.

const BEGIN: &str = "<think>";
const END: &str = "</think>";

/// Takes the thoughts out of an answer that comes piece by piece.
#[derive(Debug, Default)]
pub(super) struct ReasoningFilter {
    state: State,
    held: String,
}

#[derive(Debug, Default, PartialEq, Eq)]
enum State {
    #[default]
    Before,
    Within,
    After,
}

impl ReasoningFilter {
    /// What of the next piece, and of what was held back, is part of the answer.
    pub(super) fn pass(&mut self, piece: String) -> String {
        if self.state == State::After {
            return piece;
        }
        self.held.push_str(&piece);
        if self.state == State::Before {
            let begun = self.held.trim_start();
            if BEGIN.starts_with(begun) {
                return String::new();
            }
            self.state = if begun.starts_with(BEGIN) { State::Within } else { State::After };
        }
        match (&self.state, self.held.split_once(END)) {
            (State::Within, None) => String::new(),
            (State::Within, Some((_, answer))) => {
                let answer = answer.trim_start().to_owned();
                // Blank lines between thought and answer may come in pieces of their own.
                if !answer.is_empty() {
                    self.state = State::After;
                }
                answer
            }
            _ => std::mem::take(&mut self.held),
        }
    }

    /// What was held back of an answer that has ended.
    pub(super) fn rest(&mut self) -> String {
        if self.state == State::Before { std::mem::take(&mut self.held) } else { String::new() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn passed(pieces: &[&str]) -> String {
        let mut thoughts = ReasoningFilter::default();
        let mut text: String = pieces.iter().map(|piece| thoughts.pass((*piece).to_owned())).collect();
        text.push_str(&thoughts.rest());
        text
    }

    #[test]
    fn thoughts_are_taken_out_and_nothing_else() {
        assert_eq!(passed(&["Ana", " keeps <think> bees"]), "Ana keeps <think> bees");
        assert_eq!(passed(&["<th", "ink>who", " is Ana?</th", "ink>\n", "\nAna ", "keeps bees"]), "Ana keeps bees");
        assert_eq!(passed(&["\n<think></think>Yes"]), "Yes");
        assert_eq!(passed(&["<"]), "<");
        assert_eq!(passed(&["<think>for ever"]), "");
    }
}
