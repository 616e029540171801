//! Who somebody is here by what they bring: the key of the administrator, a token of ours, or the word of an issuer.

use schemas::user::{Role, User};
use subtle::ConstantTimeEq;

use super::{Standing, TOKEN_PREFIX, Users};
use crate::{
    Secret,
    identity::{Identity, Refused},
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
            return self.arrived(user.id).await;
        }
        let identity = self.0.sign_in.verify(token).await?;
        match &identity.session {
            Some(session) => self.arrive_in_session(&identity.subject, session).await,
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
        let arrival = self.arrived(user.id.clone()).await?;
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

    async fn arrived(&self, user: String) -> Result<Arrival, Refused> {
        let role = self.admit(&user).await?;
        Ok(Arrival { user, role, session: None, is_admin: false })
    }

    /// Whoever may not come in hears why, whatever has become of the session; of a user who is gone, each has ended.
    async fn arrive_in_session(&self, user: &str, session: &str) -> Result<Arrival, Refused> {
        let role = match self.admit(user).await {
            Err(Refused::Invalid(_)) => return Err(Refused::Ended),
            admitted => admitted?,
        };
        if !self.session_goes_on(user, session).await? {
            return Err(Refused::Ended);
        }
        Ok(Arrival { user: user.to_owned(), role, session: Some(session.to_owned()), is_admin: false })
    }

    /// The user whom the administrator acts for with this token.
    fn impersonated<'t>(&self, token: &'t str) -> Option<&'t str> {
        let key = self.0.sign_in.settings.admin_key.as_ref().map(Secret::expose)?;
        let (given, user) = token.split_at_checked(key.len())?;
        let is_key = bool::from(given.as_bytes().ct_eq(key.as_bytes()));
        (is_key && !user.is_empty()).then_some(user)
    }
}
