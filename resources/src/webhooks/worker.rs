//! What delivers events: one after the other to each webhook, to several webhooks at a time. An event that fails is tried
//! again later, and holds up neither those behind it nor other webhooks. It can arrive twice, when the program dies
//! between sending it and writing that down.

use std::{collections::HashMap, sync::Arc, time::Duration};

use tokio::{
    task::{Id, JoinHandle, JoinSet},
    time::Instant,
};
use tokio_util::sync::CancellationToken;

use super::delivery::{DeliveryQueue, Due};
use crate::Result;

/// How many events are looked up at a time, and how many webhooks are called at a time.
const BATCH: u32 = 256;
const AT_ONCE: usize = 32;

/// The longest rest, and how often events that ended long ago are forgotten.
const REST: Duration = Duration::from_secs(15 * 60);
const TIDY: Duration = Duration::from_secs(60 * 60);

/// How long to wait after the database has failed.
const RETRY: Duration = Duration::from_secs(2);

/// How long requests under way may go on once the worker is told to stop; what is broken off is sent again.
const DRAIN: Duration = Duration::from_secs(5);

/// Starts the worker, which runs until `stop`.
pub fn start(queue: Arc<DeliveryQueue>, stop: CancellationToken) -> JoinHandle<()> {
    tokio::spawn(async move {
        let mut round = Round { queue, stop, at_work: JoinSet::new(), busy: HashMap::new(), tidied: None };
        while !round.stop.is_cancelled() {
            let rest = round.begin().await.unwrap_or_else(|error| {
                tracing::warn!("webhooks have to wait: {error}");
                RETRY
            });
            round.rest(rest).await;
        }
        let end = async { while round.at_work.join_next().await.is_some() {} };
        tokio::time::timeout(DRAIN, end).await.ok();
    })
}

/// What is under way.
struct Round {
    queue: Arc<DeliveryQueue>,
    stop: CancellationToken,
    /// Tasks that each call one webhook.
    at_work: JoinSet<()>,
    /// The names of the webhooks that they call.
    busy: HashMap<Id, String>,
    tidied: Option<Instant>,
}

impl Round {
    /// Begins to deliver what is due to webhooks that are not being called; says how long there is nothing to do then.
    async fn begin(&mut self) -> Result<Duration> {
        if self.busy.len() >= AT_ONCE {
            return Ok(REST);
        }
        if self.tidied.is_none_or(|time| time.elapsed() > TIDY) {
            self.queue.delete_expired().await?;
            self.tidied = Some(Instant::now());
        }
        let busy = self.busy.values().cloned().collect();
        let due = self.queue.due(busy, BATCH).await?;
        let is_all = due.len() < BATCH as usize;
        let mut queues: HashMap<String, Vec<Due>> = HashMap::new();
        for event in due {
            queues.entry(event.hook.clone()).or_default().push(event);
        }
        for (hook, events) in queues.into_iter().take(AT_ONCE - self.busy.len()) {
            let (deliveries, stop) = (Arc::clone(&self.queue), self.stop.clone());
            let task = self.at_work.spawn(async move { deliver_all(&deliveries, events, &stop).await });
            self.busy.insert(task.id(), hook);
        }
        if !is_all {
            return Ok(Duration::ZERO);
        }
        let next = self.queue.next_at().await?;
        Ok(next.map_or(REST, |next| (next - crate::now()).to_std().unwrap_or_default()).min(REST))
    }

    /// Waits until there may be something to do.
    async fn rest(&mut self, rest: Duration) {
        tokio::select! {
            () = self.stop.cancelled() => {}
            () = self.queue.raised() => {}
            () = tokio::time::sleep(rest) => {}
            Some(ended) = self.at_work.join_next_with_id() => {
                let task = ended.map_or_else(|error| error.id(), |(task, ())| task);
                self.busy.remove(&task);
            }
        }
    }
}

/// Delivers events to one webhook, one after the other.
async fn deliver_all(queue: &DeliveryQueue, events: Vec<Due>, stop: &CancellationToken) {
    for due in events {
        if stop.is_cancelled() {
            return;
        }
        if let Err(error) = queue.deliver(&due).await {
            tracing::warn!("a webhook has to wait: {error}");
            tokio::time::sleep(RETRY).await;
            return;
        }
    }
}
