//! Exit codes, and the error message on standard error.

use std::{path::PathBuf, process::ExitCode};

use crate::data_folder::ServerInfo;

/// An error that the user can fix, with its own exit code; any other error has code 1.
#[derive(Debug, thiserror::Error)]
pub enum ExitError {
    /// Invalid configuration: code 2, as for an invalid command line.
    #[error("{0}")]
    Config(String),
    /// Another process has the data folder open: code 3.
    #[error("the data folder {} is in use by {}", .folder.display(), holder(.server.as_ref()))]
    Locked {
        /// The folder.
        folder: PathBuf,
        /// The server that has it open, where it is a server.
        server: Option<ServerInfo>,
    },
    /// The data folder cannot be used: code 4.
    #[error("the data folder {} cannot be used: {reason}", .folder.display())]
    Folder {
        /// The folder.
        folder: PathBuf,
        /// The error of the system.
        reason: std::io::Error,
    },
    /// The server cannot listen on the address: code 5.
    #[error("cannot listen on {address}: {reason}; choose another port with --port")]
    Port {
        /// Host and port.
        address: String,
        /// The error of the system.
        reason: std::io::Error,
    },
}

/// Prints the error on standard error, in one line, and returns its exit code.
pub(crate) fn report(error: &anyhow::Error) -> ExitCode {
    eprintln!("recollect: {}", format!("{error:#}").replace('\n', " "));
    ExitCode::from(match error.downcast_ref::<ExitError>() {
        Some(ExitError::Config(_)) => 2,
        Some(ExitError::Locked { .. }) => 3,
        Some(ExitError::Folder { .. }) => 4,
        Some(ExitError::Port { .. }) => 5,
        None => 1,
    })
}

fn holder(server: Option<&ServerInfo>) -> String {
    match server {
        Some(server) => format!("the server at {} (process {}); stop it first", server.url, server.pid),
        None => "another recollect process; stop it, or run `recollect serve` and share it".into(),
    }
}
