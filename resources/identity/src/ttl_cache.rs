//! A cache of database rows that are looked up with every request.

use std::{
    sync::atomic::{AtomicU64, Ordering},
    time::{Duration, Instant},
};

use outbound::Result;
use quick_cache::sync::Cache;

/// How many rows are cached.
const MAX_ENTRIES: usize = 10_000;

/// Rows by the key they are looked up with. Changes made by this process invalidate their entry at once; those made by
/// another process are seen after the time to live.
pub struct TtlCache<T> {
    entries: Cache<String, (Instant, T)>,
    ttl: Option<Duration>,
    invalidations: AtomicU64,
}

impl<T: Clone> TtlCache<T> {
    /// An empty cache. Without a `ttl`, entries stay until they are invalidated: for rows that only this process
    /// writes.
    pub fn new(ttl: Option<Duration>) -> Self {
        Self { entries: Cache::new(MAX_ENTRIES), ttl, invalidations: AtomicU64::new(0) }
    }

    /// The cached row, or the one that `load` finds, which is cached unless a row was invalidated meanwhile.
    ///
    /// # Errors
    /// Those of `load`.
    pub async fn get_or_load(&self, key: &str, load: impl Future<Output = Result<Option<T>>>) -> Result<Option<T>> {
        if let Some((since, row)) = self.entries.get(key)
            && self.ttl.is_none_or(|ttl| since.elapsed() < ttl)
        {
            return Ok(Some(row));
        }
        let before = self.invalidations.load(Ordering::SeqCst);
        let Some(row) = load.await? else { return Ok(None) };
        self.entries.insert(key.to_owned(), (Instant::now(), row.clone()));
        // A concurrent invalidation either finds the row inserted and removes it, or is noticed here.
        if self.invalidations.load(Ordering::SeqCst) != before {
            self.entries.remove(key);
        }
        Ok(Some(row))
    }

    /// Removes the row with this key, after it was changed in the database.
    pub fn invalidate(&self, key: &str) {
        self.invalidations.fetch_add(1, Ordering::SeqCst);
        self.entries.remove(key);
    }
}

#[cfg(test)]
mod tests {
    use std::future::ready;

    use super::*;

    #[tokio::test]
    async fn rows_are_loaded_once_until_they_are_invalidated() {
        let cache = TtlCache::new(None);
        for (found, seen) in [(None, None), (Some(1), Some(1)), (Some(2), Some(1))] {
            assert_eq!(cache.get_or_load("a", ready(Ok(found))).await.unwrap(), seen);
        }
        cache.invalidate("a");
        assert_eq!(cache.get_or_load("a", ready(Ok(Some(3)))).await.unwrap(), Some(3));
        let invalidated_while_loading = async {
            cache.invalidate("b");
            Ok(Some(4))
        };
        assert_eq!(cache.get_or_load("b", invalidated_while_loading).await.unwrap(), Some(4));
        assert_eq!(cache.get_or_load("b", ready(Ok(Some(5)))).await.unwrap(), Some(5));
    }

    #[tokio::test]
    async fn rows_of_a_shared_database_are_loaded_again_after_the_ttl() {
        let cache = TtlCache::new(Some(Duration::ZERO));
        for row in [1, 2] {
            assert_eq!(cache.get_or_load("a", ready(Ok(Some(row)))).await.unwrap(), Some(row));
        }
    }
}
