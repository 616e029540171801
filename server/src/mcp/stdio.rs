//! MCP over standard input and output, for clients that start their servers themselves. Standard output carries protocol
//! messages only.

use anyhow::Context as _;
use rmcp::{ServiceExt, service::ServerInitializeError, transport::stdio_pipes};

use super::{McpHandler, McpSettings};
use tools::toolsets::ToolFilter;

/// Serves one caller from this process, until standard input ends. Fails when the client begins with anything else than
/// `initialize`.
pub(crate) async fn serve_stdio(caller: tools::Context, filter: ToolFilter) -> anyhow::Result<()> {
    let handler = McpHandler::for_caller(caller, filter, McpSettings::default().page_size);
    let running = match handler.serve(stdio_pipes()).await {
        Ok(running) => running,
        // The client has ended, or only wanted to know whether the program starts.
        Err(ServerInitializeError::ConnectionClosed(_)) => return Ok(()),
        Err(error) => return Err(error).context("the client did not initialize an MCP connection"),
    };
    running.waiting().await?;
    Ok(())
}
