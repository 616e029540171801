//! Chat sessions: who answers in them, one question at a time, and that nothing is lost when the server stops.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use tokio::sync::OwnedMutexGuard;
use tokio_util::{sync::CancellationToken, task::TaskTracker};

/// How long answers may take to put themselves by when the server stops.
const PUT_BY: Duration = Duration::from_secs(5);

/// The answers at work in this process.
#[derive(Default)]
pub struct Sessions {
    turns: Mutex<HashMap<String, Arc<tokio::sync::Mutex<()>>>>,
    at_work: TaskTracker,
    stop: CancellationToken,
}

/// The right to answer in a session; it ends when this is dropped.
pub type TurnToAnswer = OwnedMutexGuard<()>;

impl Sessions {
    /// Waits until every earlier question of the session is answered. Questions come in the order in which they wait.
    pub async fn turn(&self, session: &str) -> TurnToAnswer {
        let turn = {
            let mut turns = self.turns.lock().unwrap_or_else(PoisonError::into_inner);
            // Nobody else holds or waits for a turn that only the map knows.
            turns.retain(|_, turn| Arc::strong_count(turn) > 1);
            Arc::clone(turns.entry(session.to_owned()).or_default())
        };
        turn.lock_owned().await
    }

    /// Runs an answer to its end, whoever listens.
    pub fn spawn(&self, answer: impl Future<Output = ()> + Send + 'static) {
        self.at_work.spawn(answer);
    }

    /// Ends when the server stops: answers put by what they have then.
    pub async fn stopped(&self) {
        self.stop.cancelled().await;
    }

    /// Tells answers at work to put by what they have, and waits until they did.
    pub(crate) async fn close(&self) {
        self.stop.cancel();
        self.at_work.close();
        if tokio::time::timeout(PUT_BY, self.at_work.wait()).await.is_err() {
            tracing::warn!("an answer could not be put by in time");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_session_is_answered_one_question_after_the_other() {
        let sessions = Sessions::default();
        let first = sessions.turn("a").await;
        let waiting = sessions.turn("a");
        futures::pin_mut!(waiting);
        assert!(futures::poll!(&mut waiting).is_pending());
        drop(sessions.turn("b").await);
        drop(first);
        drop(waiting.await);
        drop(sessions.turn("c").await);
        assert_eq!(sessions.turns.lock().unwrap().len(), 1, "sessions that nobody is in are forgotten");
    }
}
