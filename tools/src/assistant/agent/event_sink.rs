//! The receiver of an answer while it is made, and the time limit of an answer.

use std::time::Duration;

use resources::{LanguageModel, Resources};
use tokio::{
    sync::mpsc,
    time::{Instant, interval_at, sleep},
};
use tokio_util::sync::CancellationToken;

use super::Frame;
use crate::{Error, Result};

/// The time limit of an answer where there is no language model.
const ANSWER_TIMEOUT: Duration = Duration::from_secs(150);

/// The interval of progress frames while nothing else is sent.
const HEARTBEAT_INTERVAL: Duration = Duration::from_secs(20);

/// The receiver of frames, if there is one.
pub(super) struct EventSink(Option<(mpsc::Sender<Frame>, CancellationToken)>);

/// How the work on an answer ended.
pub(super) enum Completion {
    /// Normally.
    Finished,
    /// With an error.
    Failed(Error),
    /// The client disconnected, or the server stops.
    Cancelled,
    /// The time limit was reached.
    TimedOut,
}

impl EventSink {
    /// A client that receives every frame, and may disconnect.
    pub(super) fn new(frames: mpsc::Sender<Frame>, disconnected: CancellationToken) -> Self {
        Self(Some((frames, disconnected)))
    }

    /// No receiver.
    pub(super) fn none() -> Self {
        Self(None)
    }

    /// Sends a frame, unless the client has disconnected.
    pub(super) async fn send(&self, frame: Frame) {
        if let Some((frames, disconnected)) = &self.0 {
            // A disconnected client may never empty its buffer.
            tokio::select! {
                _ = frames.send(frame) => {}
                () = disconnected.cancelled() => {}
            }
        }
    }

    /// Runs the work on an answer until it ends, the client disconnects, or the time limit is reached.
    pub(super) async fn run(&self, resources: &Resources, work: impl Future<Output = Result<()>>) -> Completion {
        let timeout = resources.llm.as_ref().map_or(ANSWER_TIMEOUT, LanguageModel::answer_time);
        let (timeout, mut heartbeat) =
            (sleep(timeout), interval_at(Instant::now() + HEARTBEAT_INTERVAL, HEARTBEAT_INTERVAL));
        tokio::pin!(work, timeout);
        loop {
            tokio::select! {
                result = &mut work => return result.map_or_else(Completion::Failed, |()| Completion::Finished),
                () = self.disconnected() => return Completion::Cancelled,
                () = resources.tasks.stopped() => return Completion::Cancelled,
                () = &mut timeout => return Completion::TimedOut,
                _ = heartbeat.tick() => self.send(Frame::Think("Still working…".into())).await,
            }
        }
    }

    async fn disconnected(&self) {
        match &self.0 {
            Some((frames, disconnected)) => tokio::select! {
                () = frames.closed() => {}
                () = disconnected.cancelled() => {}
            },
            None => std::future::pending().await,
        }
    }
}
