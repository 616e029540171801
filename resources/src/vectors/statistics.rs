//! How rare each word is among one user's records: the idf of BM25.
//!
//! Rarity is counted per user and kind: counted over all users it would be wrong for each of them, and would tell one
//! user of another's words. The counts live in memory only, are read from the index when a user is first searched for,
//! and follow every change from then on.

use std::collections::HashMap;
use std::sync::{Arc, PoisonError, RwLock};

use quick_cache::sync::Cache;
use sha2::{Digest, Sha256};
use tokio::sync::{OwnedRwLockReadGuard, RwLock as AsyncRwLock};
use uuid::{Builder, Uuid};

use super::Kind;
use super::engine::{Engine, Scope};
use super::words::Terms;
use crate::Result;

/// How many tenants' counts are kept; 10,000 memories of one user take about 200 KiB.
const TENANTS: usize = 256;

/// The records of one user and kind: nothing is counted or found across them.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) struct Tenant {
    pub(super) user: String,
    pub(super) kind: Kind,
}

impl Tenant {
    pub(super) fn new(user: &str, kind: Kind) -> Self {
        Self { user: user.into(), kind }
    }

    /// What the engine keeps the tenant's points together by.
    pub(super) fn key(&self) -> String {
        key(&self.user, self.kind.as_str())
    }

    /// The point of a record: the same for the same record always, and never that of another tenant's record.
    pub(super) fn point(&self, record: &str) -> Uuid {
        let mut hash = Sha256::new();
        for part in [&self.user, self.kind.as_str(), record] {
            hash.update((part.len() as u64).to_be_bytes());
            hash.update(part);
        }
        let mut bytes = [0; 16];
        bytes.copy_from_slice(&hash.finalize()[..16]);
        Builder::from_custom_bytes(bytes).into_uuid()
    }
}

/// The key of the tenant of a user and the name of a kind, which has no slash.
pub(super) fn key(user: &str, kind: &str) -> String {
    format!("{user}/{kind}")
}

/// The counts of the tenants that were searched for last.
pub(super) struct Statistics {
    tenants: Cache<Tenant, Arc<Counter>>,
}

/// The counts of one tenant.
#[derive(Default)]
pub(super) struct Counter {
    /// Held shared by whoever changes the index, alone by whoever reads all of it: so no change is missed or counted
    /// twice.
    changes: Arc<AsyncRwLock<()>>,
    counts: RwLock<Option<Counts>>,
}

#[derive(Default)]
struct Counts {
    documents: u32,
    containing: HashMap<u32, u32>,
}

/// A change of the index under way.
pub(super) struct Change {
    counters: HashMap<Tenant, (Arc<Counter>, OwnedRwLockReadGuard<()>)>,
    removed: Vec<(Tenant, Vec<u32>)>,
}

impl Default for Statistics {
    fn default() -> Self {
        Self { tenants: Cache::new(TENANTS) }
    }
}

impl Statistics {
    /// The counts of a tenant, read from the index if they are not in memory.
    pub(super) async fn counter(&self, engine: &Engine, tenant: &Tenant) -> Result<Arc<Counter>> {
        let counter = self.entry(tenant);
        if !counter.is_loaded() {
            let _alone = counter.changes.write().await;
            if !counter.is_loaded() {
                let mut counts = Counts::default();
                for terms in engine.all_words(&Scope::of(tenant)).await? {
                    counts.add(&terms);
                }
                *counter.counts.write().unwrap_or_else(PoisonError::into_inner) = Some(counts);
            }
        }
        Ok(counter)
    }

    /// Begin to replace or delete the points, each of the tenant beside it.
    pub(super) async fn begin(&self, engine: &Engine, points: Vec<(Tenant, Uuid)>) -> Result<Change> {
        let mut change = Change { counters: HashMap::new(), removed: Vec::new() };
        let mut counted = HashMap::new();
        for (tenant, point) in points {
            if !change.counters.contains_key(&tenant) {
                let counter = self.entry(&tenant);
                let guard = Arc::clone(&counter.changes).read_owned().await;
                change.counters.insert(tenant.clone(), (counter, guard));
            }
            if change.counters[&tenant].0.is_loaded() {
                counted.insert(point, tenant);
            }
        }
        if !counted.is_empty() {
            for (point, terms) in engine.words_of(counted.keys().copied().collect()).await? {
                change.removed.extend(counted.remove(&point).map(|tenant| (tenant, terms.indices)));
            }
        }
        Ok(change)
    }

    /// Forget a tenant's counts; they are read again when they are needed.
    pub(super) fn forget(&self, tenant: &Tenant) {
        self.tenants.remove(tenant);
    }

    /// Forget all counts.
    pub(super) fn forget_all(&self) {
        self.tenants.clear();
    }

    /// If more tenants are active than fit, one that was dropped in the middle of a change may be read again without
    /// it: a count that is off by one until it is next read does no harm.
    fn entry(&self, tenant: &Tenant) -> Arc<Counter> {
        self.tenants
            .get_or_insert_with(tenant, || Ok::<_, std::convert::Infallible>(Arc::default()))
            .unwrap_or_else(|never| match never {})
    }
}

impl Change {
    /// Count what was removed and what was added in its place, now that the index has changed.
    pub(super) fn finish(self, added: Vec<(Tenant, Vec<u32>)>) {
        for (tenant, terms) in &self.removed {
            self.counters[tenant].0.edit(|counts| counts.remove(terms));
        }
        for (tenant, terms) in &added {
            self.counters[tenant].0.edit(|counts| counts.add(terms));
        }
    }
}

impl Counter {
    /// Multiply each term's weight by its rarity.
    pub(super) fn weigh(&self, terms: &Terms) -> Terms {
        self.read(|counts| terms.iter().map(|(term, value)| (term, value * counts.rarity(term))).collect())
    }

    /// The rarest known terms, weighed, that together occur in no more than `occurrences` records, but at least the
    /// two rarest.
    pub(super) fn rarest(&self, terms: &Terms, occurrences: u32) -> Terms {
        self.read(|counts| {
            let mut known: Vec<_> =
                terms.iter().map(|(term, value)| (counts.of(term), term, value)).filter(|(n, ..)| *n > 0).collect();
            known.sort_unstable_by_key(|(n, term, _)| (*n, *term));
            let mut total = 0;
            let within = known.iter().take_while(|(n, ..)| {
                total += n;
                total <= occurrences
            });
            known.truncate(within.count().max(2));
            known.sort_unstable_by_key(|(_, term, _)| *term);
            known.into_iter().map(|(_, term, value)| (term, value * counts.rarity(term))).collect()
        })
    }

    fn is_loaded(&self) -> bool {
        self.counts.read().unwrap_or_else(PoisonError::into_inner).is_some()
    }

    fn read<T>(&self, look: impl FnOnce(&Counts) -> T) -> T {
        match &*self.counts.read().unwrap_or_else(PoisonError::into_inner) {
            Some(counts) => look(counts),
            None => look(&Counts::default()),
        }
    }

    fn edit(&self, change: impl FnOnce(&mut Counts)) {
        if let Some(counts) = &mut *self.counts.write().unwrap_or_else(PoisonError::into_inner) {
            change(counts);
        }
    }
}

impl Counts {
    fn of(&self, term: u32) -> u32 {
        self.containing.get(&term).copied().unwrap_or_default()
    }

    /// The idf of BM25, which is never negative.
    fn rarity(&self, term: u32) -> f32 {
        let (all, with) = (self.documents as f32, self.of(term) as f32);
        (1.0 + (all - with + 0.5).max(0.5) / (with + 0.5)).ln()
    }

    fn add(&mut self, terms: &[u32]) {
        self.documents += 1;
        for term in terms {
            *self.containing.entry(*term).or_default() += 1;
        }
    }

    fn remove(&mut self, terms: &[u32]) {
        self.documents = self.documents.saturating_sub(1);
        for term in terms {
            if let Some(count) = self.containing.get_mut(term) {
                *count -= 1;
                if *count == 0 {
                    self.containing.remove(term);
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn equal_ids_of_two_tenants_are_two_points() {
        let point = |user: &str, kind, id: &str| Tenant::new(user, kind).point(id);
        assert_eq!(point("anna", Kind::Memory, "1"), point("anna", Kind::Memory, "1"));
        assert_ne!(point("anna", Kind::Memory, "1"), point("bert", Kind::Memory, "1"));
        assert_ne!(point("anna", Kind::Memory, "1"), point("anna", Kind::Segment, "1"));
        assert_ne!(point("ab", Kind::Memory, "c"), point("a", Kind::Memory, "bc"));
    }

    #[test]
    fn rarer_terms_weigh_more_and_removal_undoes_addition() {
        let mut counts = Counts::default();
        for terms in [&[1, 2][..], &[1, 3], &[1]] {
            counts.add(terms);
        }
        assert!(counts.rarity(2) > counts.rarity(1));
        assert!(counts.rarity(1) > 0.0);
        let before = counts.rarity(2);
        counts.add(&[2, 4]);
        counts.remove(&[2, 4]);
        assert_eq!(counts.rarity(2), before);
        assert_eq!(counts.of(4), 0);
    }

    #[test]
    fn the_rarest_terms_are_the_ones_looked_up() {
        let mut counts = Counts::default();
        for document in 0..100 {
            counts.add(&[1, 2, 100 + document]);
        }
        let counter = Counter { counts: RwLock::new(Some(counts)), ..Counter::default() };
        let terms: Terms = [(1, 1.0), (2, 1.0), (101, 1.0), (999, 1.0)].into_iter().collect();
        assert_eq!(counter.rarest(&terms, 50).indices, [1, 101]);
        assert_eq!(counter.rarest(&terms, 150).indices, [1, 101]);
        assert_eq!(counter.rarest(&terms, 1000).indices, [1, 2, 101]);
    }
}
