//! What a client has set for its connection: kept as long as that lasts.
#![expect(deprecated, reason = "logging is deprecated, and still used by clients of older protocol versions")]

use std::sync::atomic::{AtomicBool, Ordering};

use parking_lot::Mutex;
use rmcp::{
    RoleServer,
    model::{LoggingLevel, LoggingMessageNotificationParam, SetLevelRequestParams},
    service::RequestContext,
};
use serde_json::{Value, json};
use tokio_util::sync::{CancellationToken, DropGuard};
use tools::Error;

use super::subscriptions::SubscribedUris;

/// The state of one session, of one client on standard input, or of one stateless request.
pub(super) struct ConnectionState {
    pub(super) subscribed: SubscribedUris,
    log_level: Mutex<Option<LoggingLevel>>,
    is_initialized: AtomicBool,
    closed: DropGuard,
}

impl Default for ConnectionState {
    fn default() -> Self {
        Self {
            subscribed: SubscribedUris::default(),
            log_level: Mutex::default(),
            is_initialized: AtomicBool::default(),
            closed: CancellationToken::new().drop_guard(),
        }
    }
}

impl ConnectionState {
    /// Marks the connection as initialized; the first time, returns the token that is cancelled when it closes.
    pub(super) fn initialize(&self) -> Option<CancellationToken> {
        let was_initialized = self.is_initialized.swap(true, Ordering::Relaxed);
        (!was_initialized).then(|| self.closed.token().clone())
    }

    /// Sets the level from which on calls are logged to the client.
    pub(super) fn set_log_level(&self, request: &SetLevelRequestParams) {
        *self.log_level.lock() = Some(request.level);
    }

    /// Logs a call to the client, at the level of its request or the one that it has set.
    pub(super) async fn log_call(
        &self,
        request: &RequestContext<RoleServer>,
        tool: &str,
        outcome: &tools::Result<Value>,
    ) {
        let (level, outcome) = match outcome {
            Ok(_) => (LoggingLevel::Debug, "done"),
            Err(Error::Internal(_)) => (LoggingLevel::Error, "failed"),
            Err(error) => (LoggingLevel::Warning, error.code()),
        };
        let set = *self.log_level.lock();
        if request.meta.log_level().or(set).is_some_and(|wanted| level as u8 >= wanted as u8) {
            let data = json!({ "tool": tool, "outcome": outcome });
            let message = LoggingMessageNotificationParam::new(level, data).with_logger("tools");
            // The client may be gone.
            let _ = request.peer.notify_logging_message(message).await;
        }
    }
}
