//! What every source is turned into.

use resources::transfer::{KeptActionItem, KeptConversation, KeptGoal, KeptMemory};
use schemas::{chat::Message, daily_summary::DailySummary, folder::Folder, person::Person, preferences::Preferences};

/// What an import keeps.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
#[expect(missing_docs, reason = "each name says it all")]
pub enum Kind {
    Conversation,
    Memory,
    Person,
    ActionItem,
    Message,
    Goal,
    Folder,
    DailySummary,
    Preferences,
    /// A file that is not understood, or a row that is none of the others.
    File,
}

impl Kind {
    /// What several of them are called.
    pub fn plural(self) -> &'static str {
        match self {
            Kind::Conversation => "conversations",
            Kind::Memory => "memories",
            Kind::Person => "people",
            Kind::ActionItem => "action items",
            Kind::Message => "chat messages",
            Kind::Goal => "goals",
            Kind::Folder => "folders",
            Kind::DailySummary => "daily summaries",
            Kind::Preferences => "preferences",
            Kind::File => "other rows and files",
        }
    }
}

/// Something to be kept.
#[derive(Debug)]
pub(super) enum Thing {
    /// A conversation, and the names of those who speak in it and are not yet people, by the numbers of their voices.
    Conversation(Box<KeptConversation>, Vec<(i64, String)>),
    Memory(Box<KeptMemory>),
    Person(Person),
    ActionItem(Box<KeptActionItem>),
    /// An action item that stood in its conversation, and may stand among the action items as well.
    Embedded(Box<KeptActionItem>),
    Message(Box<Message>),
    Goal(Box<KeptGoal>),
    Folder(Folder),
    DailySummary(Box<DailySummary>),
    Preferences(Preferences),
    /// A part of a file that there is no place for.
    LeftOut(String),
}

/// What stands at one place of a file.
#[derive(Debug)]
pub(super) struct Found {
    pub(super) kind: Kind,
    /// Where: `line 3`, `conversations[12]`.
    pub(super) place: String,
    /// What, or why it cannot be read, as a sentence for people.
    pub(super) item: Result<Thing, String>,
}

impl Found {
    pub(super) fn new(kind: Kind, place: String, item: Result<Thing, String>) -> Self {
        Self { kind, place, item }
    }

    pub(super) fn broken(kind: Kind, place: String, reason: String) -> Self {
        Self { kind, place, item: Err(reason) }
    }
}

impl Thing {
    /// A conversation whose speakers are known already.
    pub(super) fn conversation(kept: KeptConversation) -> Self {
        Self::Conversation(Box::new(kept), Vec::new())
    }
}
