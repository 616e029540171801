//! `recollect openapi`: the OpenAPI document of the REST API.

use std::io::Write;

/// Prints the OpenAPI document.
pub(crate) fn run() -> anyhow::Result<()> {
    let mut out = std::io::stdout().lock();
    serde_json::to_writer_pretty(&mut out, &crate::openapi_document())?;
    writeln!(out)?;
    Ok(())
}
