//! Document frequencies: BM25's idf among one user's records.
//!
//! Frequencies are counted per user and kind: counted over all users they would be wrong for each of them, and would
//! disclose one user's words to another. The counts live in memory only, are read from the index when a user is first
//! searched for, and follow every change from then on.

use std::collections::HashMap;
use std::sync::Arc;

use parking_lot::RwLock;
use quick_cache::sync::Cache;
use tokio::sync::{OwnedRwLockReadGuard, RwLock as AsyncRwLock};
use uuid::Uuid;

use super::engine::Engine;
use super::point::{Scope, Tenant};
use super::terms::Terms;
use crate::Result;

/// The maximum number of tenants whose statistics are in memory; 10,000 memories of one user take about 200 KiB.
const MAX_TENANTS: usize = 256;

/// The statistics of the tenants that were searched last.
pub(super) struct Statistics {
    tenants: Cache<Tenant, Arc<TenantStatistics>>,
}

/// The statistics of one tenant.
#[derive(Default)]
pub(super) struct TenantStatistics {
    /// Held shared while the index is changed, exclusively while all of it is read: so no change is missed or counted
    /// twice.
    changes: Arc<AsyncRwLock<()>>,
    /// None until they have been read from the index.
    counts: RwLock<Option<Counts>>,
}

#[derive(Default)]
struct Counts {
    documents: u32,
    frequencies: HashMap<u32, u32>,
}

/// A change of the index under way.
pub(super) struct Change {
    tenants: HashMap<Tenant, (Arc<TenantStatistics>, OwnedRwLockReadGuard<()>)>,
    removed: Vec<(Tenant, Vec<u32>)>,
}

impl Default for Statistics {
    fn default() -> Self {
        Self { tenants: Cache::new(MAX_TENANTS) }
    }
}

impl Statistics {
    /// The statistics of a tenant, read from the index if they are not in memory.
    pub(super) async fn of(&self, engine: &Engine, tenant: &Tenant) -> Result<Arc<TenantStatistics>> {
        let statistics = self.entry(tenant);
        if !statistics.is_loaded() {
            let _exclusive = statistics.changes.write().await;
            if !statistics.is_loaded() {
                let mut counts = Counts::default();
                for terms in engine.all_terms(&Scope::of(tenant)).await? {
                    counts.add(&terms);
                }
                *statistics.counts.write() = Some(counts);
            }
        }
        Ok(statistics)
    }

    /// Begins to replace or delete points, each of the tenant beside it.
    pub(super) async fn begin(&self, engine: &Engine, points: Vec<(Tenant, Uuid)>) -> Result<Change> {
        let mut change = Change { tenants: HashMap::new(), removed: Vec::new() };
        let mut counted = HashMap::new();
        for (tenant, point) in points {
            if !change.tenants.contains_key(&tenant) {
                let statistics = self.entry(&tenant);
                let guard = Arc::clone(&statistics.changes).read_owned().await;
                change.tenants.insert(tenant.clone(), (statistics, guard));
            }
            if change.tenants[&tenant].0.is_loaded() {
                counted.insert(point, tenant);
            }
        }
        if !counted.is_empty() {
            for (point, terms) in engine.terms_of(counted.keys().copied().collect()).await? {
                change.removed.extend(counted.remove(&point).map(|tenant| (tenant, terms.indices)));
            }
        }
        Ok(change)
    }

    /// Drops a tenant's statistics; they are read again when they are needed.
    pub(super) fn remove(&self, tenant: &Tenant) {
        self.tenants.remove(tenant);
    }

    /// Drops all statistics.
    pub(super) fn clear(&self) {
        self.tenants.clear();
    }

    /// If more tenants are active than fit, one that was dropped in the middle of a change may be read again without
    /// it: a count that is off by one until it is next read does no harm.
    fn entry(&self, tenant: &Tenant) -> Arc<TenantStatistics> {
        self.tenants
            .get_or_insert_with(tenant, || Ok::<_, std::convert::Infallible>(Arc::default()))
            .unwrap_or_else(|never| match never {})
    }
}

impl Change {
    /// Counts what was removed and what was added in its place, now that the index has changed.
    pub(super) fn finish(self, added: Vec<(Tenant, Vec<u32>)>) {
        for (tenant, terms) in &self.removed {
            self.tenants[tenant].0.edit(|counts| counts.remove(terms));
        }
        for (tenant, terms) in &added {
            self.tenants[tenant].0.edit(|counts| counts.add(terms));
        }
    }
}

impl TenantStatistics {
    /// Multiplies each term's weight by its idf.
    pub(super) fn weigh(&self, terms: &Terms) -> Terms {
        self.read(|counts| terms.iter().map(|(term, value)| (term, value * counts.idf(term))).collect())
    }

    /// The rarest known terms, weighed, that together occur in at most `occurrences` records, but at least the two
    /// rarest.
    pub(super) fn rarest(&self, terms: &Terms, occurrences: u32) -> Terms {
        self.read(|counts| {
            let mut known: Vec<_> = terms
                .iter()
                .map(|(term, value)| (counts.frequency(term), term, value))
                .filter(|(n, ..)| *n > 0)
                .collect();
            known.sort_unstable_by_key(|(n, term, _)| (*n, *term));
            let mut total = 0;
            let within = known.iter().take_while(|(n, ..)| {
                total += n;
                total <= occurrences
            });
            known.truncate(within.count().max(2));
            known.sort_unstable_by_key(|(_, term, _)| *term);
            known.into_iter().map(|(_, term, value)| (term, value * counts.idf(term))).collect()
        })
    }

    fn is_loaded(&self) -> bool {
        self.counts.read().is_some()
    }

    fn read<T>(&self, look: impl FnOnce(&Counts) -> T) -> T {
        match &*self.counts.read() {
            Some(counts) => look(counts),
            None => look(&Counts::default()),
        }
    }

    fn edit(&self, change: impl FnOnce(&mut Counts)) {
        if let Some(counts) = &mut *self.counts.write() {
            change(counts);
        }
    }
}

impl Counts {
    fn frequency(&self, term: u32) -> u32 {
        self.frequencies.get(&term).copied().unwrap_or_default()
    }

    /// The idf of BM25, which is never negative.
    fn idf(&self, term: u32) -> f32 {
        let (all, with) = (self.documents as f32, self.frequency(term) as f32);
        (1.0 + (all - with + 0.5).max(0.5) / (with + 0.5)).ln()
    }

    fn add(&mut self, terms: &[u32]) {
        self.documents += 1;
        for term in terms {
            *self.frequencies.entry(*term).or_default() += 1;
        }
    }

    fn remove(&mut self, terms: &[u32]) {
        self.documents = self.documents.saturating_sub(1);
        for term in terms {
            if let Some(count) = self.frequencies.get_mut(term) {
                *count -= 1;
                if *count == 0 {
                    self.frequencies.remove(term);
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rarer_terms_weigh_more_and_removal_undoes_addition() {
        let mut counts = Counts::default();
        for terms in [&[1, 2][..], &[1, 3], &[1]] {
            counts.add(terms);
        }
        assert!(counts.idf(2) > counts.idf(1));
        assert!(counts.idf(1) > 0.0);
        let before = counts.idf(2);
        counts.add(&[2, 4]);
        counts.remove(&[2, 4]);
        assert_eq!(counts.idf(2), before);
        assert_eq!(counts.frequency(4), 0);
    }

    #[test]
    fn the_rarest_terms_are_the_ones_looked_up() {
        let mut counts = Counts::default();
        for document in 0..100 {
            counts.add(&[1, 2, 100 + document]);
        }
        let statistics = TenantStatistics { counts: RwLock::new(Some(counts)), ..TenantStatistics::default() };
        let terms: Terms = [(1, 1.0), (2, 1.0), (101, 1.0), (999, 1.0)].into_iter().collect();
        assert_eq!(statistics.rarest(&terms, 50).indices, [1, 101]);
        assert_eq!(statistics.rarest(&terms, 150).indices, [1, 101]);
        assert_eq!(statistics.rarest(&terms, 1000).indices, [1, 2, 101]);
    }
}
