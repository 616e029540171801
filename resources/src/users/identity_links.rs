//! Which account belongs to somebody whom an issuer vouches for.

use schemas::user::User;
use surrealdb::types::{Array, RecordId};

use super::{NewAccount, Users, normal_email, row::UserRow};
use crate::{
    Result,
    database::{Bound, row},
    identity::{Identity, SignUp},
};

/// Decides and writes at once, so that of many first requests at the same moment one makes the account, and none leaves
/// anything half done. A link whose user is gone is none. Whoever was invited is called what the invitation says.
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

/// Where the answer of [`LINK`] is.
const FOUND: usize = 13;

impl Users<'_> {
    /// The user whom an identity is linked to.
    pub(super) async fn linked(&self, identity: &Identity) -> Result<Option<User>> {
        let found = "LET $link = (SELECT VALUE user FROM $id);
            RETURN IF $link = [] { [] } ELSE { SELECT * FROM type::record('user', $link[0]) };";
        let bound = Bound::new().with("id", record(identity));
        let rows: Vec<UserRow> = self.0.database.run(found, bound).await?.take(1)?;
        Ok(rows.into_iter().next().map(User::from))
    }

    /// Links an identity that is new here to the account that it belongs to, as far as the configuration lets it: the
    /// one with its verified e-mail address, or a new one. `None` when there is none for it.
    pub(super) async fn link(&self, identity: &Identity) -> Result<Option<User>> {
        let settings = &self.0.sign_in.settings;
        let address = identity.email.as_deref().filter(|_| identity.email_verified).map(normal_email);
        let called = || address.as_ref()?.split('@').next().map(str::to_owned);
        let account = NewAccount {
            name: identity.name.clone().or_else(called).unwrap_or_default(),
            email: address.clone(),
            email_verified: address.is_some(),
            password: None,
        };
        let fields = account.into_row().await?;
        let new = super::record(&fields.uid);
        let bound = Bound::new()
            .with("id", record(identity))
            .with("issuer", identity.issuer.as_str())
            .with("now", crate::now())
            // An address that nobody vouched for here may have been written down by somebody else.
            .with("links", settings.link_by_email)
            .with("invites", address.is_some() && settings.sign_up == SignUp::Invited)
            .with("opens", settings.sign_up == SignUp::Open)
            .with("address", address)
            .with("new", new.clone())
            .with("row", row(new, fields));
        let rows: Vec<UserRow> = self.0.database.run(LINK, bound).await?.take(FOUND)?;
        let user = rows.into_iter().next().map(User::from);
        if let Some(User { id, .. }) = &user {
            let issuer = &identity.issuer;
            tracing::info!(target: "audit", user = id, issuer, "an identity was linked to an account");
        }
        Ok(user)
    }
}

fn record(identity: &Identity) -> RecordId {
    RecordId::new("identity", Array::from(vec![identity.issuer.clone(), identity.subject.clone()]))
}
