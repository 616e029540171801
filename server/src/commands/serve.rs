//! `recollect serve`: the server.

use std::{io::Write, net::IpAddr};

use clap::Args;
use resources::Resources;
use serde_json::json;
use tokio::signal::unix::{SignalKind, signal};

use crate::{
    ServerHandle,
    banner::Banner,
    config::Config,
    data_folder::{DataFolder, ServerInfo},
    start,
};

/// Arguments of `recollect serve`.
#[derive(Debug, Clone, Args)]
pub(crate) struct ServeArgs {
    /// IP address to listen on
    #[arg(long)]
    pub(crate) host: Option<IpAddr>,
    /// Port to listen on; 0 is any free port
    #[arg(long)]
    pub(crate) port: Option<u16>,
    /// Print one JSON object with the URL and the new keys once ready, for scripts
    #[arg(long)]
    pub(crate) json: bool,
}

/// Serves until a signal comes.
pub(crate) async fn run(mut config: Config, args: &ServeArgs) -> anyhow::Result<()> {
    config.server.host = args.host.unwrap_or(config.server.host);
    config.server.port = args.port.unwrap_or(config.server.port);
    let data = config.data.clone();
    let folder = DataFolder::claim(&data)?;
    let server = start(config).await?;
    // Before the banner: a script that reads it may stop the server at once.
    let terminate = signal(SignalKind::terminate())?;
    let key = bridge_key(&server.resources).await?;
    folder.write_server_info(&ServerInfo { url: server.url.clone(), pid: std::process::id(), key })?;
    let text = if args.json { ready_line(&server) } else { Banner { server: &server, data: &data }.to_string() };
    writeln!(std::io::stdout(), "{text}")?;
    server.wait(terminate).await?;
    Ok(())
}

fn ready_line(server: &ServerHandle) -> String {
    let keys = server.bootstrap.as_ref();
    json!({
        "url": server.url,
        "owner_token": keys.map(|keys| &keys.owner_token),
        "developer_key": keys.map(|keys| &keys.developer_key),
        "mcp_key": keys.map(|keys| &keys.mcp_key),
    })
    .to_string()
}

/// The name of the key that `recollect mcp` uses.
const BRIDGE_KEY_NAME: &str = "recollect mcp on this machine";

/// A key for `recollect mcp`, which connects to this server while it runs. It replaces the key of the previous run.
async fn bridge_key(resources: &Resources) -> anyhow::Result<String> {
    let (keys, users) = (resources.keys(), resources.users());
    let owner = users.owner().await?.ok_or_else(|| anyhow::anyhow!("the data folder has no owner"))?.id;
    Ok(keys.replace(&owner, BRIDGE_KEY_NAME).await?.key)
}
