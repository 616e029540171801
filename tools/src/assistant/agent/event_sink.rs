//! Whoever listens to an answer while it is made, and how long that may take.

use std::time::Duration;

use resources::{LanguageModel, Resources};
use tokio::{
    sync::mpsc,
    time::{Instant, interval_at, sleep},
};
use tokio_util::sync::CancellationToken;

use super::Frame;
use crate::{Error, Result};

/// How long an answer may take in all where no model is asked.
const LONGEST: Duration = Duration::from_secs(150);

/// How often who waits is told that work goes on.
const HEARTBEAT: Duration = Duration::from_secs(20);

/// Whoever listens; nobody has to.
pub(super) struct Listener(Option<(mpsc::Sender<Frame>, CancellationToken)>);

/// How an answer came to its end.
pub(super) enum Ended {
    /// By itself.
    Done,
    /// By an error.
    Failed(Error),
    /// The client left, or the server stops.
    Left,
    /// It took too long.
    Late,
}

impl Listener {
    /// One who gets every frame, and may leave.
    pub(super) fn new(frames: mpsc::Sender<Frame>, leaving: CancellationToken) -> Self {
        Self(Some((frames, leaving)))
    }

    /// Nobody, who never leaves either.
    pub(super) fn nobody() -> Self {
        Self(None)
    }

    /// Tells a frame to whoever is still there.
    pub(super) async fn tell(&self, frame: Frame) {
        if let Some((frames, leaving)) = &self.0 {
            // One who has left does not make room for more.
            tokio::select! {
                _ = frames.send(frame) => {}
                () = leaving.cancelled() => {}
            }
        }
    }

    /// Lets an answer go on until it is made, until nobody listens any more, or until it takes too long.
    pub(super) async fn attend(&self, resources: &Resources, answering: impl Future<Output = Result<()>>) -> Ended {
        let longest = resources.llm.as_ref().map_or(LONGEST, LanguageModel::answer_time);
        let (late, mut heartbeat) = (sleep(longest), interval_at(Instant::now() + HEARTBEAT, HEARTBEAT));
        tokio::pin!(answering, late);
        loop {
            tokio::select! {
                ended = &mut answering => return ended.map_or_else(Ended::Failed, |()| Ended::Done),
                () = self.left() => return Ended::Left,
                () = resources.sessions.stopped() => return Ended::Left,
                () = &mut late => return Ended::Late,
                _ = heartbeat.tick() => self.tell(Frame::Think("Still working…".into())).await,
            }
        }
    }

    async fn left(&self) {
        match &self.0 {
            Some((frames, leaving)) => tokio::select! {
                () = frames.closed() => {}
                () = leaving.cancelled() => {}
            },
            None => std::future::pending().await,
        }
    }
}
