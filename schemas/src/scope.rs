//! What a key may do.

use crate::key::KeyFamily;

/// One permission that a key can hold. Developer keys spell it `memories:read`, MCP keys `memories.read`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[expect(missing_docs, reason = "each name says it all")]
pub enum Scope {
    ConversationsRead,
    ConversationsWrite,
    MemoriesRead,
    MemoriesWrite,
    ActionItemsRead,
    ActionItemsWrite,
    GoalsRead,
    GoalsWrite,
    ChatRead,
    PeopleRead,
    PeopleCreate,
    SpeakersAssign,
}

use Scope::*;

impl Scope {
    /// What is acted on and how, the two halves of every spelling.
    fn parts(self) -> (&'static str, &'static str) {
        match self {
            ConversationsRead => ("conversations", "read"),
            ConversationsWrite => ("conversations", "write"),
            MemoriesRead => ("memories", "read"),
            MemoriesWrite => ("memories", "write"),
            ActionItemsRead => ("action_items", "read"),
            ActionItemsWrite => ("action_items", "write"),
            GoalsRead => ("goals", "read"),
            GoalsWrite => ("goals", "write"),
            ChatRead => ("chat", "read"),
            PeopleRead => ("people", "read"),
            PeopleCreate => ("people", "create"),
            SpeakersAssign => ("speakers", "assign"),
        }
    }

    /// The spelling that keys of `family` use.
    pub fn spelling(self, family: KeyFamily) -> String {
        let (what, how) = self.parts();
        match family {
            KeyFamily::Developer => format!("{what}:{how}"),
            KeyFamily::Mcp => format!("{what}.{how}"),
        }
    }

    /// What it lets its holder do, for people who are asked for it.
    pub fn in_words(self) -> &'static str {
        match self {
            ConversationsRead => "Read and search your conversations, their transcripts and the summaries of your days",
            ConversationsWrite => "Add, change and delete conversations",
            MemoriesRead => "Read and search your memories and your profile",
            MemoriesWrite => "Add, change and delete memories",
            ActionItemsRead => "Read and search your action items",
            ActionItemsWrite => "Add, change, complete and delete action items",
            GoalsRead => "Read your goals",
            GoalsWrite => "Add, change and delete goals",
            ChatRead => "Read your chats",
            PeopleRead => "Read whom you know, with samples of what they said",
            PeopleCreate => "Add people whom you know",
            SpeakersAssign => "Say who spoke in a conversation",
        }
    }

    /// Whether it lets its holder change something.
    pub fn changes(self) -> bool {
        self.parts().1 != "read"
    }

    /// The scopes that a key of `family` can hold, in the order they are listed to people.
    pub fn available(family: KeyFamily) -> &'static [Scope] {
        match family {
            KeyFamily::Developer => &[
                ConversationsRead,
                ConversationsWrite,
                MemoriesRead,
                MemoriesWrite,
                ActionItemsRead,
                ActionItemsWrite,
                GoalsRead,
                GoalsWrite,
            ],
            KeyFamily::Mcp => &[
                MemoriesRead,
                MemoriesWrite,
                ConversationsRead,
                ActionItemsRead,
                ActionItemsWrite,
                GoalsRead,
                ChatRead,
                PeopleRead,
                PeopleCreate,
                SpeakersAssign,
            ],
        }
    }

    /// What a key holds that was created without a word on scopes: a developer key reads, an MCP key does all.
    pub fn granted_by_default(family: KeyFamily) -> &'static [Scope] {
        match family {
            KeyFamily::Developer => &[ConversationsRead, MemoriesRead, ActionItemsRead, GoalsRead],
            KeyFamily::Mcp => Self::available(family),
        }
    }

    /// The scope that keys of `family` spell `text`.
    pub fn parse(text: &str, family: KeyFamily) -> Option<Scope> {
        Self::available(family).iter().copied().find(|scope| scope.spelling(family) == text)
    }
}
