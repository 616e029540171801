//! Conversations in the index: their titles and summaries.

use super::ConversationRow;
use crate::{
    index::{Indexed, IndexedNoun},
    vectors::{Document, Kind},
};

/// Conversations in the index, by their summaries.
pub(crate) const INDEXED: IndexedNoun = IndexedNoun::of::<ConversationRow>();

impl Indexed for ConversationRow {
    const KIND: Kind = Kind::Conversation;
    const TABLE: &'static str = "conversation";
    const KEY: &'static str = "cid";

    fn key(&self) -> &str {
        &self.cid
    }

    /// The document of a conversation that is not discarded and has a summary.
    fn document(&self) -> Option<Document> {
        let is_hidden = self.discarded || self.title.is_empty() && self.overview.is_empty();
        (!is_hidden).then(|| Document {
            user: self.user.clone(),
            kind: Kind::Conversation,
            id: self.cid.clone(),
            category: self.category.clone(),
            at: self.start().timestamp(),
            text: format!("{}\n{}", self.title, self.overview),
            dense: None,
        })
    }
}
