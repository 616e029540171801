//! The status of accounts, checked with every request.

use std::sync::Arc;

use schemas::user::{Role, User};

use super::{UserRow, Users, role_from_name, user_record};
use crate::{Error, Result, database::Params};

/// Whether a user may use this server.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AccountStatus {
    /// The account is active.
    Active(Role),
    /// The account is disabled.
    Disabled,
    /// The account is being deleted.
    Deleting,
    /// There is no such user.
    Unknown,
}

impl Users<'_> {
    /// The status of a user's account. With a database that other processes write to, it may be two seconds old.
    pub async fn account_status(&self, id: &str) -> Result<AccountStatus> {
        let load = async {
            let params = Params::new().with("id", user_record(id));
            let rows: Vec<UserRow> = self.0.database.run("SELECT * FROM $id", params).await?.take(0)?;
            Ok(Some(rows.first().map_or(AccountStatus::Unknown, UserRow::status)))
        };
        Ok(self.0.auth.account_status.get_or_load(id, load).await?.unwrap_or(AccountStatus::Unknown))
    }

    /// Changes an account's status by a statement on its row, `$id`; returns the user as changed. It runs to the end
    /// even if the caller is dropped: between the change and the invalidation, the cache would stay wrong.
    pub(super) async fn update_status(
        &self,
        id: &str,
        statement: &'static str,
        params: Params,
    ) -> Result<Option<User>> {
        let (database, cache) = (self.0.database.clone(), Arc::clone(&self.0.auth.account_status));
        let (params, user) = (params.with("id", user_record(id)), id.to_owned());
        let update = tokio::spawn(async move {
            let updated = async { database.run(statement, params).await?.take::<Vec<UserRow>>(0) }.await;
            cache.invalidate(&user);
            updated
        });
        let rows = update.await.map_err(Error::internal)??;
        Ok(rows.into_iter().next().map(User::from))
    }
}

impl UserRow {
    /// The status of this account.
    fn status(&self) -> AccountStatus {
        match (self.deleting_at, self.disabled_at) {
            (Some(_), _) => AccountStatus::Deleting,
            (None, Some(_)) => AccountStatus::Disabled,
            (None, None) => AccountStatus::Active(role_from_name(&self.role)),
        }
    }
}
