//! Finding action items, by words at once and by meaning as soon as they are embedded.

use schemas::action_item::ActionItem;

use super::{ActionItems, row::ActionItemRow};
use crate::{
    Database, Result,
    database::Params,
    indexer::Name,
    outbox::Kind,
    vectors::{Document, Query},
};

impl ActionItems<'_> {
    /// The action items that fit `text` best, with their scores, 0 to 1.
    pub async fn search(&self, text: &str, limit: usize) -> Result<Vec<(ActionItem, f32)>> {
        let dense = self.index.meaning_of(text).await?;
        let query = Query {
            user: self.user,
            kind: Kind::ActionItem,
            text,
            dense: dense.as_deref(),
            categories: &[],
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

    /// Makes rows findable by their words, before the call that wrote them returns.
    pub(super) async fn index(&self, rows: &[ActionItemRow]) {
        let ids: Vec<String> = rows.iter().map(|row| row.aid.clone()).collect();
        let documents: Vec<Document> = rows.iter().map(document).collect();
        self.index.index_words(Kind::ActionItem, self.user, &ids, &documents).await;
    }

    /// Takes deleted action items out of the index.
    pub(super) async fn forget(&self, ids: &[String]) {
        self.index.index_words(Kind::ActionItem, self.user, ids, &[]).await;
    }
}

/// What is to be found of these action items, whoever they belong to; for the index worker alone.
pub(crate) async fn documents(database: &Database, names: &[Name]) -> Result<Vec<Document>> {
    let records: Vec<_> = names.iter().map(|name| name.record("action_item")).collect();
    let params = Params::new().with("ids", records);
    let rows: Vec<ActionItemRow> = database.run("SELECT * FROM $ids", params).await?.take(0)?;
    Ok(rows.iter().map(document).collect())
}

/// An action item as the index sees it, without its vector.
fn document(row: &ActionItemRow) -> Document {
    Document {
        user: row.user.clone(),
        kind: Kind::ActionItem,
        id: row.aid.clone(),
        category: row.status.clone(),
        at: row.created_at.timestamp(),
        text: row.description.clone(),
        dense: None,
    }
}
