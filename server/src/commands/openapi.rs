//! `recollect openapi`: the contract of the REST face.

use std::io::Write;

/// Prints the OpenAPI document.
pub(crate) fn print() -> anyhow::Result<()> {
    let mut out = std::io::stdout().lock();
    serde_json::to_writer_pretty(&mut out, &crate::openapi_document())?;
    writeln!(out)?;
    Ok(())
}
