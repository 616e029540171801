//! How often one thing was done by one subject, within a window that begins with the first time.

/// How long a window lasts, in seconds.
const WINDOW: i64 = 3600;

/// A counter of one window.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Counter {
    /// How often it was done, here and, as far as that is known, in other processes.
    pub(super) used: u32,
    /// How much of it the database does not know yet.
    pub(super) unwritten: u32,
    /// When the window ends, in seconds since 1970.
    pub(super) ends: i64,
}

impl Counter {
    /// How many seconds to wait until it may be done so many times more, if it may not now.
    pub(super) fn wait(&self, now: i64, times: u32, most: u32) -> Option<u64> {
        let spent = self.ends > now && self.used.saturating_add(times) > most;
        spent.then(|| u64::try_from(self.ends - now).unwrap_or(1))
    }

    /// Counts it so many times; after the end of a window the next one begins.
    pub(super) fn add(&mut self, now: i64, times: u32) {
        if self.ends <= now {
            *self = Self { used: 0, unwritten: 0, ends: now + WINDOW };
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
        assert_eq!(counter.wait(1000, 1, 1), None);
        counter.add(1000, 1);
        assert_eq!(counter.wait(1000, 1, 1), Some(3600));
        assert_eq!(counter.wait(4599, 1, 1), Some(1));
        assert_eq!(counter.wait(4600, 1, 1), None);
        counter.add(4600, 1);
        assert_eq!((counter.used, counter.wait(4601, 1, 1)), (1, Some(3599)));
    }
}
