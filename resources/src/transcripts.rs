//! Finding what was said, segment by segment.

use crate::Resources;

impl Resources {
    /// Makes what was said in a conversation findable by its words.
    pub(crate) async fn index_transcript(&self, _user: &str, _conversation: &str) {
        self.outbox.wake();
    }

    /// Makes the summary of a conversation findable by its words.
    pub(crate) async fn index_conversation(&self, _user: &str, _conversation: &str) {
        self.outbox.wake();
    }
}
