//! Passages: stored texts that can be shown and cited.

use chrono::{DateTime, Utc};
use schemas::chat::Citation;

/// The kind of a passage.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum PassageKind {
    /// A segment of a transcript.
    Segment,
    /// A segment of the conversation in progress.
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
    /// A daily summary.
    DailySummary,
}

/// A stored text that is relevant to a question.
#[derive(Debug, Clone)]
pub(crate) struct Passage {
    /// Its kind.
    pub(crate) kind: PassageKind,
    /// Its citation, whose quote is the whole text.
    pub(crate) citation: Citation,
    /// Its score, higher is better: as search returned it, comparable within a kind; after ranking, among all kinds.
    pub(crate) score: f32,
    /// Whether it is within the time range of the question.
    pub(crate) in_time_range: bool,
    /// The position of a segment in its transcript, or of a passage in its file, from 0.
    pub(crate) position: i64,
    /// The transcript lines right before and after it, in order.
    pub(crate) neighbours: Vec<TranscriptLine>,
    /// More about it, such as the due date of an action item.
    pub(crate) note: Option<String>,
}

/// A transcript line, as context.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct TranscriptLine {
    /// Its position in the transcript.
    pub(crate) position: i64,
    /// The speaker.
    pub(crate) speaker: String,
    /// The text.
    pub(crate) text: String,
    /// The time.
    pub(crate) at: DateTime<Utc>,
}

impl Passage {
    /// A passage with nothing but a citation and a score.
    pub(crate) fn new(kind: PassageKind, citation: Citation, score: f32) -> Self {
        Self { kind, citation, score, in_time_range: false, position: 0, neighbours: Vec::new(), note: None }
    }

    /// Whether `citation` cites this passage.
    pub(crate) fn matches(&self, citation: &Citation) -> bool {
        let Citation { kind, id, segment, .. } = &self.citation;
        (kind, id, segment) == (&citation.kind, &citation.id, &citation.segment)
    }
}
