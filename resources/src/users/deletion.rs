//! Deleting a user with all their data, in every table and in the vector index.

use std::{collections::HashSet, sync::Arc, time::Duration};

use schemas::user::Role;
use surrealdb::types::{Object, RecordId};
use tokio::{
    sync::oneshot,
    time::{sleep, timeout},
};

use super::{UserRow, Users, user_record};
use crate::{Error, Resources, Result, database::Params, vectors::Kind};

/// Tables whose row ids all begin with the user's id. Rows of all other tables are found by their fields as well, so
/// that new tables need no entry here.
const USER_TABLES: [&str; 16] = [
    "action_item",
    "action_item_text",
    "audit",
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

/// Tables whose rows belong to no user; the row in `user` itself is deleted last.
const GLOBAL_TABLES: [&str; 3] = ["schema", "server_secret", "user"];

/// Tables of credentials. Their rows are deleted together with the user's own row: until then they are refused with the
/// reason, and no identity of another issuer creates a new account.
const CREDENTIAL_TABLES: [&str; 5] = ["identity", "key", "oauth_access", "oauth_browser", "session"];

/// How many rows are deleted in one transaction.
const BATCH_SIZE: usize = 1000;

/// How long until a failed deletion is tried again.
const RETRY_INTERVAL: Duration = Duration::from_secs(30);

/// Delays after which a deletion is repeated: requests, answers and summaries that had begun before may still write for
/// some minutes.
const RECHECK_DELAYS: [Duration; 2] = [Duration::from_secs(10), Duration::from_secs(290)];

/// How long the last repetition waits at shutdown, for what other tasks still save.
const SHUTDOWN_DELAY: Duration = Duration::from_millis(500);

/// The outcome of deleting a user.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Deletion {
    /// Their data are deleted.
    Done,
    /// They are the owner, who cannot be deleted.
    Owner,
    /// There is no such user.
    Unknown,
}

/// A user being deleted.
struct DeletionJob {
    user: String,
    /// The ids of the user and of their keys and grants, by which rate limits count them.
    subjects: HashSet<String>,
}

/// Deletes a user with all their data. Their account is disabled first. The work continues if the caller is dropped, is
/// tried again after a failure, and resumes when the server starts again after a crash.
///
/// # Errors
/// Why some data are left for now.
pub async fn delete_account(resources: &Arc<Resources>, id: &str) -> Result<Deletion> {
    let (answer, answered) = oneshot::channel();
    // Shutdown waits for this as for answers that are being written.
    resources.tasks.spawn(run_deletion(Arc::clone(resources), id.to_owned(), answer));
    answered.await.map_err(Error::internal)?
}

/// Deletes the user, reports to the caller, and repeats the deletion until nothing can be left.
async fn run_deletion(resources: Arc<Resources>, id: String, answer: oneshot::Sender<Result<Deletion>>) {
    let (users, mut job) = (resources.users(), DeletionJob::new(&id));
    let marked = users.mark_deleting(&id).await;
    if !matches!(marked, Ok(Deletion::Done)) {
        // The caller may have been dropped.
        let _ = answer.send(marked);
        return;
    }
    let purged = users.purge(&mut job).await;
    let mut has_failed = purged.is_err();
    let _ = answer.send(purged.map(|()| Deletion::Done));
    let mut delays = RECHECK_DELAYS.into_iter();
    while let Some(delay) = if has_failed { Some(RETRY_INTERVAL) } else { delays.next() } {
        let is_last = is_stopped_within(&resources, delay).await;
        has_failed = users.purge(&mut job).await.is_err();
        if is_last {
            return;
        }
    }
}

/// Waits for the delay, or until the server stops; returns whether it stops.
async fn is_stopped_within(resources: &Resources, delay: Duration) -> bool {
    let is_stopped = timeout(delay, resources.tasks.stopped()).await.is_ok();
    if is_stopped {
        sleep(SHUTDOWN_DELAY).await;
    }
    is_stopped
}

impl DeletionJob {
    fn new(user: &str) -> Self {
        Self { user: user.to_owned(), subjects: HashSet::from([user.to_owned()]) }
    }
}

impl Users<'_> {
    /// Resumes deletions that a crash has interrupted.
    pub(crate) async fn finish_deletions(&self) -> Result<()> {
        let statement = "SELECT VALUE uid FROM user WHERE deleting_at != NONE";
        let deleting: Vec<String> = self.0.database.run(statement, Params::new()).await?.take(0)?;
        for user in deleting {
            self.purge(&mut DeletionJob::new(&user)).await?;
        }
        Ok(())
    }

    /// Marks an account as being deleted, except the owner's.
    async fn mark_deleting(&self, id: &str) -> Result<Deletion> {
        let statement = "UPDATE $id SET deleting_at = IF role != 'owner' { $now } ELSE { NONE }";
        let user = self.update_status(id, statement, Params::new().with("now", crate::now())).await?;
        Ok(match user.map(|user| user.role) {
            None => Deletion::Unknown,
            Some(Role::Owner) => Deletion::Owner,
            Some(Role::Member) => Deletion::Done,
        })
    }

    /// Deletes all data of the user, and the user last. It can be repeated, and then finds what was written late.
    async fn purge(&self, job: &mut DeletionJob) -> Result<()> {
        let purged = self.purge_all(job).await;
        purged.inspect_err(|error| tracing::warn!("data of a deleted user are left for now: {error}"))
    }

    async fn purge_all(&self, job: &mut DeletionJob) -> Result<()> {
        job.subjects.extend(self.keys_and_grants(&job.user).await?);
        // Open streams end, and background writers stop.
        job.subjects.iter().for_each(|id| self.0.auth.revocations.revoke(id));
        self.0.audit_writer.stop_recording(&job.user).await;
        self.0.rate_limiter.forget_subjects(&self.0.database, &job.subjects).await?;
        loop {
            // Requests from before the account was disabled run to their end.
            self.0.index.outbox.flush_barrier().await;
            let found = self.purge_rows(&job.user).await?;
            self.purge_vectors(&job.user).await?;
            if found == 0 {
                return self.purge_credentials(&job.user).await;
            }
        }
    }

    async fn purge_vectors(&self, user: &str) -> Result<()> {
        let _lock = self.0.index.outbox.lock().await;
        for kind in Kind::ALL {
            self.0.index.vectors.delete_all(user, kind).await?;
        }
        self.0.index.vectors.flush().await
    }

    /// The ids of a user's keys and grants.
    async fn keys_and_grants(&self, user: &str) -> Result<Vec<String>> {
        let statements = "SELECT VALUE key_id FROM key WHERE user = $user;
            SELECT VALUE grant_id FROM oauth_grant:[$user, NONE]..=[$user, {}];";
        let mut answers = self.0.database.run(statements, Params::new().with("user", user)).await?;
        let (keys, grants): (Vec<String>, Vec<String>) = (answers.take(0)?, answers.take(1)?);
        Ok([keys, grants].concat())
    }

    /// Deletes a user's credentials, and their own row.
    async fn purge_credentials(&self, user: &str) -> Result<()> {
        let credentials =
            CREDENTIAL_TABLES.map(|table| format!("DELETE {table} WHERE user = $user RETURN NONE;")).concat();
        let statements = format!("BEGIN; {credentials} DELETE $id RETURN BEFORE; COMMIT;");
        let params = Params::new().with("user", user).with("id", user_record(user));
        let purged = self.0.database.run(&statements, params).await;
        self.0.auth.account_status.invalidate(user);
        let rows: Vec<UserRow> = purged?.take(1 + CREDENTIAL_TABLES.len())?;
        if !rows.is_empty() {
            tracing::warn!(target: "audit", user, "user deleted");
        }
        Ok(())
    }

    /// Deletes the user's rows in all tables but those of credentials; returns how many there were.
    async fn purge_rows(&self, user: &str) -> Result<usize> {
        // Acceptances of shared action items: [share, user].
        let accepted = "LET $shares = (SELECT VALUE record::id(id) FROM share_link WHERE user = $user);
            SELECT VALUE id FROM action_item_acceptance
                WHERE record::id(id)[1] = $user OR record::id(id)[0] IN $shares;";
        let mut ids: Vec<RecordId> = self.0.database.run(accepted, Params::new().with("user", user)).await?.take(1)?;
        for table in self.tables().await? {
            let mut statements = format!("SELECT VALUE id FROM `{table}`:[$user, NONE]..=[$user, {{}}];");
            if !USER_TABLES.contains(&table.as_str()) {
                statements += &format!(
                    "SELECT VALUE id FROM `{table}` WHERE user = $user OR inviter = $user OR record::id(id) = $user;"
                );
            }
            let mut answers = self.0.database.run(&statements, Params::new().with("user", user)).await?;
            ids.extend(answers.take::<Vec<RecordId>>(0)?);
            if !USER_TABLES.contains(&table.as_str()) {
                ids.extend(answers.take::<Vec<RecordId>>(1)?);
            }
        }
        for batch in ids.chunks(BATCH_SIZE) {
            self.0.database.run("DELETE $ids RETURN NONE", Params::new().with("ids", batch.to_vec())).await?;
        }
        Ok(ids.len())
    }

    async fn tables(&self) -> Result<Vec<String>> {
        let info: Object = self.0.database.run("RETURN (INFO FOR DB).tables", Params::new()).await?.take(0)?;
        let names = info.keys().map(ToString::to_string);
        let is_purged =
            |name: &String| !GLOBAL_TABLES.contains(&name.as_str()) && !CREDENTIAL_TABLES.contains(&name.as_str());
        Ok(names.filter(is_purged).collect())
    }
}
