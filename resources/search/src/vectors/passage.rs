//! Passages of speech: a segment of a transcript with its context.

use super::document::Document;
use super::token_signatures::TokenSignatures;

/// What the index stores of a passage beside its text.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Passage {
    /// What it can be filtered by, such as `speaker:1`.
    pub labels: Vec<String>,
    /// The neighbouring texts, each with the weight of its words relative to the passage's own.
    pub context: Vec<(String, f32)>,
    /// The id of the document that it is a part of.
    pub parent: String,
    /// The speaker's name.
    pub speaker: String,
    /// Whether it is a question, or an answer.
    pub act: DialogueAct,
    /// The signatures of its tokens; empty before it has been embedded.
    pub signatures: TokenSignatures,
    /// A hash of this state of the passage; empty to have it indexed again.
    pub digest: String,
}

/// A passage of speech as the index stores it.
#[derive(Clone, Debug)]
pub struct SpeechPassage {
    /// Its text, prefixed with the speaker, and its time.
    pub document: Document,
    /// Its context.
    pub passage: Passage,
}

/// Whether a passage asks, answers, or both.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct DialogueAct(u8);

impl DialogueAct {
    const QUESTION: u8 = 1;
    const ANSWER: u8 = 2;

    /// The act of `text`, which follows `before`: a text after a question is an answer.
    pub fn of(before: Option<&str>, text: &str) -> Self {
        let asks = |text: &str| text.trim_end().ends_with(['?', '？', '؟']);
        let (asking, answering) = (asks(text), before.is_some_and(asks));
        Self(if asking { Self::QUESTION } else { 0 } | if answering { Self::ANSWER } else { 0 })
    }

    /// Whether it is a question.
    pub fn is_question(self) -> bool {
        self.0 & Self::QUESTION != 0
    }

    /// Whether it is an answer.
    pub fn is_answer(self) -> bool {
        self.0 & Self::ANSWER != 0
    }

    pub(super) fn code(self) -> i64 {
        self.0.into()
    }

    pub(super) fn from_code(code: i64) -> Self {
        Self(code.clamp(0, 3) as u8)
    }
}
