//! The kinds of objects that can be cited.

use futures::future::BoxFuture;
use serde::Serialize;
use serde_json::{Map, Value, json};

use super::documents::{self, Document, DocumentPart};
use crate::{Context, Error, Result, files};

/// A kind of object that can be cited.
pub(super) struct CitableKind {
    /// Its name in references and citations.
    pub(super) name: &'static str,
    /// Its name in URIs.
    pub(super) plural: &'static str,
    /// The suffix of the URI at which a part of it is read.
    pub(super) passages: &'static str,
    /// The tool that reads one, and the argument for its id.
    pub(super) tool: &'static str,
    pub(super) argument: &'static str,
    source: ObjectSource,
    /// Renders an object, or a part of it; `None` when there is no such part.
    pub(super) open: fn(&Value, DocumentPart<'_>) -> Option<Document>,
}

/// Where an object is read.
enum ObjectSource {
    /// In this field of the tool's result.
    Field(&'static str),
    /// By a separate reader, as the tool returns only the beginning of long objects.
    Whole(Reader),
}

/// Reads a whole object by its id. The caller's permission must have been checked.
pub(crate) type Reader = fn(Context, String) -> BoxFuture<'static, Result<Value>>;

/// All kinds that can be cited.
pub(super) const ALL: &[CitableKind] = &[
    CitableKind {
        name: "memory",
        plural: "memories",
        passages: "",
        tool: "get_memory",
        argument: "memory_id",
        source: ObjectSource::Field("memory"),
        open: documents::memory,
    },
    CitableKind {
        name: "conversation",
        plural: "conversations",
        passages: "/transcript",
        tool: "get_conversation_by_id",
        argument: "conversation_id",
        source: ObjectSource::Whole(whole_conversation),
        open: documents::conversation,
    },
    CitableKind {
        name: "action_item",
        plural: "action-items",
        passages: "",
        tool: "get_action_item",
        argument: "action_item_id",
        source: ObjectSource::Field("action_item"),
        open: documents::action_item,
    },
    CitableKind {
        name: "goal",
        plural: "goals",
        passages: "",
        tool: "get_goal",
        argument: "goal_id",
        source: ObjectSource::Field("goal"),
        open: documents::goal,
    },
    CitableKind {
        name: "daily_summary",
        plural: "daily-summaries",
        passages: "",
        tool: "get_daily_summary",
        argument: "summary_id",
        source: ObjectSource::Field("daily_summary"),
        open: documents::daily_summary,
    },
    CitableKind {
        name: "file",
        plural: "files",
        passages: "",
        tool: "get_file",
        argument: "file_id",
        source: ObjectSource::Whole(whole_file),
        open: documents::file,
    },
];

/// The kind with this name.
pub(super) fn find(name: &str) -> Option<&'static CitableKind> {
    ALL.iter().find(|kind| kind.name == name)
}

impl CitableKind {
    /// Reads an object by its id. Fails as its tool does.
    pub(super) async fn get(&self, context: &Context, id: &str) -> Result<Value> {
        let tool = crate::find(self.tool).expect("kinds name existing tools");
        match self.source {
            ObjectSource::Field(field) => {
                let given = Map::from_iter([(self.argument.to_owned(), json!(id))]);
                let mut result = tool.read_unaudited(context.clone(), given).await?;
                Ok(result[field].take())
            }
            ObjectSource::Whole(read) => {
                tool.permits(context)?;
                read(context.clone(), id.to_owned()).await
            }
        }
    }
}

/// A conversation with its whole transcript.
pub(crate) fn whole_conversation(context: Context, id: String) -> BoxFuture<'static, Result<Value>> {
    Box::pin(async move { to_json(context.whole_conversation(&id).await?) })
}

/// A file with its whole text in the field `text`, and its passages in the field `passages`.
pub(crate) fn whole_file(context: Context, id: String) -> BoxFuture<'static, Result<Value>> {
    Box::pin(async move {
        let (file, passages) = files::read_whole(&context, &id).await?;
        let mut row = to_json(file)?;
        row["text"] = passages.concat().into();
        row["passages"] = passages.into();
        Ok(row)
    })
}

fn to_json(row: impl Serialize) -> Result<Value> {
    serde_json::to_value(row).map_err(|error| Error::Internal(error.into()))
}
