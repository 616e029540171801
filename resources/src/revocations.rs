//! The end of what a key or a grant has opened for longer than a request.

use std::convert::Infallible;

use quick_cache::sync::Cache;
use tokio_util::sync::CancellationToken;

/// How many keys and grants in use are remembered.
const KEPT: usize = 10_000;

/// The ends of keys and grants that are in use in this process, by their ids: one each, however often its row was read.
pub(crate) struct Endings(Cache<String, CancellationToken>);

impl Default for Endings {
    fn default() -> Self {
        Self(Cache::new(KEPT))
    }
}

impl Endings {
    /// What is cancelled when the key or grant called `id` is revoked here.
    pub(crate) fn of(&self, id: &str) -> CancellationToken {
        match self.0.get_or_insert_with(id, || Ok::<_, Infallible>(CancellationToken::new())) {
            Ok(ending) => ending,
            Err(never) => match never {},
        }
    }

    /// Ends what the key or grant called `id` has opened.
    pub(crate) fn end(&self, id: &str) {
        if let Some((_, ending)) = self.0.remove(id) {
            ending.cancel();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whatever_one_key_has_opened_ends_together() {
        let endings = Endings::default();
        let (first, second, other) = (endings.of("a"), endings.of("a"), endings.of("b"));
        endings.end("a");
        assert!(first.is_cancelled() && second.is_cancelled() && !other.is_cancelled());
        assert!(!endings.of("a").is_cancelled(), "an id that comes again has a new end");
    }
}
