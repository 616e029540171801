//! The nouns that are searched, as the index sees them.

use futures::{FutureExt, future::BoxFuture};
use surrealdb::types::{RecordId, SurrealValue};

use super::{Index, outbox::OutboxEntry};
use crate::{
    Database, Result,
    database::{Params, record},
    vectors::{Document, Kind},
};

/// A row that is searched as one document.
pub(crate) trait Indexed: SurrealValue + Send + 'static {
    /// The kind of its documents and outbox rows.
    const KIND: Kind;
    /// Its table.
    const TABLE: &'static str;
    /// The field that holds its key.
    const KEY: &'static str;

    /// Its key.
    fn key(&self) -> &str;

    /// Its document, without the embedding; none if it is hidden from search.
    fn document(&self) -> Option<Document>;
}

/// A searched noun: where its rows are, and how they are indexed.
pub(crate) struct IndexedNoun {
    /// The kind of its outbox rows.
    pub(crate) kind: Kind,
    /// The table of its rows.
    pub(crate) table: &'static str,
    /// The field that holds a row's key.
    pub(crate) key: &'static str,
    /// How its rows are indexed.
    pub(crate) indexing: Indexing,
}

/// How the rows of a noun are indexed.
#[derive(Clone, Copy)]
pub(crate) enum Indexing {
    /// Each is one document: they are read, embedded and written in batches. Rows that are gone or hidden have no
    /// document.
    Documents(ReadDocuments),
    /// Each is many passages: the noun brings the index up to date with one row and returns how many passages had
    /// changed.
    Passages(IndexPassages),
}

type ReadDocuments = for<'a> fn(&'a Database, Vec<RecordId>) -> BoxFuture<'a, Result<Vec<Document>>>;
type IndexPassages = for<'a> fn(&'a Index, &'a IndexKey, IndexLevel) -> BoxFuture<'a, Result<usize>>;

/// How much of a row is indexed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum IndexLevel {
    /// Its words only, which takes no time.
    Lexical,
    /// Its embeddings as well.
    Dense,
}

impl IndexedNoun {
    /// A noun whose rows are one document each.
    pub(crate) const fn of<R: Indexed>() -> Self {
        Self { kind: R::KIND, table: R::TABLE, key: R::KEY, indexing: Indexing::Documents(read_documents::<R>) }
    }
}

/// Reads the documents of rows of all users.
pub(super) fn read_documents<R: Indexed>(
    database: &Database,
    ids: Vec<RecordId>,
) -> BoxFuture<'_, Result<Vec<Document>>> {
    let read = async move {
        let rows: Vec<R> = database.run("SELECT * FROM $ids", Params::new().with("ids", ids)).await?.take(0)?;
        Ok(rows.iter().filter_map(R::document).collect())
    };
    read.boxed()
}

/// The key of a searched row.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct IndexKey {
    pub(crate) kind: Kind,
    pub(crate) user: String,
    pub(crate) key: String,
}

impl IndexKey {
    /// The row that an outbox row is about; none if this version does not know its kind.
    pub(crate) fn of(entry: &OutboxEntry) -> Option<Self> {
        let kind = Kind::ALL.into_iter().find(|kind| kind.as_str() == entry.kind)?;
        Some(Self { kind, user: entry.user.clone(), key: entry.key.clone() })
    }

    /// The row's id in a table whose ids are user and key.
    pub(crate) fn record(&self, table: &str) -> RecordId {
        record(table, &self.user, &self.key)
    }
}
