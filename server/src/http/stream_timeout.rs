//! The write timeout of an HTTP/2 stream. The timeouts of its connection start anew with every request, so that a client
//! could keep responses that it does not read for as long as it sends others.

use std::{sync::Arc, time::Duration};

use hyper::rt::Executor;
use parking_lot::Mutex;
use tokio::time::{Instant, sleep_until};

tokio::task_local! {
    static TIMER: StreamTimer;
}

/// Runs HTTP/2 streams, each until its client has read nothing for the write timeout; then the stream is reset.
#[derive(Clone)]
pub(super) struct StreamExecutor {
    /// How long a client may read nothing of a response.
    pub(super) write_timeout: Duration,
}

impl<F> Executor<F> for StreamExecutor
where
    F: Future + Send + 'static,
    F::Output: Send,
{
    fn execute(&self, stream: F) {
        let (timer, write_timeout) = (StreamTimer::default(), self.write_timeout);
        tokio::spawn(async move {
            tokio::select! {
                biased;
                _ = TIMER.scope(timer.clone(), stream) => {}
                () = timer.expired(write_timeout) => tracing::debug!("stream reset: write timeout"),
            }
        });
    }
}

/// Since when the client of a stream has been expected to read; `None` while the server makes the response.
#[derive(Clone, Default)]
pub(super) struct StreamTimer(Arc<Mutex<Option<Instant>>>);

impl StreamTimer {
    /// The timer of the stream that the current task serves; `None` on HTTP/1.1.
    pub(super) fn current() -> Option<Self> {
        TIMER.try_with(Self::clone).ok()
    }

    /// Sets since when the client is expected to read.
    pub(super) fn set_waiting(&self, since: Option<Instant>) {
        *self.0.lock() = since;
    }

    /// Waits until the client has read nothing for the timeout.
    async fn expired(&self, timeout: Duration) {
        loop {
            let since = *self.0.lock();
            let deadline = since.unwrap_or_else(Instant::now) + timeout;
            if deadline <= Instant::now() {
                return;
            }
            sleep_until(deadline).await;
        }
    }
}
