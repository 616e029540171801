//! Revocation of keys and grants: ends the streams and subscriptions that they opened.

use std::convert::Infallible;

use quick_cache::sync::Cache;
use tokio_util::sync::CancellationToken;

/// How many keys and grants in use are tracked.
const MAX_ENTRIES: usize = 10_000;

/// A cancellation token for each key and grant in use in this process, by id.
pub struct Revocations(Cache<String, CancellationToken>);

impl Default for Revocations {
    fn default() -> Self {
        Self(Cache::new(MAX_ENTRIES))
    }
}

impl Revocations {
    /// The token that is cancelled when the key or grant with this id is revoked.
    pub fn token(&self, id: &str) -> CancellationToken {
        match self.0.get_or_insert_with(id, || Ok::<_, Infallible>(CancellationToken::new())) {
            Ok(token) => token,
            Err(never) => match never {},
        }
    }

    /// Cancels the token of the key or grant with this id.
    pub fn revoke(&self, id: &str) {
        if let Some((_, token)) = self.0.remove(id) {
            token.cancel();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn everything_that_one_key_has_opened_ends_together() {
        let revocations = Revocations::default();
        let (first, second, other) = (revocations.token("a"), revocations.token("a"), revocations.token("b"));
        revocations.revoke("a");
        assert!(first.is_cancelled() && second.is_cancelled() && !other.is_cancelled());
        assert!(!revocations.token("a").is_cancelled(), "an id that is used again gets a new token");
    }
}
