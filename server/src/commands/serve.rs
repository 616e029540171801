//! `recollect serve`: the server.

use std::io::Write;

use resources::Resources;
use serde_json::json;
use tokio::signal::unix::{SignalKind, signal};

use crate::banner::Welcome;
use crate::cli::Serve;
use crate::config::Config;
use crate::data_folder::{Announcement, DataFolder};
use crate::{Running, start};

/// Serves until a signal comes.
pub(crate) async fn serve(mut config: Config, choice: &Serve) -> anyhow::Result<()> {
    config.server.host = choice.host.unwrap_or(config.server.host);
    config.server.port = choice.port.unwrap_or(config.server.port);
    let data = config.data.clone();
    let folder = DataFolder::claim(&data)?;
    let running = start(config).await?;
    // From here on a signal is heard: whoever reads that the server is ready may stop it at once.
    let terminate = signal(SignalKind::terminate())?;
    let key = bridge_key(&running.resources).await?;
    folder.announce(&Announcement { url: running.url.clone(), pid: std::process::id(), key })?;
    let text = if choice.json { ready_line(&running) } else { Welcome { running: &running, data: &data }.to_string() };
    writeln!(std::io::stdout(), "{text}")?;
    running.wait(terminate).await?;
    Ok(())
}

fn ready_line(running: &Running) -> String {
    let first = running.first.as_ref();
    json!({
        "url": running.url,
        "owner_token": first.map(|first| &first.owner_token),
        "developer_key": first.map(|first| &first.developer_key),
        "mcp_key": first.map(|first| &first.mcp_key),
    })
    .to_string()
}

const BRIDGE: &str = "recollect mcp on this machine";

/// A key for `recollect mcp`, which goes through this server while it runs. Nobody keeps it, so that the one of the
/// run before is revoked here.
async fn bridge_key(resources: &Resources) -> anyhow::Result<String> {
    let (keys, users) = (resources.keys(), resources.users());
    let owner = users.owner().await?.ok_or_else(|| anyhow::anyhow!("the data folder has no owner"))?.id;
    Ok(keys.replace(&owner, BRIDGE).await?.key)
}
