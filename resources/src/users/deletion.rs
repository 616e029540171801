//! Deleting a user with everything that is theirs, in every table and in the index.

use std::{collections::HashSet, sync::Arc, time::Duration};

use schemas::user::Role;
use surrealdb::types::{Object, RecordId};
use tokio::{
    sync::oneshot,
    time::{sleep, timeout},
};

use super::{
    Users,
    row::{UserRow, record},
};
use crate::{Error, Resources, Result, database::Bound, vectors::Kind};

/// Tables whose rows all have ids that begin with the user. In any other, rows are looked for by what they say as well:
/// whoever adds a table need not think of this.
const WITHIN: [&str; 16] = [
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

/// Rows of no user, but for those that go last.
const NOBODYS: [&str; 3] = ["schema", "server_secret", "user"];

/// What opens a door to a user. It goes together with their own row: until then, whoever comes with it hears that the
/// account is being deleted, and no issuer's word makes another one.
const DOORS: [&str; 5] = ["identity", "key", "login", "oauth_access", "oauth_browser"];

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

/// After so long, what failed is tried again.
const AGAIN: Duration = Duration::from_secs(30);

/// After so long, and so long again, it is looked for what was still on its way when a user was deleted: what a request
/// wrote that had begun before, and an answer or a summary, which take minutes at most.
const LOOKS: [Duration; 2] = [Duration::from_secs(10), Duration::from_secs(290)];

/// How long a last look waits for what others put by when the server stops.
const PUT_BY: Duration = Duration::from_millis(500);

/// Somebody on the way out.
struct Leaver {
    user: String,
    /// The ids of their keys and grants, and their own: by these they are counted.
    subjects: HashSet<String>,
}

/// Deletes a user and everything that is theirs. They are locked out from the beginning; the work goes on when nobody
/// waits for it any more, what fails is tried again, and what a crash interrupts goes on when the server starts again.
///
/// # Errors
/// Why something of theirs is left for now.
pub async fn delete(resources: &Arc<Resources>, id: &str) -> Result<Deletion> {
    let (answer, answered) = oneshot::channel();
    // Who stops the server waits for this as for an answer that is being given.
    resources.sessions.spawn(see_off(Arc::clone(resources), id.to_owned(), answer));
    answered.await.map_err(Error::internal)?
}

/// Deletes, answers whoever waits, and looks again until nothing can be left.
async fn see_off(resources: Arc<Resources>, id: String, answer: oneshot::Sender<Result<Deletion>>) {
    let (users, mut leaver) = (resources.users(), Leaver::new(&id));
    let shut_out = users.shut_out(&id).await;
    if !matches!(shut_out, Ok(Deletion::Done)) {
        // Whoever asked may have gone.
        let _ = answer.send(shut_out);
        return;
    }
    let wiped = users.wipe(&mut leaver).await;
    let mut has_failed = wiped.is_err();
    let _ = answer.send(wiped.map(|()| Deletion::Done));
    let mut looks = LOOKS.into_iter();
    while let Some(pause) = if has_failed { Some(AGAIN) } else { looks.next() } {
        let is_last = is_stopped_within(&resources, pause).await;
        has_failed = users.wipe(&mut leaver).await.is_err();
        if is_last {
            return;
        }
    }
}

/// Lets so much time pass, unless the server stops; says whether it does.
async fn is_stopped_within(resources: &Resources, pause: Duration) -> bool {
    let is_stopped = timeout(pause, resources.sessions.stopped()).await.is_ok();
    if is_stopped {
        sleep(PUT_BY).await;
    }
    is_stopped
}

impl Leaver {
    fn new(user: &str) -> Self {
        Self { user: user.to_owned(), subjects: HashSet::from([user.to_owned()]) }
    }
}

impl Users<'_> {
    /// Goes on with what a crash has interrupted.
    pub(crate) async fn finish_deletions(&self) -> Result<()> {
        let statement = "SELECT VALUE uid FROM user WHERE leaving_at != NONE";
        let leaving: Vec<String> = self.0.database.run(statement, Bound::new()).await?.take(0)?;
        for user in leaving {
            self.wipe(&mut Leaver::new(&user)).await?;
        }
        Ok(())
    }

    /// Locks a user out for good, but not the owner.
    async fn shut_out(&self, id: &str) -> Result<Deletion> {
        let statement = "UPDATE $id SET leaving_at = IF role != 'owner' { $now } ELSE { NONE }";
        let user = self.change_standing(id, statement, Bound::new().with("now", crate::now())).await?;
        Ok(match user.map(|user| user.role) {
            None => Deletion::Unknown,
            Some(Role::Owner) => Deletion::Owner,
            Some(Role::Member) => Deletion::Done,
        })
    }

    /// Takes away everything that there is of somebody, and in the end themselves. Done again, it finds what came late.
    async fn wipe(&self, leaver: &mut Leaver) -> Result<()> {
        let wiped = self.wipe_all(leaver).await;
        wiped.inspect_err(|error| tracing::warn!("something is left for now of a user who is deleted: {error}"))
    }

    async fn wipe_all(&self, leaver: &mut Leaver) -> Result<()> {
        leaver.subjects.extend(self.keys_and_grants(&leaver.user).await?);
        // What is open is shut, and what writes by itself writes nothing more.
        leaver.subjects.iter().for_each(|id| self.0.endings.end(id));
        self.0.auditor.forget(&leaver.user).await;
        self.0.forget_subjects(&leaver.subjects).await?;
        loop {
            // Whoever came in before the door was shut writes to the end.
            self.0.outbox.barrier().await;
            let found = self.wipe_rows(&leaver.user).await?;
            self.wipe_vectors(&leaver.user).await?;
            if found == 0 {
                return self.wipe_doors(&leaver.user).await;
            }
        }
    }

    async fn wipe_vectors(&self, user: &str) -> Result<()> {
        let _alone = self.0.outbox.alone().await;
        for kind in Kind::ALL.into_iter().chain([Kind::Transcript]) {
            self.0.vectors.delete_all(user, kind).await?;
        }
        self.0.vectors.flush().await
    }

    /// The ids of a user's keys and grants.
    async fn keys_and_grants(&self, user: &str) -> Result<Vec<String>> {
        let statements = "SELECT VALUE key_id FROM key WHERE user = $user;
            SELECT VALUE grant_id FROM oauth_grant:[$user, NONE]..=[$user, {}];";
        let mut answers = self.0.database.run(statements, Bound::new().with("user", user)).await?;
        let (keys, grants): (Vec<String>, Vec<String>) = (answers.take(0)?, answers.take(1)?);
        Ok([keys, grants].concat())
    }

    /// Deletes what opens a door to a user, and their own row.
    async fn wipe_doors(&self, user: &str) -> Result<()> {
        let doors = DOORS.map(|table| format!("DELETE {table} WHERE user = $user RETURN NONE;")).concat();
        let statements = format!("BEGIN; {doors} DELETE $id RETURN BEFORE; COMMIT;");
        let bound = Bound::new().with("user", user).with("id", record(user));
        let wiped = self.0.database.run(&statements, bound).await;
        self.0.standings.forget(user);
        let rows: Vec<UserRow> = wiped?.take(1 + DOORS.len())?;
        if !rows.is_empty() {
            tracing::warn!(target: "audit", user, "a user was deleted");
        }
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
        let is_wiped = |name: &String| !NOBODYS.contains(&name.as_str()) && !DOORS.contains(&name.as_str());
        Ok(names.filter(is_wiped).collect())
    }
}
