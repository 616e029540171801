//! Why the program stops: one clear line on standard error, and an exit code that scripts can tell apart.

use std::path::PathBuf;
use std::process::ExitCode;

use crate::data_folder::Announcement;

/// A failure that a person can mend, each with an exit code of its own; everything else is code 1.
#[derive(Debug, thiserror::Error)]
pub enum Failure {
    /// The configuration is wrong: code 2, as for a wrong command line.
    #[error("{0}")]
    Config(String),
    /// Another process holds the data folder: code 3.
    #[error("the data folder {} is in use by {}", .folder.display(), holder(.server.as_ref()))]
    Locked {
        /// The folder.
        folder: PathBuf,
        /// The server that holds it, when it is one that can be reached.
        server: Option<Announcement>,
    },
    /// The data folder can't be written: code 4.
    #[error("the data folder {} cannot be used: {reason}", .folder.display())]
    Folder {
        /// The folder.
        folder: PathBuf,
        /// What the system said.
        reason: std::io::Error,
    },
    /// The address can't be listened on: code 5.
    #[error("cannot listen on {address}: {reason}; choose another port with --port")]
    Port {
        /// Host and port.
        address: String,
        /// What the system said.
        reason: std::io::Error,
    },
}

/// Says on standard error what went wrong, in one line, and gives the exit code for it.
pub(crate) fn report(error: &anyhow::Error) -> ExitCode {
    eprintln!("recollect: {}", format!("{error:#}").replace('\n', " "));
    ExitCode::from(match error.downcast_ref::<Failure>() {
        Some(Failure::Config(_)) => 2,
        Some(Failure::Locked { .. }) => 3,
        Some(Failure::Folder { .. }) => 4,
        Some(Failure::Port { .. }) => 5,
        None => 1,
    })
}

fn holder(server: Option<&Announcement>) -> String {
    match server {
        Some(server) => format!("the server at {} (process {}); stop it first", server.url, server.pid),
        None => "another recollect process; stop it, or let `recollect serve` run instead and share it".into(),
    }
}
