//! What a user has, as it goes out of one data folder and into another: everything that clients see of a row, and what
//! only the server knows of it.

use schemas::{
    action_item::ActionItem,
    conversation::Conversation,
    goal::{Goal, GoalPoint},
    memory::{Memory, MemoryRevision},
};
use serde::{Deserialize, Serialize};

/// A memory with its earlier texts.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ExportedMemory {
    /// The memory.
    #[serde(flatten)]
    pub memory: Memory,
    /// Its earlier texts, newest first.
    #[serde(default)]
    pub history: Vec<MemoryRevision>,
}

/// A conversation with everything that was said and seen in it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ExportedConversation {
    /// The conversation.
    #[serde(flatten)]
    pub conversation: Conversation,
    /// Whether the user has given the title, which processing then leaves alone.
    #[serde(default)]
    pub titled: bool,
}

/// An action item with its place in its conversation.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ExportedActionItem {
    /// The action item.
    #[serde(flatten)]
    pub item: ActionItem,
    /// Its place among the items of its conversation.
    #[serde(default)]
    pub place: i64,
    /// Whether it was drawn from its conversation, rather than written by hand.
    #[serde(default)]
    pub extracted: bool,
    /// Whether the user has changed it since.
    #[serde(default)]
    pub touched: bool,
}

/// A goal with its history.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ExportedGoal {
    /// The goal.
    #[serde(flatten)]
    pub goal: Goal,
    /// How far it was, newest day first.
    #[serde(default)]
    pub history: Vec<GoalPoint>,
}

impl From<Memory> for ExportedMemory {
    fn from(memory: Memory) -> Self {
        Self { memory, history: Vec::new() }
    }
}

/// These rows in the order of these ids.
pub(crate) fn in_order<T>(mut rows: Vec<T>, ids: &[String], id: impl Fn(&T) -> &str) -> Vec<T> {
    rows.sort_by_key(|row| ids.iter().position(|wanted| wanted == id(row)));
    rows
}
