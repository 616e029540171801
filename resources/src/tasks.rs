//! Background tasks of the process, which shutdown waits for, and the locks that keep chat sessions to one question at a
//! time.

use std::{collections::HashMap, sync::Arc, time::Duration};

use parking_lot::Mutex;
use tokio::sync::OwnedMutexGuard;
use tokio_util::{sync::CancellationToken, task::TaskTracker};

/// How long shutdown waits for tasks to save what they have.
const SHUTDOWN_TIMEOUT: Duration = Duration::from_secs(5);

/// The tasks of this process that run to their end, whether or not the caller still waits.
#[derive(Default)]
pub struct Tasks {
    chat_locks: Mutex<HashMap<String, Arc<tokio::sync::Mutex<()>>>>,
    tracker: TaskTracker,
    stop: CancellationToken,
}

/// The right to answer in a chat session, until it is dropped.
pub type ChatLock = OwnedMutexGuard<()>;

impl Tasks {
    /// Waits until every earlier question of the chat session is answered. Questions are answered in the order of these
    /// calls.
    pub async fn lock_chat(&self, session: &str) -> ChatLock {
        let lock = {
            let mut locks = self.chat_locks.lock();
            // A lock that only the map knows is neither held nor waited for.
            locks.retain(|_, lock| Arc::strong_count(lock) > 1);
            Arc::clone(locks.entry(session.to_owned()).or_default())
        };
        lock.lock_owned().await
    }

    /// Runs a task to its end.
    pub fn spawn(&self, task: impl Future<Output = ()> + Send + 'static) {
        self.tracker.spawn(task);
    }

    /// Completes when the server stops; a long task then saves what it has and ends.
    pub async fn stopped(&self) {
        self.stop.cancelled().await;
    }

    /// Signals the stop, and waits for the tasks to end.
    pub(crate) async fn close(&self) {
        self.stop.cancel();
        self.tracker.close();
        if tokio::time::timeout(SHUTDOWN_TIMEOUT, self.tracker.wait()).await.is_err() {
            tracing::warn!("a task was aborted at shutdown");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_session_is_answered_one_question_after_the_other() {
        let tasks = Tasks::default();
        let first = tasks.lock_chat("a").await;
        let waiting = tasks.lock_chat("a");
        futures::pin_mut!(waiting);
        assert!(futures::poll!(&mut waiting).is_pending());
        drop(tasks.lock_chat("b").await);
        drop(first);
        drop(waiting.await);
        drop(tasks.lock_chat("c").await);
        assert_eq!(tasks.chat_locks.lock().len(), 1, "unused locks are removed");
    }
}
