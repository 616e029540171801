//! The summaries of conversations in the index.

use super::read::ConversationRow;
use crate::{Resources, Result, database::record, indexer::Name, outbox::Kind, vectors::Document};

impl Resources {
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
pub(crate) async fn documents(resources: &Resources, names: &[Name]) -> Result<Vec<Document>> {
    let rows = resources.read_summaries(names.iter().map(|name| name.record("conversation")).collect()).await?;
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
