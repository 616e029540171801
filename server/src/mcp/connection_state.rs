//! What a client has asked for in one conversation: kept as long as that lasts.
#![expect(deprecated, reason = "logging is deprecated, and still what clients of older revisions know")]

use std::{
    collections::BTreeMap,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
};

use rmcp::{
    RoleServer,
    model::{LoggingLevel, LoggingMessageNotificationParam, SetLevelRequestParams},
    service::RequestContext,
};
use serde_json::{Value, json};
use tokio_util::sync::{CancellationToken, DropGuard};
use tools::Error;

/// The addresses that somebody watches, and what they were when they were last read.
pub(super) type Watched = Arc<Mutex<BTreeMap<String, u64>>>;

/// One session, one pipe, or one request that stands for itself.
pub(super) struct Conversation {
    /// The addresses that the client has subscribed to.
    pub(super) watched: Watched,
    log_level: Mutex<Option<LoggingLevel>>,
    has_begun: AtomicBool,
    end: DropGuard,
}

impl Default for Conversation {
    fn default() -> Self {
        Self {
            watched: Watched::default(),
            log_level: Mutex::default(),
            has_begun: AtomicBool::default(),
            end: CancellationToken::new().drop_guard(),
        }
    }
}

impl Conversation {
    /// Says whether this is the first time that it begins, and what tells of its end.
    pub(super) fn begin(&self) -> Option<CancellationToken> {
        let begun = self.has_begun.swap(true, Ordering::Relaxed);
        (!begun).then(|| self.end.token().clone())
    }

    /// Logs to the client from this level on.
    pub(super) fn log_from(&self, request: &SetLevelRequestParams) {
        *self.log_level.lock().unwrap_or_else(PoisonError::into_inner) = Some(request.level);
    }

    /// Logs a call to a client that wants to read along: by the level of its request, or by the one it has set.
    pub(super) async fn log(&self, request: &RequestContext<RoleServer>, tool: &str, outcome: &tools::Result<Value>) {
        let (level, outcome) = match outcome {
            Ok(_) => (LoggingLevel::Debug, "done"),
            Err(Error::Internal(_)) => (LoggingLevel::Error, "failed"),
            Err(error) => (LoggingLevel::Warning, error.code()),
        };
        let set = *self.log_level.lock().unwrap_or_else(PoisonError::into_inner);
        if request.meta.log_level().or(set).is_some_and(|wanted| level as u8 >= wanted as u8) {
            let data = json!({ "tool": tool, "outcome": outcome });
            let message = LoggingMessageNotificationParam::new(level, data).with_logger("tools");
            // Who has gone need not be told.
            let _ = request.peer.notify_logging_message(message).await;
        }
    }
}
