//! Counts of what client addresses have done within the current minute.

use std::{
    collections::HashMap,
    net::IpAddr,
    time::{Duration, Instant},
};

use parking_lot::Mutex;

const WINDOW: Duration = Duration::from_secs(60);

/// The maximum number of addresses that are remembered; beyond it, all are forgotten.
const MAX_ADDRESSES: usize = 10_000;

/// A fixed-window counter for each address.
pub(super) struct AddressCounter {
    max: u32,
    counts: Mutex<HashMap<IpAddr, Count>>,
}

struct Count {
    since: Instant,
    number: u32,
}

impl AddressCounter {
    /// Counts to `max` within a minute.
    pub(super) fn new(max: u32) -> Self {
        Self { max, counts: Mutex::default() }
    }

    /// After how many seconds the window of this address ends, where it has reached the maximum.
    pub(super) fn retry_after(&self, address: IpAddr) -> Option<u64> {
        let counts = self.counts.lock();
        let count = counts.get(&address).filter(|count| count.number >= self.max)?;
        Some(WINDOW.checked_sub(count.since.elapsed())?.as_secs() + 1)
    }

    /// Counts one more for this address.
    pub(super) fn increment(&self, address: IpAddr) {
        let mut counts = self.counts.lock();
        if counts.len() >= MAX_ADDRESSES && !counts.contains_key(&address) {
            counts.retain(|_, count| count.since.elapsed() < WINDOW);
            if counts.len() >= MAX_ADDRESSES {
                counts.clear();
            }
        }
        let now = Instant::now();
        let count = counts.entry(address).or_insert(Count { since: now, number: 0 });
        if count.since.elapsed() >= WINDOW {
            *count = Count { since: now, number: 0 };
        }
        count.number = count.number.saturating_add(1);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_address_has_its_own_count() {
        let counter = AddressCounter::new(2);
        let [first, second]: [IpAddr; 2] = [[203, 0, 113, 9].into(), [203, 0, 113, 10].into()];
        counter.increment(first);
        assert_eq!(counter.retry_after(first), None);
        counter.increment(first);
        assert!(counter.retry_after(first).is_some_and(|seconds| (1..=60).contains(&seconds)));
        assert_eq!(counter.retry_after(second), None);
    }

    #[test]
    fn a_bounded_number_of_addresses_is_remembered() {
        let counter = AddressCounter::new(1);
        for number in 0..=MAX_ADDRESSES as u32 {
            counter.increment(IpAddr::V4(number.into()));
        }
        assert!(counter.counts.lock().len() <= MAX_ADDRESSES);
        assert!(counter.retry_after(IpAddr::V4((MAX_ADDRESSES as u32).into())).is_some());
    }
}
