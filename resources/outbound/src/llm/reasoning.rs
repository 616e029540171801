//! The reasoning that some models send with an answer, between `<think>` and `</think>`.

const BEGIN: &str = "<think>";
const END: &str = "</think>";

/// Removes the reasoning from a streamed answer.
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
    /// The part of the answer in the next chunk and in what was held back.
    pub(super) fn filter(&mut self, chunk: String) -> String {
        if self.state == State::After {
            return chunk;
        }
        self.held.push_str(&chunk);
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
                // Blank lines between reasoning and answer may come in chunks of their own.
                if !answer.is_empty() {
                    self.state = State::After;
                }
                answer
            }
            _ => std::mem::take(&mut self.held),
        }
    }

    /// What was held back when the answer ends.
    pub(super) fn finish(&mut self) -> String {
        if self.state == State::Before { std::mem::take(&mut self.held) } else { String::new() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn passed(chunks: &[&str]) -> String {
        let mut filter = ReasoningFilter::default();
        let mut text: String = chunks.iter().map(|chunk| filter.filter((*chunk).to_owned())).collect();
        text.push_str(&filter.finish());
        text
    }

    #[test]
    fn only_reasoning_is_removed() {
        assert_eq!(passed(&["Ana", " keeps <think> bees"]), "Ana keeps <think> bees");
        assert_eq!(passed(&["<th", "ink>who", " is Ana?</th", "ink>\n", "\nAna ", "keeps bees"]), "Ana keeps bees");
        assert_eq!(passed(&["\n<think></think>Yes"]), "Yes");
        assert_eq!(passed(&["<"]), "<");
        assert_eq!(passed(&["<think>for ever"]), "");
    }
}
