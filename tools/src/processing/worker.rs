//! The worker: runs jobs when they are due, a few concurrently.

use std::{sync::Arc, time::Duration};

use resources::{Resources, jobs::Job};
use tokio::task::{JoinHandle, JoinSet};
use tokio_util::sync::CancellationToken;

use super::{error_text, run_job};
use crate::Result;

/// How many jobs run concurrently.
const MAX_CONCURRENT_JOBS: usize = 2;

/// The maximum time between polls: another process may have queued a job in the same database.
const MAX_POLL_INTERVAL: Duration = Duration::from_secs(30);

/// The minimum time between polls, for when another process claims the due job first.
const MIN_POLL_INTERVAL: Duration = Duration::from_millis(20);

/// How long running jobs may continue after a stop request; unfinished ones are released.
const SHUTDOWN_GRACE: Duration = Duration::from_secs(2);

/// Starts the worker, which ends after `stop`, once its jobs are done or released.
pub fn start(resources: Arc<Resources>, stop: CancellationToken) -> JoinHandle<()> {
    tokio::spawn(run(resources, stop))
}

async fn run(resources: Arc<Resources>, stop: CancellationToken) {
    if let Err(error) = resources.job_queue.release_all().await {
        tracing::warn!("jobs of an earlier process stay leased until their leases expire: {error}");
    }
    let mut running = JoinSet::new();
    while !stop.is_cancelled() {
        let pause = match claim_due(&resources, &stop, &mut running).await {
            Ok(pause) => pause,
            Err(error) => {
                tracing::warn!("no job can be claimed: {}", error_text(&error));
                MAX_POLL_INTERVAL
            }
        };
        tokio::select! {
            () = stop.cancelled() => {}
            Some(_) = running.join_next() => {}
            () = resources.job_queue.wanted(), if running.len() < MAX_CONCURRENT_JOBS => {}
            () = tokio::time::sleep(pause), if running.len() < MAX_CONCURRENT_JOBS => {}
        }
    }
    while running.join_next().await.is_some() {}
}

/// Claims as many due jobs as may run, and returns the time until the next poll.
async fn claim_due(
    resources: &Arc<Resources>,
    stop: &CancellationToken,
    running: &mut JoinSet<()>,
) -> Result<Duration> {
    while running.len() < MAX_CONCURRENT_JOBS {
        let Some(job) = resources.job_queue.claim_due(resources::now()).await? else { break };
        running.spawn(run_or_release(Arc::clone(resources), job, stop.clone()));
    }
    let next = resources.job_queue.next_at().await?;
    Ok(next.map_or(MAX_POLL_INTERVAL, |next| {
        (next - resources::now()).to_std().unwrap_or_default().clamp(MIN_POLL_INTERVAL, MAX_POLL_INTERVAL)
    }))
}

/// Runs a job, or releases it when the worker stops.
async fn run_or_release(resources: Arc<Resources>, job: Job, stop: CancellationToken) {
    let stopped = async {
        stop.cancelled().await;
        tokio::time::sleep(SHUTDOWN_GRACE).await;
    };
    let outcome = tokio::select! {
        outcome = run_job(&resources, &job) => outcome.map(|_| resources.changes.notify(&job.user)),
        () = stopped => resources.jobs(&job.user).release(&job).await.map_err(Into::into),
    };
    if let Err(error) = outcome {
        tracing::warn!(
            conversation = job.conversation,
            "a job stays leased until its lease expires: {}",
            error_text(&error)
        );
    }
}
