//! Links between identities of other issuers and accounts.

use identity::{Identity, SignUp};
use schemas::user::User;
use surrealdb::types::{Array, RecordId};

use super::{NewAccount, UserRow, Users, normalize_email, user_record};
use crate::{
    Result,
    database::{Params, row},
};

/// Decides and writes in one transaction, so that of several first requests at the same moment only one creates the
/// account. A link to a user who is gone does not count. Invited users get the name of their invitation.
const LINK: &str = "BEGIN;
    LET $linked = (SELECT VALUE user FROM $id);
    LET $there = IF $linked = [] { [] } ELSE { SELECT * FROM type::record('user', $linked[0]) };
    LET $known = IF $there = [] AND $address != NONE { SELECT * FROM user WHERE email = $address } ELSE { [] };
    LET $same = IF $links AND $known != [] AND $known[0].email_verified { $known } ELSE { [] };
    LET $invited = IF $invites { SELECT * FROM invitation WHERE email = $address AND expires_at > $now } ELSE { [] };
    LET $makes = $there = [] AND $known = [] AND ($opens OR $invited != []);
    LET $role = IF (SELECT VALUE id FROM user LIMIT 1) = [] { 'owner' } ELSE { 'member' };
    IF $makes {
        INSERT INTO user object::extend($row, { role: $role, name: $invited[0].name ?? $row.name }) RETURN NONE;
    };
    IF $makes AND $invites { DELETE invitation WHERE email = $address RETURN NONE; };
    LET $made = IF $makes { SELECT * FROM $new } ELSE { [] };
    LET $found = array::concat($there, $same, $made);
    IF $there = [] AND $found != [] {
        UPSERT $id CONTENT { user: $found[0].uid, issuer: $issuer, created_at: $now } RETURN NONE;
    };
    RETURN $found;
    COMMIT;";

/// The index of the statement of [`LINK`] that returns the user.
const FOUND: usize = 13;

impl Users<'_> {
    /// The user that an identity is linked to.
    pub(super) async fn linked_user(&self, identity: &Identity) -> Result<Option<User>> {
        let statements = "LET $link = (SELECT VALUE user FROM $id);
            RETURN IF $link = [] { [] } ELSE { SELECT * FROM type::record('user', $link[0]) };";
        let params = Params::new().with("id", link_record(identity));
        let rows: Vec<UserRow> = self.0.database.run(statements, params).await?.take(1)?;
        Ok(rows.into_iter().next().map(User::from))
    }

    /// Links a new identity to the account with its verified e-mail address, or to a new one, as far as the
    /// configuration allows. `None` when it gets no account.
    pub(super) async fn link_identity(&self, identity: &Identity) -> Result<Option<User>> {
        let settings = &self.0.identity.settings;
        let address = identity.email.as_deref().filter(|_| identity.email_verified).map(normalize_email);
        let name_in_address = || address.as_ref()?.split('@').next().map(str::to_owned);
        let account = NewAccount {
            name: identity.name.clone().or_else(name_in_address).unwrap_or_default(),
            email: address.clone(),
            email_verified: address.is_some(),
            password: None,
        };
        let fields = account.into_row().await?;
        let new = user_record(&fields.uid);
        let params = Params::new()
            .with("id", link_record(identity))
            .with("issuer", identity.issuer.as_str())
            .with("now", crate::now())
            // Only with accounts whose address is verified too: an unverified one may be somebody else's.
            .with("links", settings.link_by_email)
            .with("invites", address.is_some() && settings.sign_up == SignUp::Invited)
            .with("opens", settings.sign_up == SignUp::Open)
            .with("address", address)
            .with("new", new.clone())
            .with("row", row(new, fields));
        let rows: Vec<UserRow> = self.0.database.run(LINK, params).await?.take(FOUND)?;
        let user = rows.into_iter().next().map(User::from);
        if let Some(User { id, .. }) = &user {
            let issuer = &identity.issuer;
            tracing::info!(target: "audit", user = id, issuer, "identity linked to an account");
        }
        Ok(user)
    }
}

fn link_record(identity: &Identity) -> RecordId {
    RecordId::new("identity", Array::from(vec![identity.issuer.clone(), identity.subject.clone()]))
}
