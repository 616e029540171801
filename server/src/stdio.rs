//! MCP over standard input and output, for clients that start their servers themselves. Nothing but protocol goes to
//! standard output.

mod bridge;

use anyhow::Context as _;
use rmcp::{ServiceExt, transport::stdio_pipes};

pub(crate) use bridge::bridge_stdio;

use crate::mcp::{Handler, McpSettings};
use tools::toolsets::Shown;

/// Serves one caller from this process, until standard input ends. Fails when the client breaks the protocol at once.
pub(crate) async fn serve_stdio(caller: tools::Context, shown: Shown) -> anyhow::Result<()> {
    let handler = Handler::for_caller(caller, shown, McpSettings::default().page_size);
    let running = handler.serve(stdio_pipes()).await.context("the client did not begin an MCP conversation")?;
    running.waiting().await?;
    Ok(())
}
