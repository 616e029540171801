//! A passage: something stored that can be shown and cited.

use chrono::{DateTime, Utc};
use schemas::chat::Citation;

/// What a passage is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    /// A segment of a transcript.
    Segment,
    /// A segment of the conversation that is in progress.
    Live,
    /// A conversation's summary.
    Summary,
    /// A memory.
    Memory,
    /// An action item.
    ActionItem,
    /// A part of a file.
    File,
    /// A goal.
    Goal,
    /// What a day came to.
    Day,
}

/// Something stored that bears on a question.
#[derive(Debug, Clone)]
pub(crate) struct Passage {
    /// What it is.
    pub(crate) kind: Kind,
    /// How it is cited; its quote is the whole text.
    pub(crate) citation: Citation,
    /// How well it fits: from search, comparable within a kind; once ranked, among all kinds. Higher is better.
    pub(crate) score: f32,
    /// Whether it is of the time that the question names.
    pub(crate) within: bool,
    /// Where a segment stands in its transcript, or a part in its file, from 0.
    pub(crate) place: i64,
    /// What was said right before and after it, in order.
    pub(crate) around: Vec<Line>,
    /// What else is to be known of it, such as when an action item is due.
    pub(crate) note: Option<String>,
}

/// Something said, as context.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Line {
    /// Where it stands in its transcript.
    pub(crate) place: i64,
    /// Who said it.
    pub(crate) speaker: String,
    /// What was said.
    pub(crate) text: String,
    /// When.
    pub(crate) at: DateTime<Utc>,
}

impl Passage {
    /// A passage that nothing more is known of than how it is cited and how well it fits.
    pub(crate) fn new(kind: Kind, citation: Citation, score: f32) -> Self {
        Self { kind, citation, score, within: false, place: 0, around: Vec::new(), note: None }
    }

    /// Whether this is what `citation` cites.
    pub(crate) fn is_of(&self, citation: &Citation) -> bool {
        let Citation { kind, id, segment, .. } = &self.citation;
        (kind, id, segment) == (&citation.kind, &citation.id, &citation.segment)
    }
}
