//! Finding action items, by words at once and by meaning as soon as they are embedded.

use schemas::action_item::ActionItem;

use super::{ActionItems, row::ActionItemRow};
use crate::{
    Result,
    index::{Indexed, IndexedNoun},
    vectors::{Document, Kind, Query},
};

impl ActionItems<'_> {
    /// The action items that fit `text` best, with their scores, 0 to 1.
    pub async fn search(&self, text: &str, limit: usize) -> Result<Vec<(ActionItem, f32)>> {
        let dense = self.index.embed_query(text).await?;
        let query = Query {
            user: self.user,
            kind: Kind::ActionItem,
            text,
            dense: dense.as_deref(),
            categories: &[],
            ids: None,
            after: None,
            before: None,
            // A row can have gone since it was indexed: a few more fill the page.
            limit: limit + 5,
        };
        let hits = self.index.vectors.search(&query).await?;
        let ids: Vec<String> = hits.iter().map(|hit| hit.id.clone()).collect();
        let mut items = self.get_many(&ids).await?;
        let found = hits.into_iter().filter_map(|hit| {
            let at = items.iter().position(|item| item.id == hit.id)?;
            Some((items.swap_remove(at), hit.score))
        });
        Ok(found.take(limit).collect())
    }
}

/// Action items in the index.
pub(crate) const INDEXED: IndexedNoun = IndexedNoun::of::<ActionItemRow>();

impl Indexed for ActionItemRow {
    const KIND: Kind = Kind::ActionItem;
    const TABLE: &'static str = "action_item";
    const KEY: &'static str = "aid";

    fn key(&self) -> &str {
        &self.aid
    }

    fn document(&self) -> Option<Document> {
        Some(Document {
            user: self.user.clone(),
            kind: Kind::ActionItem,
            id: self.aid.clone(),
            category: self.status.clone(),
            at: self.created_at.timestamp(),
            text: self.description.clone(),
            dense: None,
        })
    }
}
