//! Conversations with their transcripts and photos.

mod photos;
mod processing_result;
mod row;
mod selection;
pub mod stats;
mod summaries;
mod transcript;
mod transfer;

use chrono::{DateTime, Utc};
use identity::crypto::keyed_digest;
use schemas::{conversation::*, share_link::ShareLinkKind};
use surrealdb::types::{Object, RecordId, SurrealValue, Value};

use crate::{
    Database, Index, Result,
    action_items::ActionItems,
    database::{self, Json, Params, name_of, record},
    folders::Folders,
    index::IndexLevel,
    jobs::{self, JobQueue},
    outbox::{self, Kind},
    share_links,
};
pub use processing_result::ProcessingResult;
pub(crate) use row::{ConversationRow, SegmentRow, segment_record};
pub use selection::Selection;
pub(crate) use summaries::INDEXED;
pub(crate) use transcript::segment_values;
pub use transcript::{Assignee, SegmentSelection};

/// Queries of one user's conversations.
pub struct Conversations<'a> {
    database: &'a Database,
    index: &'a Index,
    jobs: &'a JobQueue,
    user: &'a str,
}

/// A new conversation with its transcript.
#[derive(Debug, Clone)]
pub struct NewConversation {
    /// Its id.
    pub id: String,
    /// When it began.
    pub started_at: Option<DateTime<Utc>>,
    /// The offset from UTC, in seconds, with which its client wrote that.
    pub utc_offset: Option<i32>,
    /// When it ended.
    pub finished_at: Option<DateTime<Utc>>,
    /// The device or app that it came from.
    pub source: ConversationSource,
    /// The language spoken.
    pub language: Option<String>,
    /// The location.
    pub geolocation: Option<Geolocation>,
    /// Data of the app or import that it came from.
    pub external_data: Option<serde_json::Value>,
    /// The id of the recording device.
    pub client_device_id: Option<String>,
    /// The platform of that device.
    pub client_platform: Option<String>,
    /// Its status; `processing` enqueues a job.
    pub status: ConversationStatus,
    /// The transcript, in order.
    pub segments: Vec<TranscriptSegment>,
}

/// The result of creating a conversation.
#[derive(Debug, Clone, PartialEq)]
pub enum Created {
    /// It is stored.
    New,
    /// A conversation with this id exists.
    Exists {
        /// Its status.
        status: ConversationStatus,
        /// Whether it is discarded.
        discarded: bool,
    },
    /// A conversation with this id has been deleted.
    Deleted,
}

/// Changes of a conversation.
#[derive(Debug, Clone, Default)]
pub struct ConversationChange {
    /// Its title; processing does not change it any more.
    pub title: Option<String>,
    /// A summary in a few sentences.
    pub overview: Option<String>,
    /// Whether it is discarded: kept, but not listed.
    pub discarded: Option<bool>,
    /// Whether the user has starred it.
    pub starred: Option<bool>,
    /// Who may see it.
    pub visibility: Option<ConversationVisibility>,
    /// The folder it is in; none takes it out.
    pub folder_id: Option<Option<String>>,
    /// Its status.
    pub status: Option<ConversationStatus>,
    /// The appointments that came up.
    pub events: Option<Vec<Event>>,
    /// When it ended.
    pub finished_at: Option<DateTime<Utc>>,
    /// The language spoken.
    pub language: Option<String>,
    /// The results of apps.
    pub apps_results: Option<Vec<AppResult>>,
    /// Data of the app or import that it came from.
    pub external_data: Option<serde_json::Value>,
}

/// The newest conversations that their users have made public, of active accounts.
pub async fn list_public(database: &Database, offset: u32, limit: u32) -> Result<Vec<Conversation>> {
    let statement = "SELECT VALUE uid FROM user WHERE disabled_at != NONE OR deleting_at != NONE";
    let closed: Vec<String> = database.run(statement, Params::new()).await?.take(0)?;
    // Another condition would keep the limit out of the index.
    let of_others = if closed.is_empty() { "" } else { "AND user NOT IN $closed" };
    let statement = format!(
        "SELECT * FROM conversation WHERE visibility = 'public' {of_others} ORDER BY rank LIMIT $limit START $skip"
    );
    let params = Params::new().with("limit", limit).with("skip", offset).with("closed", closed);
    let rows: Vec<ConversationRow> = database.run(&statement, params).await?.take(0)?;
    Ok(rows.into_iter().map(Conversation::from).collect())
}

/// The user who has shared the conversation called `id`, or made it public; of several the one who did so first. `None` too
/// where that account is disabled.
pub async fn find_sharing_user(database: &Database, id: &str) -> Result<Option<String>> {
    let statement = "SELECT user, visibility, shared_at, type::record('user', user).disabled_at AS disabled_at,
        type::record('user', user).deleting_at AS deleting_at FROM conversation WHERE cid = $cid ORDER BY shared_at";
    let rows: Vec<Sharer> = database.run(statement, Params::new().with("cid", id)).await?.take(0)?;
    let private = name_of(&ConversationVisibility::Private);
    let first = rows.into_iter().find(|row| row.visibility != private);
    let active = first.filter(|row| row.disabled_at.is_none() && row.deleting_at.is_none());
    Ok(active.map(|row| row.user))
}

/// The id of the conversation that `user` has recorded as `session`, by the server's `secret`.
pub(crate) fn id_of_session(secret: &str, user: &str, session: &str) -> String {
    let digest = keyed_digest(secret, &format!("conversation\n{user}\n{session}"));
    let half: [u8; 16] = digest[..16].try_into().expect("half of 32 is 16");
    uuid::Builder::from_random_bytes(half).into_uuid().to_string()
}

impl<'a> Conversations<'a> {
    /// Queries of the rows of `user`.
    pub fn new(database: &'a Database, index: &'a Index, jobs: &'a JobQueue, user: &'a str) -> Self {
        Self { database, index, jobs, user }
    }
}

impl Conversations<'_> {
    /// The conversations of `selection`, newest first, without transcripts.
    pub async fn list(&self, selection: &Selection) -> Result<Vec<Conversation>> {
        let (conditions, params) = self.conditions(selection);
        let statement = format!("SELECT * FROM conversation WHERE {conditions} ORDER BY rank LIMIT $limit START $skip");
        let params = params.with("limit", selection.limit).with("skip", selection.skipped());
        let rows: Vec<ConversationRow> = self.database.run(&statement, params).await?.take(0)?;
        self.with_related(rows).await
    }

    /// The number of conversations of `selection` by source, regardless of its limit.
    pub async fn count(&self, selection: &Selection) -> Result<Vec<(ConversationSource, u64)>> {
        let (conditions, params) = self.conditions(selection);
        let statement = format!("SELECT source, count() AS n FROM conversation WHERE {conditions} GROUP BY source");
        let counted: Vec<Counted> = self.database.run(&statement, params).await?.take(0)?;
        let read = |Counted { source, n }| {
            (database::value_of(&source).unwrap_or(ConversationSource::Unknown), n.unsigned_abs())
        };
        Ok(counted.into_iter().map(read).collect())
    }

    /// The conversation called `id`, with its transcript and photos.
    pub async fn get(&self, id: &str) -> Result<Option<Conversation>> {
        let Some(mut conversation) = self.get_many(&[id.to_owned()]).await?.pop() else { return Ok(None) };
        self.add_transcripts(std::slice::from_mut(&mut conversation)).await?;
        conversation.photos = self.photos(id).await?;
        Ok(Some(conversation))
    }

    /// Those of the conversations called `ids` that exist, without transcripts, in the order of `ids`.
    pub async fn get_many(&self, ids: &[String]) -> Result<Vec<Conversation>> {
        let records: Vec<RecordId> = ids.iter().map(|id| self.record(id)).collect();
        let params = Params::new().with("ids", records);
        let mut rows: Vec<ConversationRow> = self.database.run("SELECT * FROM $ids", params).await?.take(0)?;
        rows.sort_by_key(|row| ids.iter().position(|id| *id == row.cid));
        self.with_related(rows).await
    }

    /// Writes a conversation with its transcript and, when it is to be processed, its job, in one
    /// transaction, unless its id exists.
    pub async fn create(&self, new: NewConversation) -> Result<Created> {
        let _writing = self.index.outbox.begin_write().await;
        let row = ConversationRow::new(self.user, &new);
        let segments = self.new_segments(&new.id, 0, new.segments);
        let (id, is_processed) = (new.id.clone(), new.status == ConversationStatus::Processing);
        let statements = "BEGIN;
            LET $there = (SELECT status, discarded FROM ONLY $id);
            LET $gone = (SELECT VALUE id FROM ONLY $tombstone);
            IF $there = NONE AND $gone = NONE {
                CREATE $id CONTENT $row;
                INSERT INTO segment $segments;
                INSERT INTO outbox $outbox;
                IF $job != NONE { UPSERT $job.id CONTENT $job; };
            };
            RETURN { there: $there, gone: $gone != NONE };
            COMMIT;";
        let params = Params::new()
            .with("id", self.record(&id))
            .with("tombstone", record("conversation_gone", self.user, &id))
            .with("row", row.clone())
            .with("segments", segment_values(&segments))
            .with("outbox", self.outbox_values(std::slice::from_ref(&id)))
            .with("job", is_processed.then(|| jobs::row(self.user, &id, jobs::ProcessMode::Automatic)));
        let found: Found = self.database.run(statements, params).await?.take(4)?;
        Ok(match found {
            Found { there: Some(state), .. } => Created::Exists {
                status: database::value_of(&state.status).unwrap_or_default(),
                discarded: state.discarded,
            },
            Found { gone: true, .. } => Created::Deleted,
            Found { .. } => {
                let indexed = self.index.index_transcript(&row, &segments, IndexLevel::Lexical).await;
                self.index.outbox.defer(indexed.map(drop));
                Created::New
            }
        })
    }

    /// Changes a conversation; `None` when it does not exist.
    pub async fn change(&self, id: &str, change: ConversationChange) -> Result<Option<Conversation>> {
        let _writing = self.index.outbox.begin_write().await;
        let statements = "BEGIN;
            UPDATE $id MERGE $fields;
            INSERT INTO outbox $outbox;
            SELECT * FROM $id;
            COMMIT;";
        let params = Params::new()
            .with("id", self.record(id))
            .with("fields", change.fields())
            .with("outbox", self.outbox_values(&[id.to_owned()]));
        let rows: Vec<ConversationRow> = self.database.run(statements, params).await?.take(3)?;
        self.index.index_rows(self.user, &rows).await;
        Ok(self.with_related(rows).await?.pop())
    }

    /// Deletes a conversation with its transcript, photos and job. Returns whether it existed. Memories and
    /// action items that were extracted from it are not deleted.
    pub async fn delete(&self, id: &str) -> Result<bool> {
        let _writing = self.index.outbox.begin_write().await;
        let statements = format!(
            "BEGIN;
            LET $gone = (DELETE ONLY $id RETURN BEFORE);
            IF $gone != NONE {{
                UPSERT $tombstone SET user = $user, deleted_at = $now;
                INSERT INTO outbox $outbox;
            }};
            DELETE segment:[$user, $cid, NONE]..=[$user, $cid, {{}}];
            DELETE photo:[$user, $cid, NONE]..=[$user, $cid, {{}}];
            DELETE $job;
            {}
            RETURN $gone != NONE;
            COMMIT;",
            share_links::forget_deleted(ShareLinkKind::Conversation)
        );
        let params = Params::new()
            .with("id", self.record(id))
            .with("cid", id)
            .with("user", self.user)
            .with("now", crate::now())
            .with("job", record("job", self.user, id))
            .with("tombstone", record("conversation_gone", self.user, id))
            .with("outbox", self.outbox_values(&[id.to_owned()]));
        let gone: bool = self.database.run(&statements, params).await?.take(8)?;
        self.index.refresh_transcript(self.user, id).await;
        self.index.remove_rows(Kind::Conversation, self.user, &[id.to_owned()]).await;
        Ok(gone)
    }

    /// The newest conversation with this status.
    pub async fn newest(&self, status: ConversationStatus) -> Result<Option<Conversation>> {
        let selection = Selection { statuses: vec![status], limit: 1, ..Selection::default() };
        Ok(self.list(&selection).await?.pop())
    }

    /// Converts rows, and adds action items and the names of folders.
    async fn with_related(&self, rows: Vec<ConversationRow>) -> Result<Vec<Conversation>> {
        let ids: Vec<String> = rows.iter().map(|row| row.cid.clone()).collect();
        if ids.is_empty() {
            return Ok(Vec::new());
        }
        let mut action_items = ActionItems::new(self.database, self.index, self.user).of_conversations(&ids).await?;
        let is_filed = rows.iter().any(|row| row.folder_id.is_some());
        let folders = if is_filed { Folders::new(self.database, self.user).names().await? } else { Default::default() };
        let complete = |row: ConversationRow| {
            let mut conversation = Conversation::from(row);
            let items = action_items.remove(&conversation.id).unwrap_or_default();
            conversation.structured.action_items = items.into_iter().map(Into::into).collect();
            conversation.folder_name = conversation.folder_id.as_ref().and_then(|id| folders.get(id).cloned());
            conversation
        };
        Ok(rows.into_iter().map(complete).collect())
    }

    /// The outbox rows of these conversations.
    fn outbox_values(&self, ids: &[String]) -> Vec<Value> {
        let kinds = [Kind::Conversation, Kind::Segment];
        kinds.into_iter().flat_map(|kind| outbox::rows(kind, self.user, ids)).collect()
    }

    fn record(&self, id: &str) -> RecordId {
        record("conversation", self.user, id)
    }
}

#[derive(SurrealValue)]
struct Found {
    there: Option<State>,
    gone: bool,
}

#[derive(SurrealValue)]
struct State {
    status: String,
    discarded: bool,
}

/// A user's conversation with an id that is followed.
#[derive(SurrealValue)]
struct Sharer {
    user: String,
    visibility: String,
    disabled_at: Option<DateTime<Utc>>,
    deleting_at: Option<DateTime<Utc>>,
}

/// When a conversation is shared that gets this visibility now.
fn shared_at(visibility: ConversationVisibility) -> Option<DateTime<Utc>> {
    (visibility != ConversationVisibility::Private).then(crate::now)
}

#[derive(SurrealValue)]
struct Counted {
    source: String,
    n: i64,
}

impl ConversationChange {
    /// The columns that change, with their new values.
    fn fields(self) -> Object {
        let mut parts = Object::new();
        let mut fields = Object::new();
        fields.insert("updated_at", crate::now());
        if let Some(title) = self.title {
            fields.insert("title", title);
            parts.insert("titled", true);
        }
        let columns = [
            ("overview", self.overview.map(SurrealValue::into_value)),
            ("discarded", self.discarded.map(SurrealValue::into_value)),
            ("starred", self.starred.map(SurrealValue::into_value)),
            ("visibility", self.visibility.map(|visibility| name_of(&visibility).into_value())),
            ("shared_at", self.visibility.map(|visibility| shared_at(visibility).into_value())),
            ("folder_id", self.folder_id.map(SurrealValue::into_value)),
            ("status", self.status.map(|status| name_of(&status).into_value())),
            ("finished_at", self.finished_at.map(SurrealValue::into_value)),
            ("language", self.language.map(SurrealValue::into_value)),
        ];
        fields.extend(columns.into_iter().filter_map(|(name, value)| Some((name.to_owned(), value?))));
        let nested = [
            ("events", self.events.map(|events| Json(events).into_value())),
            ("apps_results", self.apps_results.map(|results| Json(results).into_value())),
            ("external_data", self.external_data.map(SurrealValue::into_value)),
        ];
        parts.extend(nested.into_iter().filter_map(|(name, value)| Some((name.to_owned(), value?))));
        if !parts.is_empty() {
            fields.insert("parts", Value::Object(parts));
        }
        fields
    }
}
