//! Scopes: the permissions of keys.

use crate::key::KeyFamily;

/// One permission that a key can have. Developer keys spell it `memories:read`, MCP keys `memories.read`.
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
    /// The noun and the verb of the scope.
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

    /// The scope as keys of `family` spell it.
    pub fn spelling(self, family: KeyFamily) -> String {
        let (noun, verb) = self.parts();
        match family {
            KeyFamily::Developer => format!("{noun}:{verb}"),
            KeyFamily::Mcp => format!("{noun}.{verb}"),
        }
    }

    /// What it permits, for the consent page.
    pub fn description(self) -> &'static str {
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

    /// Whether it permits changes.
    pub fn is_write(self) -> bool {
        self.parts().1 != "read"
    }

    /// The scopes that a key of `family` can have, in display order.
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

    /// The scopes of a key that was created without any: those for reading for a developer key, all for an MCP key.
    pub fn defaults(family: KeyFamily) -> &'static [Scope] {
        match family {
            KeyFamily::Developer => &[ConversationsRead, MemoriesRead, ActionItemsRead, GoalsRead],
            KeyFamily::Mcp => Self::available(family),
        }
    }

    /// The scope that `text` spells in keys of `family`.
    pub fn parse(text: &str, family: KeyFamily) -> Option<Scope> {
        Self::available(family).iter().copied().find(|scope| scope.spelling(family) == text)
    }
}
