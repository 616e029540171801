//! Documents, queries and hits: what goes into the index and what comes out of it.

/// The kind of record that a document represents.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Kind {
    /// A memory: one sentence or two.
    Memory,
    /// A conversation: its title and summary.
    Conversation,
    /// One segment of a conversation's transcript.
    Segment,
    /// An action item: what is to be done.
    ActionItem,
    /// The whole transcript of a conversation.
    Transcript,
    /// A passage of a file; its category is the file's id.
    File,
}

impl Kind {
    /// Every kind.
    pub const ALL: [Self; 6] =
        [Self::Memory, Self::Conversation, Self::Segment, Self::ActionItem, Self::Transcript, Self::File];

    /// The name that the index stores.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Memory => "memory",
            Self::Conversation => "conversation",
            Self::Segment => "segment",
            Self::ActionItem => "action_item",
            Self::Transcript => "transcript",
            Self::File => "file",
        }
    }
}

/// A record as the index stores it.
#[derive(Clone, Debug)]
pub struct Document {
    /// The user whom the record belongs to.
    pub user: String,
    /// The kind of record.
    pub kind: Kind,
    /// The record's id, unique within the user and kind.
    pub id: String,
    /// The record's category.
    pub category: String,
    /// The record's time, in Unix seconds.
    pub at: i64,
    /// The text that is searched.
    pub text: String,
    /// The embedding of that text; without it the record is found by its words alone.
    pub dense: Option<Vec<f32>>,
}

/// A search among the records of one kind.
#[derive(Clone, Copy, Debug)]
pub struct Query<'a> {
    /// The user whose records are searched; nothing of another user's is ever found.
    pub user: &'a str,
    /// The kind of records.
    pub kind: Kind,
    /// The words searched for.
    pub text: &'a str,
    /// The embedding of the text; without it only words count.
    pub dense: Option<&'a [f32]>,
    /// The categories searched in; empty for all.
    pub categories: &'a [String],
    /// The only records searched; `None` for all.
    pub ids: Option<&'a [String]>,
    /// The earliest time, inclusive, in Unix seconds.
    pub after: Option<i64>,
    /// The latest time, inclusive, in Unix seconds.
    pub before: Option<i64>,
    /// The maximum number of hits.
    pub limit: usize,
}

/// A record that was found.
#[derive(Clone, Debug, PartialEq)]
pub struct Hit {
    /// The record's id.
    pub id: String,
    /// From 0 to 1, higher is better; comparable only within one result.
    pub score: f32,
}
