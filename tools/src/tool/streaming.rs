//! Operations that answer with a stream, and are therefore no tools: called with permission, limits and audit like them.

use schemas::audit::AuditAccess;

use super::{
    Context, Credential, Error, Result,
    limits::{Locality, Policy},
};

/// An operation of signed-in users that answers with a stream or over a WebSocket.
pub struct StreamOperation {
    /// The name in the audit trail.
    pub name: &'static str,
    /// How the audit trail records it; `None` where it calls tools, which are recorded themselves.
    pub access: Option<AuditAccess>,
    /// The rate limits that it is counted under.
    pub policies: &'static [Policy],
}

impl StreamOperation {
    /// Opens a stream: the only way in. `acquire` takes one of the user's stream slots, which the caller holds until the
    /// stream has ended.
    ///
    /// # Errors
    /// [`Error::Unauthorized`] without a signed-in user, [`Error::Limited`] where a rate limit is exceeded, and those of
    /// `acquire`.
    pub fn call_streaming<Permit>(
        &self,
        context: &Context,
        locality: Locality,
        acquire: impl FnOnce(&str) -> Result<Permit>,
    ) -> Result<Permit> {
        if !matches!(context.caller.credential, Credential::Session) {
            return Err(Error::Unauthorized("Authentication required".into()));
        }
        if let Some(access) = self.access {
            context.record_impersonated(self.name, access);
        }
        context.check_rate_limit(self.policies, 1, locality)?;
        acquire(&context.caller.user)
    }
}
