//! The worker: takes jobs when their time comes, a few at once.

use std::{sync::Arc, time::Duration};

use resources::{Resources, jobs::Job};
use tokio::task::{JoinHandle, JoinSet};
use tokio_util::sync::CancellationToken;

use super::{attempt, told};
use crate::Result;

/// How many conversations are understood at once.
const AT_ONCE: usize = 2;

/// How long the worker sleeps at most: another process may have put a job into the same database.
const NAP: Duration = Duration::from_secs(30);

/// How long it sleeps at least, should somebody else take what it is to take.
const BLINK: Duration = Duration::from_millis(20);

/// How long work may go on once it is to stop; what is not done by then is given back.
const GRACE: Duration = Duration::from_secs(2);

/// Starts the worker, which ends, with its jobs done or given back, after `stop`.
pub fn start(resources: Arc<Resources>, stop: CancellationToken) -> JoinHandle<()> {
    tokio::spawn(work(resources, stop))
}

async fn work(resources: Arc<Resources>, stop: CancellationToken) {
    if let Err(error) = resources.release_jobs().await {
        tracing::warn!("jobs of an earlier process wait for their leases to end: {error}");
    }
    let mut at_work = JoinSet::new();
    while !stop.is_cancelled() {
        let nap = match take(&resources, &stop, &mut at_work).await {
            Ok(nap) => nap,
            Err(error) => {
                tracing::warn!("no job can be taken: {}", told(&error));
                NAP
            }
        };
        tokio::select! {
            () = stop.cancelled() => {}
            Some(_) = at_work.join_next() => {}
            () = resources.job_wanted(), if at_work.len() < AT_ONCE => {}
            () = tokio::time::sleep(nap), if at_work.len() < AT_ONCE => {}
        }
    }
    while at_work.join_next().await.is_some() {}
}

/// Takes as many jobs as can be done at once; gives how long it is until there may be another one.
async fn take(resources: &Arc<Resources>, stop: &CancellationToken, at_work: &mut JoinSet<()>) -> Result<Duration> {
    while at_work.len() < AT_ONCE {
        let Some(job) = resources.claim_due_job(resources::now()).await? else { break };
        at_work.spawn(finish(Arc::clone(resources), job, stop.clone()));
    }
    let next = resources.next_job_at().await?;
    Ok(next.map_or(NAP, |next| (next - resources::now()).to_std().unwrap_or_default().clamp(BLINK, NAP)))
}

/// Does a job, or gives it back when the worker is to stop.
async fn finish(resources: Arc<Resources>, job: Job, stop: CancellationToken) {
    let enough = async {
        stop.cancelled().await;
        tokio::time::sleep(GRACE).await;
    };
    let outcome = tokio::select! {
        outcome = attempt(&resources, &job) => outcome.map(|_| resources.changes.note(&job.user)),
        () = enough => resources.jobs(&job.user).release(&job).await.map_err(Into::into),
    };
    if let Err(error) = outcome {
        tracing::warn!(conversation = job.conversation, "a job waits for its lease to end: {}", told(&error));
    }
}
