//! Authentication state of this process: cached rows of keys, tokens and accounts, revocations, and login throttling.

use std::{sync::Arc, time::Duration};

use identity::{Revocations, TtlCache, throttle::LoginThrottle};

use crate::{Database, GrantSettings, Result, grants::ClientMetadataCache, keys::GrantedKey, users::AccountStatus};

/// How long a cached row is used when other processes write to the same database.
const SHARED_ROW_TTL: Duration = Duration::from_secs(2);

/// What is remembered between requests.
pub(crate) struct AuthState {
    /// API keys, by the digest of their secret.
    pub(crate) keys: TtlCache<Arc<GrantedKey>>,
    /// Access tokens of MCP clients, by their digest.
    pub(crate) access_tokens: TtlCache<Arc<GrantedKey>>,
    /// Whether accounts are active, by user.
    pub(crate) account_status: Arc<TtlCache<AccountStatus>>,
    /// Cancelled when a key or a grant is revoked.
    pub(crate) revocations: Revocations,
    /// Counts failed logins.
    pub(crate) throttle: LoginThrottle,
    /// Metadata documents of MCP clients.
    pub(crate) client_metadata: ClientMetadataCache,
}

impl AuthState {
    pub(crate) fn new(database: &Database, grants: &GrantSettings) -> Result<Self> {
        let ttl = (!database.is_embedded()).then_some(SHARED_ROW_TTL);
        Ok(Self {
            keys: TtlCache::new(ttl),
            access_tokens: TtlCache::new(ttl),
            account_status: Arc::new(TtlCache::new(ttl)),
            revocations: Revocations::default(),
            throttle: LoginThrottle::default(),
            client_metadata: ClientMetadataCache::new(grants)?,
        })
    }
}
