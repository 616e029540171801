//! Keeping what was made of a conversation.

use schemas::conversation::{ConversationCategory, Event, Processor};

use super::{Change, Conversations};
use crate::{
    Result,
    database::{Bound, Json, name_of, record},
    jobs,
};

/// What was made of a conversation, apart from action items and memories, which have rows of their own.
#[derive(Debug, Clone)]
pub struct Understood {
    /// Whether it is not worth keeping in view.
    pub discarded: bool,
    /// What it was about.
    pub title: String,
    /// What was said, in a few sentences.
    pub overview: String,
    /// One emoji for it.
    pub emoji: String,
    /// What it was about, in one word.
    pub category: ConversationCategory,
    /// Appointments that came up.
    pub events: Vec<Event>,
    /// The folder that it is filed in, unless it is in one already.
    pub folder_id: Option<String>,
    /// What made all this.
    pub processor: Processor,
}

impl Conversations<'_> {
    /// Keeps what was made of a conversation, which is completed with that, and ends its job, in one transaction. A title
    /// that the user has given stays. Says whether the conversation is there.
    pub async fn complete_with(&self, id: &str, understood: Understood) -> Result<bool> {
        let _writing = self.resources.outbox.writing().await;
        let statements = "BEGIN;
            LET $row = (UPDATE ONLY $id SET status = 'completed', updated_at = $now, discarded = $discarded,
                title = IF parts.titled { title } ELSE { $title }, overview = $overview, emoji = $emoji,
                category = $category, processor = $processor, folder_id = folder_id ?? $folder,
                parts.events = $events);
            IF $row != NONE {
                INSERT INTO outbox $outbox;
                UPDATE $job SET state = $done, updated_at = $now, finished_at = $now, last_error = NONE;
            };
            RETURN $row != NONE;
            COMMIT;";
        let bound = Bound::new()
            .with("id", self.record(id))
            .with("now", crate::now())
            .with("discarded", understood.discarded)
            .with("title", understood.title)
            .with("overview", understood.overview)
            .with("emoji", understood.emoji)
            .with("category", name_of(&understood.category))
            .with("processor", name_of(&understood.processor))
            .with("folder", understood.folder_id)
            .with("events", Json(understood.events))
            .with("job", record("job", self.user, id))
            .with("done", name_of(&jobs::State::Done))
            .with("outbox", self.outbox_values(&[id.to_owned()]));
        let there = self.resources.database.run(statements, bound).await?.take(3)?;
        self.resources.index_conversation(self.user, id).await;
        Ok(there)
    }

    /// Marks appointments of a conversation as being, or not being, in the user's calendar.
    pub async fn mark_events(&self, id: &str, mut events: Vec<Event>, marks: &[(usize, bool)]) -> Result<bool> {
        for (index, created) in marks {
            if let Some(event) = events.get_mut(*index) {
                event.created = *created;
            }
        }
        let change = Change { events: Some(events), ..Change::default() };
        Ok(self.change(id, change).await?.is_some())
    }
}
