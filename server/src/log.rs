//! Logging on standard error: standard output is for results and for MCP.

use std::io::{self, IsTerminal};

use tracing_subscriber::EnvFilter;

use crate::config::{LogConfig, LogFormat};

/// Starts logging in this process; a second call changes nothing.
pub(crate) fn start(config: &LogConfig) {
    // At level trace these log whole messages, with passwords and keys.
    let limited = ["tungstenite=debug", "tokio_tungstenite=debug"].map(|part| part.parse().expect("a valid directive"));
    let filter = limited.into_iter().fold(EnvFilter::new(&config.filter), EnvFilter::add_directive);
    let log = tracing_subscriber::fmt().with_env_filter(filter).with_writer(io::stderr);
    let _ = match config.format {
        LogFormat::Text => log.with_ansi(io::stderr().is_terminal()).try_init(),
        LogFormat::Json => log.json().try_init(),
    };
}
