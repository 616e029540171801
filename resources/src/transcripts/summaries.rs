//! The summaries of conversations in the index.

use super::{Transcripts, read::ConversationRow};
use crate::{
    Index, Result,
    database::record,
    indexer::Name,
    outbox::Kind,
    vectors::{Document, Query},
};

impl Transcripts<'_> {
    /// The ids of the conversations whose summaries fit best, with their scores, 0 to 1, best first.
    pub async fn search_summaries(&self, text: &str, limit: usize) -> Result<Vec<(String, f32)>> {
        let dense = self.index.meaning_of(text).await?;
        let query = Query {
            user: self.user,
            kind: Kind::Conversation,
            text,
            dense: dense.as_deref(),
            categories: &[],
            after: None,
            before: None,
            limit,
        };
        let hits = self.index.vectors.search(&query).await?;
        Ok(hits.into_iter().map(|hit| (hit.id, hit.score)).collect())
    }
}

impl Index {
    /// Makes the summary of a conversation findable by its words, before the call that changed it returns.
    pub(crate) async fn index_conversation(&self, user: &str, conversation: &str) {
        match self.read_summaries(vec![record("conversation", user, conversation)]).await {
            Ok(rows) => {
                let documents: Vec<Document> = rows.iter().filter(is_findable).map(document).collect();
                self.index_words(Kind::Conversation, user, &[conversation.to_owned()], &documents).await;
            }
            Err(error) => self.outbox.later(Err(error)),
        }
    }
}

/// What there is to find of these conversations' summaries.
pub(crate) async fn documents(index: &Index, names: &[Name]) -> Result<Vec<Document>> {
    let rows = index.read_summaries(names.iter().map(|name| name.record("conversation")).collect()).await?;
    Ok(rows.iter().filter(is_findable).map(document).collect())
}

/// Whether a conversation's summary may be found: it has one, and the conversation is kept in view.
fn is_findable(row: &&ConversationRow) -> bool {
    !(row.discarded || row.title.is_empty() && row.overview.is_empty())
}

fn document(row: &ConversationRow) -> Document {
    Document {
        user: row.user.clone(),
        kind: Kind::Conversation,
        id: row.key.clone(),
        category: row.category.clone(),
        at: row.at.timestamp(),
        text: format!("{}\n{}", row.title, row.overview),
        dense: None,
    }
}
