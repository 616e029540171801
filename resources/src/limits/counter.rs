//! A counter of one policy and subject, over a window that begins with the first hit.

/// The length of a window, in seconds.
const WINDOW_SECONDS: i64 = 3600;

/// A counter of one window.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Counter {
    /// The number of hits, here and, as far as known, in other processes.
    pub(super) used: u32,
    /// The hits that are not in the database yet.
    pub(super) unwritten: u32,
    /// When the window ends, in seconds since 1970.
    pub(super) ends: i64,
}

impl Counter {
    /// Seconds until `times` more hits are allowed; `None` when they are allowed now.
    pub(super) fn retry_after(&self, now: i64, times: u32, limit: u32) -> Option<u64> {
        let is_exceeded = self.ends > now && self.used.saturating_add(times) > limit;
        is_exceeded.then(|| u64::try_from(self.ends - now).unwrap_or(1))
    }

    /// Adds hits; after the end of a window the next one begins.
    pub(super) fn add(&mut self, now: i64, times: u32) {
        if self.ends <= now {
            *self = Self { used: 0, unwritten: 0, ends: now + WINDOW_SECONDS };
        }
        self.used = self.used.saturating_add(times);
        self.unwritten = self.unwritten.saturating_add(times);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_window_begins_with_the_first_time_and_ends_an_hour_later() {
        let mut counter = Counter::default();
        assert_eq!(counter.retry_after(1000, 1, 1), None);
        counter.add(1000, 1);
        assert_eq!(counter.retry_after(1000, 1, 1), Some(3600));
        assert_eq!(counter.retry_after(4599, 1, 1), Some(1));
        assert_eq!(counter.retry_after(4600, 1, 1), None);
        counter.add(4600, 1);
        assert_eq!((counter.used, counter.retry_after(4601, 1, 1)), (1, Some(3599)));
    }
}
