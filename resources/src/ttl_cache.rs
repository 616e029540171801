//! What was found in the database lately, so that not every request asks for it again.

use std::{
    sync::atomic::{AtomicU64, Ordering},
    time::{Duration, Instant},
};

use quick_cache::sync::Cache;

use crate::Database;

/// How long a row is believed without asking a database that others write to as well.
const BELIEVED: Duration = Duration::from_secs(2);

/// How many rows are kept.
const KEPT: usize = 10_000;

/// Rows found lately, by what they were looked up with. What this process changes it forgets at once; what another one
/// changes in a shared database is believed for [`BELIEVED`] at most.
pub(crate) struct Lately<T> {
    found: Cache<String, (Instant, T)>,
    changes: AtomicU64,
}

/// How many changes there had been when a row was asked for.
#[derive(Clone, Copy)]
pub(crate) struct Before(u64);

impl<T: Clone> Default for Lately<T> {
    fn default() -> Self {
        Self { found: Cache::new(KEPT), changes: AtomicU64::new(0) }
    }
}

impl<T: Clone> Lately<T> {
    /// What was found under this name, if that can still be believed.
    pub(crate) fn get(&self, name: &str, database: &Database) -> Option<T> {
        let (since, row) = self.found.get(name)?;
        (database.is_embedded() || since.elapsed() < BELIEVED).then_some(row)
    }

    /// To be called before the database is asked.
    pub(crate) fn before(&self) -> Before {
        Before(self.changes.load(Ordering::SeqCst))
    }

    /// Keeps what the database said, unless something was changed since it was asked.
    pub(crate) fn keep(&self, name: &str, row: T, Before(changes): Before) {
        self.found.insert(name.to_owned(), (Instant::now(), row));
        // Whoever changes the row either sees it here and forgets it, or is seen by this.
        if self.changes.load(Ordering::SeqCst) != changes {
            self.found.remove(name);
        }
    }

    /// Forgets what was changed just now.
    pub(crate) fn forget(&self, name: &str) {
        self.changes.fetch_add(1, Ordering::SeqCst);
        self.found.remove(name);
    }
}
