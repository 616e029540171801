//! `recollect mcp`: MCP over standard input and output.

use anyhow::{Context as _, anyhow};
use clap::Args;
use resources::http;
use schemas::key::{CreatedKey, KeyFamily};
use tools::{Caller, Context, Credential, Surface, toolsets::ToolFilter};

use super::OpenDataFolder;
use crate::{
    config::Config,
    data_folder::DataFolder,
    exit::ExitError,
    mcp::{stdio::serve_stdio, stdio_bridge::bridge_stdio},
    parent_process::ParentProcess,
};

/// The name of the key that an assistant uses where no server runs.
const KEY_NAME: &str = "recollect mcp without a server";

/// Arguments of `recollect mcp`.
#[derive(Debug, Args)]
pub(crate) struct McpArgs {
    /// URL of a remote Recollect server to use instead of the data folder; its MCP key is read from RECOLLECT_KEY
    #[arg(long)]
    url: Option<String>,
    /// Toolsets to offer, with commas: default, memories, conversations, action_items, goals, people, admin, all
    #[arg(long, value_name = "NAMES", default_value = "default")]
    toolsets: ToolFilter,
}

/// Serves the data folder, or connects to the server that has it open, until standard input or the process that started
/// this one ends.
pub(crate) async fn run(config: &Config, args: McpArgs) -> anyhow::Result<()> {
    // A client that was killed may have left standard input open in another process.
    let parent = ParentProcess::current();
    let endpoint = |url: &str| format!("{url}/v1/mcp?toolsets={}", args.toolsets);
    if let Some(url) = &args.url {
        let key = std::env::var("RECOLLECT_KEY").map_err(|_| anyhow!("--url needs an MCP key in RECOLLECT_KEY"))?;
        return until_ended(&parent, bridge_stdio(endpoint(url), &key, http::client())).await;
    }
    match DataFolder::claim(&config.data) {
        Ok(folder) => {
            let opened = OpenDataFolder::open_locked(folder, config).await?;
            // A process that was killed may have left its key behind.
            let key = opened.resources.keys().replace(&opened.owner, KEY_NAME).await?;
            let served = match caller(&opened, &key).await {
                Ok(caller) => until_ended(&parent, serve_stdio(caller, args.toolsets)).await,
                Err(error) => Err(error),
            };
            opened.resources.keys().revoke(&opened.owner, KeyFamily::Mcp, &key.described.id).await?;
            opened.resources.close().await?;
            served
        }
        Err(ExitError::Locked { server: Some(server), .. }) => {
            // The certificate is for the server's public name, not for this address. Its identity is established by
            // server.json, which only this user can write.
            let http = http::client().no_proxy().tls_danger_accept_invalid_certs(true);
            until_ended(&parent, bridge_stdio(endpoint(&server.url), &server.key, http)).await
        }
        Err(error) => Err(error.into()),
    }
}

async fn until_ended(parent: &ParentProcess, serving: impl Future<Output = anyhow::Result<()>>) -> anyhow::Result<()> {
    tokio::select! {
        served = serving => served,
        () = parent.ended() => Ok(()),
    }
}

/// The owner, with the scopes of this key: an assistant may do no more here than through a server.
async fn caller(opened: &OpenDataFolder, key: &CreatedKey) -> anyhow::Result<Context> {
    let granted = opened.resources.keys().find(&key.key).await?.context("the key for this session was revoked")?;
    let caller = Caller::new(&opened.owner, Surface::Mcp, Credential::Key(granted));
    Ok(Context::new(caller, opened.resources.clone()))
}
