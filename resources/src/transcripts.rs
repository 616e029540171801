//! Finding what was said, segment by segment.
//!
//! A transcript is indexed as its segments, each with those around it as context, and as a whole. Whatever changes a
//! conversation's segments, its start, its speakers' names or whether it is discarded writes one outbox row of the kind
//! `segment` with the conversation's id, in the same transaction, and then calls [`Index::index_transcript`]. Only
//! what differs from what the index holds is written or read by the model again.

mod index;
mod read;
mod search;
mod summaries;
#[cfg(test)]
mod tests;
mod times;

pub(crate) use index::IndexLevel;
pub use search::{ConversationMatch, TranscriptHit, TranscriptSearch};
pub(crate) use summaries::documents;

use crate::Index;

/// What was said in the conversations of one user; nothing of anyone else's can be reached through it.
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
