//! Chat messages, by user and session: a user has one session with Recollect and one with each app.

mod cited;
mod sharing;

use chrono::{DateTime, Utc};
use identity::crypto::digest;
use schemas::{chat::Message, share_link::ShareLinkKind};
use surrealdb::types::{RecordId, SurrealValue, Value};

pub use sharing::find_share;

use crate::{
    Database, Result,
    database::{Json, Params, record, row},
    paging::Position,
    share_links,
    transfer::in_order,
};

/// Queries of one user's chat messages.
pub struct Messages<'a> {
    database: &'a Database,
    user: &'a str,
}

/// Which messages to list, and where to go on.
#[derive(Debug, Clone, Copy, Default)]
pub struct Selection<'a> {
    /// The app whose session it is; none is Recollect itself.
    pub app_id: Option<&'a str>,
    /// Where the page before ended.
    pub after: Option<Position>,
    /// How many to skip.
    pub offset: u32,
    /// How many to return.
    pub limit: u32,
}

impl Selection<'_> {
    /// Where a page of this selection ends.
    pub fn end_of(&self, page: &[Message]) -> Option<Position> {
        Position::after(page.iter().map(|message| -message.created_at.timestamp_micros()), self.after)
    }
}

/// The result of reporting a message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Report {
    /// It is reported now.
    Done,
    /// It was reported before.
    AlreadyReported,
    /// It is the user's own.
    Own,
    /// There is no such message.
    Missing,
}

/// A row of `message`; the database adds what lists are read along.
#[derive(SurrealValue)]
struct MessageRow {
    user: String,
    app_id: Option<String>,
    created_at: DateTime<Utc>,
    message: Json<Message>,
}

/// Names the chat session of a user with an app, or with Recollect: always the same, and not to be guessed by others.
pub fn session_id(user: &str, app_id: Option<&str>) -> String {
    digest(&format!("chat session\n{user}\n{}", app_id.unwrap_or_default()))[..32].to_owned()
}

impl<'a> Messages<'a> {
    /// Queries of the rows of `user`.
    pub fn new(database: &'a Database, user: &'a str) -> Self {
        Self { database, user }
    }
}

impl Messages<'_> {
    /// Stores a message; returns it with its session and the conversations that it cites.
    pub async fn save(&self, message: &Message) -> Result<Message> {
        let params = Params::new().with("row", self.row(message));
        self.database.run("INSERT INTO message $row", params).await?;
        let mut kept = [self.in_session(message.clone())];
        self.show_cited(&mut kept).await?;
        let [kept] = kept;
        Ok(kept)
    }

    /// Stores a message unless its session has one, so that of two concurrent greetings one is stored.
    pub async fn save_first(&self, message: &Message) -> Result<()> {
        let statements = "BEGIN;
            UPSERT $chat RETURN NONE;
            DELETE $chat RETURN NONE;
            LET $there = (SELECT VALUE id FROM message WHERE user = $user AND app = $app LIMIT 1);
            IF count($there) = 0 { INSERT INTO message $row };
            COMMIT;";
        let app = message.app_id.as_deref();
        let chat = record("chat_session", self.user, app.unwrap_or_default());
        let params = self.of_session(app).with("chat", chat).with("row", self.row(message));
        self.database.run(statements, params).await.map(drop)
    }

    /// The messages of a session, newest first. What they cite is as it is now.
    pub async fn list(&self, selection: &Selection<'_>) -> Result<Vec<Message>> {
        let mut messages = self.newest(selection).await?;
        self.show_cited(&mut messages).await?;
        Ok(messages)
    }

    /// The last `limit` messages of the session with this app, or with Recollect, oldest first.
    pub async fn recent(&self, app_id: Option<&str>, limit: u32) -> Result<Vec<Message>> {
        let mut messages = self.newest(&Selection { app_id, limit, ..Selection::default() }).await?;
        messages.reverse();
        Ok(messages)
    }

    /// Deletes the messages of the session with this app, or with Recollect; links lose their copies.
    pub async fn clear(&self, app_id: Option<&str>) -> Result<()> {
        let statements = format!(
            "BEGIN;
            DELETE message WHERE user = $user AND app = $app RETURN NONE;
            {}
            COMMIT;",
            share_links::forget_deleted(ShareLinkKind::Message)
        );
        self.database.run(&statements, self.of_session(app_id)).await.map(drop)
    }

    /// Marks an answer as reported.
    pub async fn report(&self, id: &str) -> Result<Report> {
        let statements = "SELECT VALUE message.sender FROM $id;
            UPDATE $id SET message.reported = true WHERE message.sender = 'ai' AND !message.reported RETURN VALUE id;";
        let mut answers = self.database.run(statements, Params::new().with("id", self.record(id))).await?;
        let (sender, marked): (Vec<String>, Vec<RecordId>) = (answers.take(0)?, answers.take(1)?);
        Ok(match sender.first().map(String::as_str) {
            None => Report::Missing,
            Some("ai") if marked.is_empty() => Report::AlreadyReported,
            Some("ai") => Report::Done,
            Some(_) => Report::Own,
        })
    }

    /// Sets the user's rating of a message, or takes it away. Returns whether the message exists.
    pub async fn rate(&self, id: &str, rating: Option<i32>) -> Result<bool> {
        let statement = "RETURN count((UPDATE $id SET message.rating = $rating))";
        let params = Params::new().with("id", self.record(id)).with("rating", rating);
        let rated: i64 = self.database.run(statement, params).await?.take(0)?;
        Ok(rated > 0)
    }

    async fn newest(&self, selection: &Selection<'_>) -> Result<Vec<Message>> {
        let begins = if selection.after.is_some() { "AND created_rank >= $after" } else { "" };
        let statement = format!(
            "SELECT * FROM message WHERE user = $user AND app = $app {begins}
            ORDER BY created_rank LIMIT $limit START $skip"
        );
        let params = self
            .of_session(selection.app_id)
            .with("limit", selection.limit)
            .with("after", selection.after.map(|after| after.rank))
            .with("skip", selection.after.map_or(selection.offset, |after| after.seen));
        let rows: Vec<MessageRow> = self.database.run(&statement, params).await?.take(0)?;
        Ok(rows.into_iter().map(|row| self.in_session(row.message.0)).collect())
    }

    /// A message with the name of the session that it is in: that is made of the user, so it is not kept.
    fn in_session(&self, message: Message) -> Message {
        let chat_session_id = Some(session_id(self.user, message.app_id.as_deref()));
        Message { chat_session_id, ..message }
    }

    fn row(&self, message: &Message) -> Value {
        let fields = MessageRow {
            user: self.user.to_owned(),
            app_id: message.app_id.clone(),
            created_at: message.created_at,
            message: Json(Message { chat_session_id: None, ..message.clone() }),
        };
        row(self.record(&message.id), fields)
    }

    fn of_session(&self, app_id: Option<&str>) -> Params {
        Params::new().with("user", self.user).with("app", app_id.unwrap_or_default())
    }

    fn records(&self, ids: &[String]) -> Vec<RecordId> {
        ids.iter().map(|id| self.record(id)).collect()
    }

    fn record(&self, id: &str) -> RecordId {
        record("message", self.user, id)
    }
}

/// Export and import.
impl Messages<'_> {
    /// The ids of all messages, in order.
    pub async fn ids(&self) -> Result<Vec<String>> {
        self.database.keys("message", "message.id", self.user).await
    }

    /// The messages called `ids`, in that order, without the session: that is another one wherever they go.
    pub async fn export(&self, ids: &[String]) -> Result<Vec<Message>> {
        let params = Params::new().with("ids", self.records(ids));
        let rows: Vec<MessageRow> = self.database.run("SELECT * FROM $ids", params).await?.take(0)?;
        let messages = rows.into_iter().map(|row| row.message.0).collect();
        Ok(in_order(messages, ids, |message| &message.id))
    }

    /// Writes messages unchanged. An existing id is not overwritten; returns the ids of the new ones.
    pub async fn import(&self, messages: Vec<Message>) -> Result<Vec<String>> {
        let rows: Vec<Value> = messages.iter().map(|message| self.row(message)).collect();
        let statement = "RETURN (INSERT IGNORE INTO message $rows).map(|$row| $row.message.id)";
        self.database.run(statement, Params::new().with("rows", rows)).await?.take(0)
    }
}
