//! The log, on standard error: standard output belongs to results and to the MCP protocol.

use std::io::{self, IsTerminal};

use tracing_subscriber::EnvFilter;

use crate::config::{LogConfig, LogFormat};

/// Starts logging for this process; a second call changes nothing.
pub(crate) fn start(config: &LogConfig) {
    // These write down whole messages, passwords and keys in them, when everything is logged.
    let careful = ["tungstenite=debug", "tokio_tungstenite=debug"].map(|part| part.parse().expect("it is a directive"));
    let filter = careful.into_iter().fold(EnvFilter::new(&config.filter), EnvFilter::add_directive);
    let log = tracing_subscriber::fmt().with_env_filter(filter).with_writer(io::stderr);
    let _ = match config.format {
        LogFormat::Text => log.with_ansi(io::stderr().is_terminal()).try_init(),
        LogFormat::Json => log.json().try_init(),
    };
}
