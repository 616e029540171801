//! What can be cited: one line for each kind.

use serde_json::{Map, Value, json};

use super::documents::{self, Document};
use crate::{Context, Result};

/// A kind of thing that can be cited.
pub(super) struct Kind {
    /// How ids and citations spell it.
    pub(super) name: &'static str,
    /// How addresses spell it.
    pub(super) plural: &'static str,
    /// The tool that gets one, and the argument that takes its id.
    pub(super) tool: &'static str,
    pub(super) argument: &'static str,
    /// The field of the tool's result that holds it; none where it is the result.
    field: Option<&'static str>,
    /// Makes a text of it, or of a part of it; nothing when the part is not there.
    pub(super) open: fn(&Value, Option<&str>) -> Option<Document>,
}

/// Everything that can be cited.
pub(super) const ALL: &[Kind] = &[
    Kind {
        name: "memory",
        plural: "memories",
        tool: "get_memory",
        argument: "memory_id",
        field: Some("memory"),
        open: documents::memory,
    },
    Kind {
        name: "conversation",
        plural: "conversations",
        tool: "get_conversation_by_id",
        argument: "conversation_id",
        field: None,
        open: documents::conversation,
    },
    Kind {
        name: "action_item",
        plural: "action-items",
        tool: "get_action_item",
        argument: "action_item_id",
        field: Some("action_item"),
        open: documents::action_item,
    },
    Kind {
        name: "goal",
        plural: "goals",
        tool: "get_goal",
        argument: "goal_id",
        field: Some("goal"),
        open: documents::goal,
    },
    Kind {
        name: "daily_summary",
        plural: "daily-summaries",
        tool: "get_daily_summary",
        argument: "summary_id",
        field: Some("daily_summary"),
        open: documents::daily_summary,
    },
    Kind { name: "file", plural: "files", tool: "get_file", argument: "file_id", field: None, open: documents::file },
];

/// The kind of this name.
pub(super) fn of(name: &str) -> Option<&'static Kind> {
    ALL.iter().find(|kind| kind.name == name)
}

impl Kind {
    /// The one with this id, as its tool tells it. Fails as the tool does.
    pub(super) async fn get(&self, context: &Context, id: &str) -> Result<Value> {
        let tool = crate::find(self.tool).expect("a kind names a tool that there is");
        let mut given = Map::from_iter([(self.argument.to_owned(), json!(id))]);
        for (bound, most) in [("max_segments", documents::MOST_SEGMENTS), ("max_chars", documents::LONGEST)] {
            if tool.arguments.takes(bound) {
                given.insert(bound.to_owned(), json!(most));
            }
        }
        let mut result = tool.call_within(context.clone(), given).await?;
        Ok(match self.field {
            Some(field) => result[field].take(),
            None => result,
        })
    }
}
