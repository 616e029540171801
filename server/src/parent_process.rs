//! The process that started this one.

#[cfg(unix)]
use rustix::process::{Pid, getppid};

/// How often the parent is looked for.
#[cfg(unix)]
const POLL_INTERVAL: std::time::Duration = std::time::Duration::from_secs(1);

/// The process that started this one.
///
/// Linux can send a signal when the parent ends, but does so when the *thread* ends that started this process, which may be
/// one of a pool. The parent's id is the same on all systems, and does not depend on threads.
pub(crate) struct ParentProcess {
    #[cfg(unix)]
    id: Option<Pid>,
}

impl ParentProcess {
    /// The present parent. To be read before anything that takes time, in which it may end.
    pub(crate) fn current() -> Self {
        Self {
            #[cfg(unix)]
            id: getppid(),
        }
    }

    /// Completes when the parent has ended: this process then has another one. Never completes where the system cannot
    /// say.
    pub(crate) async fn ended(&self) {
        #[cfg(unix)]
        while getppid() == self.id {
            tokio::time::sleep(POLL_INTERVAL).await;
        }
        #[cfg(not(unix))]
        std::future::pending::<()>().await;
    }
}
