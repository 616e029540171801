//! Limits on what is in use at a time by each key, such as a user or an address.

use std::{collections::HashMap, hash::Hash, sync::Arc};

use parking_lot::Mutex;

/// How much may be in use at a time by each key. Clones share their counts.
#[derive(Debug)]
pub struct KeyedLimit<K> {
    max: usize,
    in_use: Arc<Mutex<HashMap<K, usize>>>,
}

/// An amount in use by one key; it is given back when this is dropped.
#[derive(Debug)]
pub struct KeyedPermit<K: Eq + Hash> {
    limit: KeyedLimit<K>,
    key: K,
    amount: usize,
}

impl<K> Clone for KeyedLimit<K> {
    fn clone(&self) -> Self {
        Self { max: self.max, in_use: Arc::clone(&self.in_use) }
    }
}

impl<K: Eq + Hash + Clone> KeyedLimit<K> {
    /// At most `max` for each key.
    pub fn new(max: usize) -> Self {
        Self { max, in_use: Arc::default() }
    }

    /// The maximum for each key.
    pub fn max(&self) -> usize {
        self.max
    }

    /// Takes `amount` more for `key`; `None` where that would exceed the maximum.
    pub fn try_acquire(&self, key: K, amount: usize) -> Option<KeyedPermit<K>> {
        let mut permit = self.reserve(key);
        permit.try_grow(amount).then_some(permit)
    }

    /// A permit for `key` that holds nothing yet.
    pub fn reserve(&self, key: K) -> KeyedPermit<K> {
        KeyedPermit { limit: self.clone(), key, amount: 0 }
    }

    /// Whether nothing is in use.
    pub fn is_idle(&self) -> bool {
        self.in_use.lock().is_empty()
    }
}

impl<K: Eq + Hash + Clone> KeyedPermit<K> {
    /// Takes `amount` more; returns false, and takes nothing, where that would exceed the maximum.
    pub fn try_grow(&mut self, amount: usize) -> bool {
        let mut in_use = self.limit.in_use.lock();
        let total = in_use.get(&self.key).copied().unwrap_or_default() + amount;
        let fits = total <= self.limit.max;
        if fits && amount > 0 {
            in_use.insert(self.key.clone(), total);
            self.amount += amount;
        }
        fits
    }
}

impl<K: Eq + Hash> Drop for KeyedPermit<K> {
    fn drop(&mut self) {
        let mut in_use = self.limit.in_use.lock();
        let Some(total) = in_use.get_mut(&self.key) else { return };
        *total -= self.amount;
        if *total == 0 {
            in_use.remove(&self.key);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_key_has_its_own_maximum_and_gets_it_back() {
        let limit = KeyedLimit::new(2);
        let (first, mut second) = (limit.try_acquire("a", 1).unwrap(), limit.try_acquire("a", 1).unwrap());
        assert!(limit.try_acquire("a", 1).is_none() && !second.try_grow(1));
        drop(limit.try_acquire("b", 2).unwrap());
        drop(first);
        assert!(second.try_grow(1));
        drop(second);
        assert!(limit.is_idle(), "keys with nothing in use are forgotten");
    }
}
