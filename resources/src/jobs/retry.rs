//! Retries of failed jobs.

use chrono::{DateTime, TimeDelta, Utc};
use rand::{Rng, rngs::OsRng};

use super::{Job, JobState, MAX_ATTEMPTS};
use crate::database::{Params, name_of};

/// The delays after each attempt, in seconds.
const RETRY_DELAYS: [i64; MAX_ATTEMPTS as usize - 1] = [5, 30, 120, 600, 3600];

/// The maximum length of a stored error, in characters.
const MAX_ERROR_CHARS: usize = 1000;

/// A failed attempt: the job is queued again, or fails.
pub(crate) struct Failure {
    pub(super) state: JobState,
    next_at: DateTime<Utc>,
    error: String,
    now: DateTime<Utc>,
}

impl Failure {
    pub(crate) fn new(job: &Job, error: &str) -> Self {
        let now = crate::now();
        let delay = delay_after(job.attempts);
        Self {
            state: if delay.is_some() { JobState::Queued } else { JobState::Failed },
            next_at: now + delay.unwrap_or_default(),
            error: error.chars().take(MAX_ERROR_CHARS).collect(),
            now,
        }
    }

    /// The job after the failure.
    pub(super) fn apply(self, job: &Job) -> Job {
        let finished_at = self.finished_at();
        let Self { state, next_at, error, now } = self;
        Job { state, next_at, last_error: Some(error), updated_at: now, finished_at, claim: None, ..job.clone() }
    }

    /// Binds its fields as `$state`, `$next_at`, `$error`, `$now` and `$finished_at`.
    pub(crate) fn bind(&self, params: Params) -> Params {
        params
            .with("state", name_of(&self.state))
            .with("next_at", self.next_at)
            .with("error", self.error.clone())
            .with("now", self.now)
            .with("finished_at", self.finished_at())
    }

    fn finished_at(&self) -> Option<DateTime<Utc>> {
        (self.state == JobState::Failed).then_some(self.now)
    }
}

/// The delay after this attempt, with some jitter so that jobs that failed together are not retried together; `None` after
/// the last one.
fn delay_after(attempts: u32) -> Option<TimeDelta> {
    let seconds = RETRY_DELAYS.get(attempts.saturating_sub(1) as usize)?;
    let jitter = OsRng.gen_range(0..256);
    Some(TimeDelta::milliseconds(seconds * (875 + jitter)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_grow_until_a_job_is_given_up() {
        for (attempt, seconds) in (1..).zip(RETRY_DELAYS) {
            let delay = delay_after(attempt).unwrap().num_milliseconds();
            assert!((seconds * 875..=seconds * 1130).contains(&delay), "{attempt}: {delay}");
        }
        assert_eq!(delay_after(MAX_ATTEMPTS), None);
        assert_eq!(delay_after(MAX_ATTEMPTS + 1), None);
    }
}
