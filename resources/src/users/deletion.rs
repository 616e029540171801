//! Deleting a user with everything that is theirs, in every table and in the index.

use schemas::user::{Role, User};
use surrealdb::types::{Object, RecordId};

use super::{
    Users,
    row::{UserRow, record},
};
use crate::{Result, database::Bound, vectors::Kind};

/// Tables whose rows all have ids that begin with the user. In any other, rows are looked for by what they say as well:
/// whoever adds a table need not think of this.
const WITHIN: [&str; 15] = [
    "action_item",
    "action_item_text",
    "chat_file",
    "chat_file_chunk",
    "chat_file_image",
    "conversation",
    "conversation_gone",
    "daily_summary",
    "daily_summary_done",
    "delivery",
    "goal_point",
    "memory",
    "memory_revision",
    "photo",
    "segment",
];

/// Rows of no user: who was deleted is deleted last.
const NOBODYS: [&str; 3] = ["schema", "server_secret", "user"];

/// How many rows are deleted in one transaction.
const AT_ONCE: usize = 1000;

/// What came of deleting a user.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Deletion {
    /// Nothing of theirs is left.
    Done,
    /// They are the owner, who stays.
    Owner,
    /// There is no such user.
    Unknown,
}

impl Users<'_> {
    /// Deletes a user and everything that is theirs. They are locked out from the beginning; what a crash interrupts goes
    /// on when the server starts again.
    pub async fn delete(&self, id: &str) -> Result<Deletion> {
        let statement = "UPDATE $id SET leaving_at = IF role != 'owner' { $now } ELSE { NONE }";
        let bound = Bound::new().with("id", record(id)).with("now", crate::now());
        let rows: Vec<UserRow> = self.0.database.run(statement, bound).await?.take(0)?;
        self.0.standings.forget(id);
        match rows.into_iter().next().map(User::from) {
            None => Ok(Deletion::Unknown),
            Some(user) if user.role == Role::Owner => Ok(Deletion::Owner),
            Some(_) => {
                self.wipe(id).await?;
                tracing::warn!(target: "audit", user = id, "a user was deleted");
                Ok(Deletion::Done)
            }
        }
    }

    /// Goes on with what a crash has interrupted.
    pub(crate) async fn finish_deletions(&self) -> Result<()> {
        let statement = "SELECT VALUE uid FROM user WHERE leaving_at != NONE";
        let leaving: Vec<String> = self.0.database.run(statement, Bound::new()).await?.take(0)?;
        for user in leaving {
            self.wipe(&user).await?;
        }
        Ok(())
    }

    async fn wipe(&self, id: &str) -> Result<()> {
        // Whoever came in before the door was shut writes to the end.
        self.0.outbox.barrier().await;
        while self.wipe_rows(id).await? > 0 {}
        let _alone = self.0.outbox.alone().await;
        for kind in Kind::ALL.into_iter().chain([Kind::Transcript]) {
            self.0.vectors.delete_all(id, kind).await?;
        }
        self.0.vectors.flush().await?;
        self.0.database.run("DELETE $id RETURN NONE", Bound::new().with("id", record(id))).await?;
        self.0.standings.forget(id);
        Ok(())
    }

    /// Deletes what there is; says how many rows that was.
    async fn wipe_rows(&self, user: &str) -> Result<usize> {
        // Who has taken over what somebody shared: [share, user].
        let accepted = "LET $shares = (SELECT VALUE record::id(id) FROM action_item_share WHERE user = $user);
            SELECT VALUE id FROM action_item_acceptance
                WHERE record::id(id)[1] = $user OR record::id(id)[0] IN $shares;";
        let mut ids: Vec<RecordId> = self.0.database.run(accepted, Bound::new().with("user", user)).await?.take(1)?;
        for table in self.tables().await? {
            let mut statements = format!("SELECT VALUE id FROM `{table}`:[$user, NONE]..=[$user, {{}}];");
            if !WITHIN.contains(&table.as_str()) {
                statements += &format!(
                    "SELECT VALUE id FROM `{table}` WHERE user = $user OR inviter = $user OR record::id(id) = $user;"
                );
            }
            let mut answers = self.0.database.run(&statements, Bound::new().with("user", user)).await?;
            ids.extend(answers.take::<Vec<RecordId>>(0)?);
            if !WITHIN.contains(&table.as_str()) {
                ids.extend(answers.take::<Vec<RecordId>>(1)?);
            }
        }
        for some in ids.chunks(AT_ONCE) {
            self.0.database.run("DELETE $ids RETURN NONE", Bound::new().with("ids", some.to_vec())).await?;
        }
        Ok(ids.len())
    }

    async fn tables(&self) -> Result<Vec<String>> {
        let info: Object = self.0.database.run("RETURN (INFO FOR DB).tables", Bound::new()).await?.take(0)?;
        let names = info.keys().map(ToString::to_string);
        Ok(names.filter(|name| !NOBODYS.contains(&name.as_str())).collect())
    }
}
