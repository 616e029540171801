//! Whether a user may come in at all: asked at every request, whatever it signs in with.

use std::sync::Arc;

use schemas::user::{Role, User};

use super::{
    Users,
    row::{UserRow, record, role_of},
};
use crate::{Error, Result, database::Bound, ttl_cache::Lately};

/// How a user stands with this server.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Standing {
    /// They may come in.
    Active(Role),
    /// Their account is disabled.
    Disabled,
    /// Their account is being deleted.
    Leaving,
    /// There is no such user.
    Unknown,
}

/// How users stood lately, by their ids.
#[derive(Clone, Default)]
pub(crate) struct Standings(Arc<Lately<Standing>>);

impl Standings {
    /// Forgets how a user stood: it was changed just now.
    pub(super) fn forget(&self, id: &str) {
        self.0.forget(id);
    }
}

impl Users<'_> {
    /// How the user called `id` stands now. In a database that other processes write to, it may be what it was two
    /// seconds ago.
    pub async fn standing(&self, id: &str) -> Result<Standing> {
        let Standings(lately) = &self.0.standings;
        if let Some(standing) = lately.get(id, &self.0.database) {
            return Ok(standing);
        }
        let before = lately.before();
        let mut rows: Vec<UserRow> =
            self.0.database.run("SELECT * FROM $id", Bound::new().with("id", record(id))).await?.take(0)?;
        let standing = rows.pop().map_or(Standing::Unknown, |row| row.standing());
        lately.keep(id, standing, before);
        Ok(standing)
    }

    /// Changes how a user stands, by a statement on their row as `$id`; gives the user as they are then. Whoever hangs
    /// up does not break this off: between the change and the forgetting, what is believed would be wrong for good.
    pub(super) async fn change_standing(
        &self,
        id: &str,
        statement: &'static str,
        bound: Bound,
    ) -> Result<Option<User>> {
        let (database, standings, user) = (self.0.database.clone(), self.0.standings.clone(), id.to_owned());
        let bound = bound.with("id", record(id));
        let changing = tokio::spawn(async move {
            let changed = async { database.run(statement, bound).await?.take::<Vec<UserRow>>(0) }.await;
            standings.forget(&user);
            changed
        });
        let rows = changing.await.map_err(Error::internal)??;
        Ok(rows.into_iter().next().map(User::from))
    }
}

impl UserRow {
    /// How the user stands whose row this is.
    pub(super) fn standing(&self) -> Standing {
        match (self.leaving_at, self.disabled_at) {
            (Some(_), _) => Standing::Leaving,
            (None, Some(_)) => Standing::Disabled,
            (None, None) => Standing::Active(role_of(&self.role)),
        }
    }
}
