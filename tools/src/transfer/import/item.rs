//! The items that every source is parsed into.

use resources::transfer::{ExportedActionItem, ExportedConversation, ExportedGoal, ExportedMemory};
use schemas::{chat::Message, daily_summary::DailySummary, folder::Folder, person::Person, preferences::Preferences};

/// The kind of an item.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
#[expect(missing_docs, reason = "each name says it all")]
pub enum ItemKind {
    Conversation,
    Memory,
    Person,
    ActionItem,
    Message,
    Goal,
    Folder,
    DailySummary,
    Preferences,
    /// A file of an unknown format, or a row of an unknown kind.
    File,
}

impl ItemKind {
    /// The plural for people.
    pub fn plural(self) -> &'static str {
        match self {
            ItemKind::Conversation => "conversations",
            ItemKind::Memory => "memories",
            ItemKind::Person => "people",
            ItemKind::ActionItem => "action items",
            ItemKind::Message => "chat messages",
            ItemKind::Goal => "goals",
            ItemKind::Folder => "folders",
            ItemKind::DailySummary => "daily summaries",
            ItemKind::Preferences => "preferences",
            ItemKind::File => "other rows and files",
        }
    }
}

/// An item to be stored.
#[derive(Debug)]
pub(super) enum ImportItem {
    /// A conversation, and the names of its speakers by their numbers, for those who are not people yet.
    Conversation(Box<ExportedConversation>, Vec<(i64, String)>),
    Memory(Box<ExportedMemory>),
    Person(Person),
    ActionItem(Box<ExportedActionItem>),
    /// An action item embedded in its conversation, which may also be in the list of action items.
    Embedded(Box<ExportedActionItem>),
    Message(Box<Message>),
    Goal(Box<ExportedGoal>),
    Folder(Folder),
    DailySummary(Box<DailySummary>),
    Preferences(Preferences),
    /// A part of a file that is not supported.
    Ignored(String),
}

/// An item with its location in the file.
#[derive(Debug)]
pub(super) struct ParsedItem {
    pub(super) kind: ItemKind,
    /// The location: `line 3`, `conversations[12]`.
    pub(super) location: String,
    /// The item, or why it cannot be parsed, for people.
    pub(super) item: Result<ImportItem, String>,
}

impl ParsedItem {
    pub(super) fn new(kind: ItemKind, location: String, item: Result<ImportItem, String>) -> Self {
        Self { kind, location, item }
    }

    pub(super) fn failed(kind: ItemKind, location: String, reason: String) -> Self {
        Self { kind, location, item: Err(reason) }
    }
}

impl ImportItem {
    /// A conversation whose speakers are already known.
    pub(super) fn conversation(conversation: ExportedConversation) -> Self {
        Self::Conversation(Box::new(conversation), Vec::new())
    }
}
