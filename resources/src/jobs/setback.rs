//! What becomes of a job that failed.

use chrono::{DateTime, TimeDelta, Utc};

use super::{ATTEMPTS, Job, State};
use crate::database::{Params, name_of};

/// The seconds that pass after each attempt, before the next.
const PAUSES: [i64; ATTEMPTS as usize - 1] = [5, 30, 120, 600, 3600];

/// The longest error that is kept, in characters.
const LONGEST: usize = 1000;

/// A failure: the job is tried again, or given up.
pub(crate) struct Setback {
    pub(super) state: State,
    next_at: DateTime<Utc>,
    error: String,
    now: DateTime<Utc>,
}

impl Setback {
    pub(crate) fn of(job: &Job, error: &str) -> Self {
        let now = crate::now();
        let pause = pause_after(job.attempts);
        Self {
            state: if pause.is_some() { State::Queued } else { State::Failed },
            next_at: now + pause.unwrap_or_default(),
            error: error.chars().take(LONGEST).collect(),
            now,
        }
    }

    /// The job afterwards.
    pub(super) fn apply(self, job: &Job) -> Job {
        let finished_at = self.finished_at();
        let Self { state, next_at, error, now } = self;
        Job { state, next_at, last_error: Some(error), updated_at: now, finished_at, claim: None, ..job.clone() }
    }

    /// Its fields, as `$state`, `$next_at`, `$error`, `$now` and `$finished_at`.
    pub(crate) fn bind(&self, params: Params) -> Params {
        params
            .with("state", name_of(&self.state))
            .with("next_at", self.next_at)
            .with("error", self.error.clone())
            .with("now", self.now)
            .with("finished_at", self.finished_at())
    }

    fn finished_at(&self) -> Option<DateTime<Utc>> {
        (self.state == State::Failed).then_some(self.now)
    }
}

/// How long to wait after so many attempts, a little more or less, so that what failed together is not tried together;
/// none once there were enough.
fn pause_after(attempts: u32) -> Option<TimeDelta> {
    let seconds = PAUSES.get(attempts.saturating_sub(1) as usize)?;
    let chance = i64::from(uuid::Uuid::new_v4().as_bytes()[0]);
    Some(TimeDelta::milliseconds(seconds * (875 + chance)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_grow_until_a_job_is_given_up() {
        for (attempt, seconds) in (1..).zip(PAUSES) {
            let pause = pause_after(attempt).unwrap().num_milliseconds();
            assert!((seconds * 875..=seconds * 1130).contains(&pause), "{attempt}: {pause}");
        }
        assert_eq!(pause_after(ATTEMPTS), None);
        assert_eq!(pause_after(ATTEMPTS + 1), None);
    }
}
