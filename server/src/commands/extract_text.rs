//! `recollect extract-text`: the child process in which the server reads documents from outside. It needs neither the
//! configuration nor the data folder.

use std::process::ExitCode;

use clap::{Args, ValueEnum};
use resources::documents::child;

use crate::exit;

/// Arguments of `recollect extract-text`.
#[derive(Debug, Args)]
pub(crate) struct ExtractTextArgs {
    /// The format of the document
    #[arg(long)]
    kind: DocumentKind,
    /// The maximum length of the text, in characters
    #[arg(long)]
    max_chars: usize,
}

/// The formats that are read in a child process.
#[derive(Debug, Clone, Copy, ValueEnum)]
enum DocumentKind {
    Pdf,
}

/// Reads the document on standard input, and writes its pages or the reason for having none as JSON.
pub(crate) fn run(args: &ExtractTextArgs) -> ExitCode {
    let extracted = match args.kind {
        DocumentKind::Pdf => child::extract_pdf(args.max_chars),
    };
    match extracted {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => exit::report(&error.into()),
    }
}
