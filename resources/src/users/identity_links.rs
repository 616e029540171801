//! Links between identities of other issuers and accounts.

use identity::{Identity, SignUp};
use schemas::user::User;
use surrealdb::types::{Array, RecordId, SurrealValue};

use super::{NewAccount, UserRow, Users, accounts::log_displaced, normalize_email, user_record};
use crate::{
    Error, Result,
    database::{Params, row},
};

/// Decides and writes in one transaction, so that of several first requests at the same moment only one creates the
/// account. A link to a user who is gone does not count. An account that has not verified the address gives it up to the
/// new one. Invited users get the name of their invitation.
const LINK: &str = "BEGIN;
    LET $linked = (SELECT VALUE user FROM $id);
    LET $there = IF $linked = [] { [] } ELSE { SELECT * FROM type::record('user', $linked[0]) };
    LET $known = IF $there = [] AND $address != NONE { SELECT * FROM user WHERE email = $address } ELSE { [] };
    LET $is_verified = $known != [] AND $known[0].email_verified;
    LET $same = IF $links AND $is_verified { $known } ELSE { [] };
    LET $invited = IF $invites { SELECT * FROM invitation WHERE email = $address AND expires_at > $now } ELSE { [] };
    LET $makes = $there = [] AND !$is_verified AND ($opens OR $invited != []);
    LET $role = IF (SELECT VALUE id FROM user LIMIT 1) = [] { 'owner' } ELSE { 'member' };
    IF $makes AND $known != [] { UPDATE user SET email = NONE WHERE email = $address RETURN NONE; };
    IF $makes {
        INSERT INTO user object::extend($row, { role: $role, name: $invited[0].name ?? $row.name }) RETURN NONE;
    };
    IF $makes AND $invites { DELETE invitation WHERE email = $address RETURN NONE; };
    LET $made = IF $makes { SELECT * FROM $new } ELSE { [] };
    LET $found = array::concat($there, $same, $made);
    IF $there = [] AND $found != [] {
        UPSERT $id CONTENT { user: $found[0].uid, issuer: $issuer, created_at: $now } RETURN NONE;
    };
    LET $displaced = IF $makes { $known.uid } ELSE { [] };
    RETURN { found: $found, displaced: $displaced };
    COMMIT;";

/// The index of the statement of [`LINK`] that returns the outcome.
const OUTCOME: usize = 16;

/// The outcome of [`LINK`].
#[derive(SurrealValue)]
struct Outcome {
    /// The user of the identity, if there is one now.
    found: Vec<UserRow>,
    /// The user who had the address without having verified it.
    displaced: Vec<String>,
}

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
        let outcome: Option<Outcome> = self.0.database.run(LINK, params).await?.take(OUTCOME)?;
        let Outcome { found, displaced } =
            outcome.ok_or_else(|| Error::internal("the transaction returned nothing"))?;
        log_displaced(&displaced);
        let user = found.into_iter().next().map(User::from);
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
