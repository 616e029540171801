//! How often somebody may try to sign in: a password is guessed by trying.

use std::{
    collections::HashMap,
    sync::{Mutex, PoisonError},
    time::{Duration, Instant},
};

/// Failures are counted for so long.
const WINDOW: Duration = Duration::from_secs(15 * 60);

/// So many failures with one name, or from one place, are one too many.
const WITH_ONE_NAME: u32 = 10;
const FROM_ONE_PLACE: u32 = 30;

/// Failures of late.
#[derive(Default)]
pub(super) struct Throttle(Mutex<HashMap<String, (Instant, u32)>>);

impl Throttle {
    /// After how many seconds this name may be tried from this place again; `None` where it may be now.
    pub(super) fn wait(&self, name: &str, place: &str) -> Option<u64> {
        let failures = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let wait = |key: &str, most: u32| {
            let (since, count) = failures.get(key)?;
            let left = WINDOW.checked_sub(since.elapsed())?;
            (*count >= most).then_some(left.as_secs() + 1)
        };
        wait(&of_name(name), WITH_ONE_NAME).max(wait(&of_place(place), FROM_ONE_PLACE))
    }

    /// Counts a failure.
    pub(super) fn failed(&self, name: &str, place: &str) {
        let mut failures = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        failures.retain(|_, (since, _)| since.elapsed() < WINDOW);
        for key in [of_name(name), of_place(place)] {
            failures.entry(key).or_insert_with(|| (Instant::now(), 0)).1 += 1;
        }
    }
}

fn of_name(name: &str) -> String {
    format!("name {}", name.trim().to_lowercase())
}

fn of_place(place: &str) -> String {
    format!("place {place}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn too_many_failures_shut_a_name_and_a_place() {
        let throttle = Throttle::default();
        for _ in 0..WITH_ONE_NAME {
            assert_eq!(throttle.wait("Ann", "a"), None);
            throttle.failed("ann ", "a");
        }
        assert!(throttle.wait("ANN", "b").is_some_and(|seconds| (890..=901).contains(&seconds)));
        assert_eq!(throttle.wait("bob", "a"), None);
        for number in 0..FROM_ONE_PLACE {
            throttle.failed(&number.to_string(), "a");
        }
        assert!(throttle.wait("bob", "a").is_some());
        assert_eq!(throttle.wait("bob", "b"), None);
    }
}
