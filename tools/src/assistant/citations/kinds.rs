//! What can be cited: one line for each kind.

use futures::future::BoxFuture;
use serde::Serialize;
use serde_json::{Map, Value, json};

use super::documents::{self, Document, Part};
use crate::{Context, Error, Result, files};

/// A kind of thing that can be cited.
pub(super) struct Kind {
    /// How ids and citations spell it.
    pub(super) name: &'static str,
    /// How addresses spell it.
    pub(super) plural: &'static str,
    /// What stands behind its id in the address at which a part of it is read.
    pub(super) passages: &'static str,
    /// The tool that gets one, and the argument that takes its id.
    pub(super) tool: &'static str,
    pub(super) argument: &'static str,
    source: Source,
    /// Makes a text of it, or of a part of it; nothing when the part is not there.
    pub(super) open: fn(&Value, Part<'_>) -> Option<Document>,
}

/// Where one is found.
enum Source {
    /// In this field of what its tool tells.
    Field(&'static str),
    /// By itself, for its tool tells only the beginning of what is long.
    Whole(Reader),
}

/// Reads something whole, by its id, for whoever is known to be allowed to.
pub(crate) type Reader = fn(Context, String) -> BoxFuture<'static, Result<Value>>;

/// Everything that can be cited.
pub(super) const ALL: &[Kind] = &[
    Kind {
        name: "memory",
        plural: "memories",
        passages: "",
        tool: "get_memory",
        argument: "memory_id",
        source: Source::Field("memory"),
        open: documents::memory,
    },
    Kind {
        name: "conversation",
        plural: "conversations",
        passages: "/transcript",
        tool: "get_conversation_by_id",
        argument: "conversation_id",
        source: Source::Whole(whole_conversation),
        open: documents::conversation,
    },
    Kind {
        name: "action_item",
        plural: "action-items",
        passages: "",
        tool: "get_action_item",
        argument: "action_item_id",
        source: Source::Field("action_item"),
        open: documents::action_item,
    },
    Kind {
        name: "goal",
        plural: "goals",
        passages: "",
        tool: "get_goal",
        argument: "goal_id",
        source: Source::Field("goal"),
        open: documents::goal,
    },
    Kind {
        name: "daily_summary",
        plural: "daily-summaries",
        passages: "",
        tool: "get_daily_summary",
        argument: "summary_id",
        source: Source::Field("daily_summary"),
        open: documents::daily_summary,
    },
    Kind {
        name: "file",
        plural: "files",
        passages: "",
        tool: "get_file",
        argument: "file_id",
        source: Source::Whole(whole_file),
        open: documents::file,
    },
];

/// The kind of this name.
pub(super) fn of(name: &str) -> Option<&'static Kind> {
    ALL.iter().find(|kind| kind.name == name)
}

impl Kind {
    /// The one with this id. Fails as its tool does.
    pub(super) async fn get(&self, context: &Context, id: &str) -> Result<Value> {
        let tool = crate::find(self.tool).expect("a kind names a tool that there is");
        match self.source {
            Source::Field(field) => {
                let given = Map::from_iter([(self.argument.to_owned(), json!(id))]);
                let mut result = tool.call_within(context.clone(), given).await?;
                Ok(result[field].take())
            }
            Source::Whole(read) => {
                tool.permits(context)?;
                read(context.clone(), id.to_owned()).await
            }
        }
    }
}

/// A conversation with all that was said in it.
pub(crate) fn whole_conversation(context: Context, id: String) -> BoxFuture<'static, Result<Value>> {
    Box::pin(async move { told(context.whole_conversation(&id).await?) })
}

/// A file with all of its text, in the field `text`, and passage by passage in `passages`.
pub(crate) fn whole_file(context: Context, id: String) -> BoxFuture<'static, Result<Value>> {
    Box::pin(async move {
        let (file, passages) = files::read_whole(&context, &id).await?;
        let mut row = told(file)?;
        row["text"] = passages.concat().into();
        row["passages"] = passages.into();
        Ok(row)
    })
}

fn told(thing: impl Serialize) -> Result<Value> {
    serde_json::to_value(thing).map_err(|error| Error::Internal(error.into()))
}
