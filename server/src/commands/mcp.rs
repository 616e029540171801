//! `recollect mcp`: MCP on standard input and output.

use anyhow::anyhow;
use tools::{Context, Face};

use super::Opened;
use crate::cli::Mcp;
use crate::config::Config;
use crate::data_folder::DataFolder;
use crate::failure::Failure;
use crate::stdio::{bridge_stdio, serve_stdio};

/// Serves the data folder, or goes through the server that holds it.
pub(crate) async fn speak(config: &Config, choice: Mcp) -> anyhow::Result<()> {
    if let Some(url) = choice.url {
        let key = std::env::var("RECOLLECT_KEY").map_err(|_| anyhow!("--url needs an MCP key in RECOLLECT_KEY"))?;
        return bridge_stdio(&url, &key).await;
    }
    match DataFolder::claim(&config.data) {
        Ok(folder) => {
            let opened = Opened::within(folder, config).await?;
            let context = Context::of_user(&opened.owner, Face::Mcp, opened.resources.clone());
            serve_stdio(context).await?;
            opened.resources.close().await?;
            Ok(())
        }
        Err(Failure::Locked { server: Some(server), .. }) => bridge_stdio(&server.url, &server.key).await,
        Err(failure) => Err(failure.into()),
    }
}
