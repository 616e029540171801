//! The worker that delivers events: one after another to each webhook, to several webhooks concurrently. An event that fails
//! is retried later and holds up neither later events nor other webhooks. An event can be delivered twice if the process
//! ends between sending it and recording that.

use std::{collections::HashMap, sync::Arc, time::Duration};

use tokio::{
    task::{Id, JoinHandle, JoinSet},
    time::Instant,
};
use tokio_util::sync::CancellationToken;

use super::delivery::{DeliveryQueue, Due};
use crate::Result;

/// How many events are looked up at a time, and how many webhooks are called concurrently.
const BATCH: u32 = 256;
const MAX_CONCURRENT: usize = 32;

/// The longest time between two look-ups, and how often old deliveries are deleted.
const MAX_IDLE: Duration = Duration::from_secs(15 * 60);
const CLEANUP_INTERVAL: Duration = Duration::from_secs(60 * 60);

/// The delay after an error of the database.
const RETRY_DELAY: Duration = Duration::from_secs(2);

/// How long requests may take at shutdown; an aborted one is sent again.
const SHUTDOWN_TIMEOUT: Duration = Duration::from_secs(5);

/// Starts the worker, which runs until `stop` is cancelled.
pub fn start(queue: Arc<DeliveryQueue>, stop: CancellationToken) -> JoinHandle<()> {
    tokio::spawn(async move {
        let mut dispatcher =
            Dispatcher { queue, stop, tasks: JoinSet::new(), busy: HashMap::new(), last_cleanup: None };
        while !dispatcher.stop.is_cancelled() {
            let delay = dispatcher.dispatch().await.unwrap_or_else(|error| {
                tracing::warn!("webhooks are delayed: {error}");
                RETRY_DELAY
            });
            dispatcher.wait(delay).await;
        }
        let end = async { while dispatcher.tasks.join_next().await.is_some() {} };
        tokio::time::timeout(SHUTDOWN_TIMEOUT, end).await.ok();
    })
}

/// The deliveries in progress.
struct Dispatcher {
    queue: Arc<DeliveryQueue>,
    stop: CancellationToken,
    /// One task per webhook that is being called.
    tasks: JoinSet<()>,
    /// The webhooks that they call.
    busy: HashMap<Id, String>,
    last_cleanup: Option<Instant>,
}

impl Dispatcher {
    /// Starts deliveries to webhooks that are not being called; returns how long there is nothing more to do.
    async fn dispatch(&mut self) -> Result<Duration> {
        if self.busy.len() >= MAX_CONCURRENT {
            return Ok(MAX_IDLE);
        }
        if self.last_cleanup.is_none_or(|time| time.elapsed() > CLEANUP_INTERVAL) {
            self.queue.delete_expired().await?;
            self.last_cleanup = Some(Instant::now());
        }
        let busy = self.busy.values().cloned().collect();
        let due = self.queue.due(busy, BATCH).await?;
        let is_all = due.len() < BATCH as usize;
        let mut queues: HashMap<String, Vec<Due>> = HashMap::new();
        for event in due {
            queues.entry(event.hook.clone()).or_default().push(event);
        }
        for (hook, events) in queues.into_iter().take(MAX_CONCURRENT - self.busy.len()) {
            let (deliveries, stop) = (Arc::clone(&self.queue), self.stop.clone());
            let task = self.tasks.spawn(async move { deliver_all(&deliveries, events, &stop).await });
            self.busy.insert(task.id(), hook);
        }
        if !is_all {
            return Ok(Duration::ZERO);
        }
        let next = self.queue.next_at().await?;
        Ok(next.map_or(MAX_IDLE, |next| (next - crate::now()).to_std().unwrap_or_default()).min(MAX_IDLE))
    }

    /// Waits until there may be something to do.
    async fn wait(&mut self, delay: Duration) {
        tokio::select! {
            () = self.stop.cancelled() => {}
            () = self.queue.raised() => {}
            () = tokio::time::sleep(delay) => {}
            Some(ended) = self.tasks.join_next_with_id() => {
                let task = ended.map_or_else(|error| error.id(), |(task, ())| task);
                self.busy.remove(&task);
            }
        }
    }
}

/// Delivers events to one webhook, one after another.
async fn deliver_all(queue: &DeliveryQueue, events: Vec<Due>, stop: &CancellationToken) {
    for due in events {
        if stop.is_cancelled() {
            return;
        }
        if let Err(error) = queue.deliver(&due).await {
            tracing::warn!("a webhook is delayed: {error}");
            tokio::time::sleep(RETRY_DELAY).await;
            return;
        }
    }
}
