//! Search in transcripts, segment by segment.
//!
//! A transcript is indexed as its segments, each with its neighbours as context, and as a whole. A change of a
//! conversation's segments, its start, its speakers' names or whether it is discarded inserts one outbox row of the kind
//! `segment` with the conversation's id, in the same transaction, and then calls [`Index::refresh_transcript`]. Only
//! segments that differ from those in the index are written and embedded again.

mod index;
#[cfg(test)]
mod measurements;
mod read;
mod search;
#[cfg(test)]
mod tests;
mod time_hints;

pub(crate) use index::INDEXED;
pub use search::{ConversationMatch, TranscriptHit, TranscriptSearch};

use crate::Index;

/// The transcripts of one user.
pub struct Transcripts<'a> {
    index: &'a Index,
    user: &'a str,
}

impl<'a> Transcripts<'a> {
    /// Queries of `user`.
    pub fn new(index: &'a Index, user: &'a str) -> Self {
        Self { index, user }
    }
}
