//! The kinds of objects that can be cited.

use futures::future::BoxFuture;
use serde::Serialize;
use serde_json::{Map, Value, json};

use super::documents::{self, Document, DocumentPart};
use crate::{
    Context, Error, Result, Tool,
    action_items::ACTION_ITEMS,
    conversations::CONVERSATIONS,
    daily_summaries::DAILY_SUMMARIES,
    files::{self, FILES},
    goals::GOALS,
    memories::MEMORIES,
    tool::Noun,
};

/// A kind of object that can be cited.
pub(super) struct CitableKind {
    pub(super) noun: &'static Noun,
    /// The suffix of the URI at which a part of it is read.
    pub(super) passages: &'static str,
    /// Reads a whole object, where the noun's reader returns only the beginning of long ones.
    whole: Option<Reader>,
    /// Renders an object, or a part of it; `None` when there is no such part.
    pub(super) open: fn(&Value, DocumentPart<'_>) -> Option<Document>,
}

/// Reads a whole object by its id. The caller's permission must have been checked.
pub(crate) type Reader = fn(Context, String) -> BoxFuture<'static, Result<Value>>;

/// All kinds that can be cited.
pub(super) const ALL: &[CitableKind] = &[
    CitableKind { noun: &MEMORIES, passages: "", whole: None, open: documents::memory },
    CitableKind {
        noun: &CONVERSATIONS,
        passages: "/transcript",
        whole: Some(whole_conversation),
        open: documents::conversation,
    },
    CitableKind { noun: &ACTION_ITEMS, passages: "", whole: None, open: documents::action_item },
    CitableKind { noun: &GOALS, passages: "", whole: None, open: documents::goal },
    CitableKind { noun: &DAILY_SUMMARIES, passages: "", whole: None, open: documents::daily_summary },
    CitableKind { noun: &FILES, passages: "", whole: Some(whole_file), open: documents::file },
];

/// The kind with this name.
pub(super) fn find(name: &str) -> Option<&'static CitableKind> {
    ALL.iter().find(|kind| kind.name() == name)
}

impl CitableKind {
    /// Its name in references and citations.
    pub(super) fn name(&self) -> &'static str {
        self.noun.name
    }

    /// Its name in URIs.
    pub(super) fn plural(&self) -> String {
        self.noun.plural.replace('_', "-")
    }

    /// The tool that reads one: who may not call it, may not cite either.
    pub(super) fn reader(&self) -> &'static Tool {
        self.noun.reader()
    }

    /// Reads an object by its id. Fails as its tool does.
    pub(super) async fn get(&self, context: &Context, id: &str) -> Result<Value> {
        if let Some(read) = self.whole {
            self.reader().permits(context)?;
            return read(context.clone(), id.to_owned()).await;
        }
        let given = Map::from_iter([(self.noun.id.to_owned(), json!(id))]);
        let mut result = self.reader().read_unaudited(context.clone(), given).await?;
        Ok(result[self.noun.name].take())
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
