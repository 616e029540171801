//! Who somebody is here by what they bring: the key of the administrator, a token of ours, or the word of an issuer.

use schemas::user::{Role, User};
use subtle::ConstantTimeEq;
use surrealdb::types::{Array, RecordId};

use super::{NewAccount, Standing, TOKEN_PREFIX, Users, normal_email, row::UserRow};
use crate::{
    Error, Result, Secret,
    database::Bound,
    identity::{Identity, Refused, SignUp},
};

/// Somebody who has signed in as a user.
#[derive(Debug, Clone)]
pub struct Arrival {
    /// The user's id.
    pub user: String,
    /// What they may do beyond their own data.
    pub role: Role,
    /// The session that their token belongs to, where it belongs to one.
    pub session: Option<String>,
    /// Whether it is the administrator, who acts for that user.
    pub is_admin: bool,
}

impl Users<'_> {
    /// Who brings this token, and may come in.
    pub async fn arrive(&self, token: &str) -> Result<Arrival, Refused> {
        if let Some(user) = self.impersonated(token) {
            let role = self.admit(user).await?;
            return Ok(Arrival { user: user.to_owned(), role, session: None, is_admin: true });
        }
        if token.starts_with(TOKEN_PREFIX) {
            let user = self.find_by_token(token).await?.ok_or(Refused::Invalid("it is nobody's"))?;
            return self.arrived(user.id, None).await;
        }
        let identity = self.0.sign_in.verify(token).await?;
        match &identity.session {
            Some(session) if self.session_goes_on(&identity.subject, session).await? => {
                self.arrived(identity.subject, identity.session).await
            }
            Some(_) => Err(Refused::Ended),
            None => self.recognise(&identity).await.map(|arrival| arrival.1),
        }
    }

    /// The account of somebody whom an issuer vouches for: the one that they signed in to before or, as far as the
    /// configuration lets them, the one with their verified e-mail address, or a new one.
    pub async fn recognise(&self, identity: &Identity) -> Result<(User, Arrival), Refused> {
        let user = match self.linked(identity).await? {
            Some(user) => user,
            None => self.link(identity).await?.ok_or(Refused::Stranger)?,
        };
        let arrival = self.arrived(user.id.clone(), None).await?;
        Ok((user, arrival))
    }

    /// What a user may do beyond their own data, if they may come in.
    pub async fn admit(&self, user: &str) -> Result<Role, Refused> {
        match self.standing(user).await? {
            Standing::Active(role) => Ok(role),
            Standing::Disabled => Err(Refused::Disabled),
            Standing::Leaving => Err(Refused::Leaving),
            Standing::Unknown => Err(Refused::Invalid("it is nobody's")),
        }
    }

    async fn arrived(&self, user: String, session: Option<String>) -> Result<Arrival, Refused> {
        let role = self.admit(&user).await?;
        Ok(Arrival { user, role, session, is_admin: false })
    }

    /// The user whom the administrator acts for with this token.
    fn impersonated<'t>(&self, token: &'t str) -> Option<&'t str> {
        let key = self.0.sign_in.settings.admin_key.as_ref().map(Secret::expose)?;
        let (given, user) = token.split_at_checked(key.len())?;
        let is_key = bool::from(given.as_bytes().ct_eq(key.as_bytes()));
        (is_key && !user.is_empty()).then_some(user)
    }

    async fn linked(&self, identity: &Identity) -> Result<Option<User>> {
        let found = "LET $link = (SELECT VALUE user FROM $id);
            RETURN IF $link = [] { [] } ELSE { SELECT * FROM type::record('user', $link[0]) };";
        let bound = Bound::new().with("id", record(identity));
        let rows: Vec<UserRow> = self.0.database.run(found, bound).await?.take(1)?;
        Ok(rows.into_iter().next().map(User::from))
    }

    /// Decides which account an identity that is new here belongs to, and writes that down; `None` is none.
    async fn link(&self, identity: &Identity) -> Result<Option<User>> {
        let settings = &self.0.sign_in.settings;
        let address = identity.email.as_deref().filter(|_| identity.email_verified).map(normal_email);
        let known = match &address {
            Some(address) => self.find_by_email(address).await?,
            None => None,
        };
        if let Some(user) = known {
            // An address that nobody vouched for here may have been written down by somebody else.
            let may_link = settings.link_by_email && user.email_verified;
            return if may_link { self.write_link(identity, user).await.map(Some) } else { Ok(None) };
        }
        let invited = match (&address, settings.sign_up) {
            (Some(address), SignUp::Invited) => self.use_invitation_of(address).await?,
            _ => false,
        };
        if settings.sign_up != SignUp::Open && !invited {
            return Ok(None);
        }
        let named =
            identity.name.clone().or_else(|| address.as_ref().and_then(|it| it.split('@').next()).map(str::to_owned));
        let account = NewAccount {
            name: named.unwrap_or_else(|| "somebody".into()),
            email_verified: address.is_some(),
            email: address,
            password: None,
        };
        match self.create(account).await? {
            Some(user) => self.write_link(identity, user).await.map(Some),
            // Somebody with the same address was quicker, perhaps in another tab.
            None => self.linked(identity).await,
        }
    }

    async fn write_link(&self, identity: &Identity, user: User) -> Result<User> {
        let statement =
            "INSERT IGNORE INTO identity { id: $id, user: $user, issuer: $issuer, created_at: $now } RETURN NONE";
        let bound = Bound::new()
            .with("id", record(identity))
            .with("user", user.id.as_str())
            .with("issuer", identity.issuer.as_str())
            .with("now", crate::now());
        self.0.database.run(statement, bound).await?;
        tracing::info!(target: "audit", user = user.id, issuer = identity.issuer, "an identity was linked to an account");
        self.linked(identity).await?.ok_or_else(|| Error::internal("a link was lost"))
    }
}

fn record(identity: &Identity) -> RecordId {
    RecordId::new("identity", Array::from(vec![identity.issuer.clone(), identity.subject.clone()]))
}
