//! `recollect mcp`: MCP on standard input and output.

use anyhow::anyhow;
use resources::http;
use tools::{Context, Face};

use super::Opened;
use crate::cli::Mcp;
use crate::config::Config;
use crate::data_folder::DataFolder;
use crate::failure::Failure;
use crate::stdio::{bridge_stdio, serve_stdio};

/// Serves the data folder, or goes through the server that holds it.
pub(crate) async fn speak(config: &Config, choice: Mcp) -> anyhow::Result<()> {
    let endpoint = |url: &str| format!("{url}/v1/mcp?toolsets={}", choice.toolsets);
    if let Some(url) = &choice.url {
        let key = std::env::var("RECOLLECT_KEY").map_err(|_| anyhow!("--url needs an MCP key in RECOLLECT_KEY"))?;
        return bridge_stdio(endpoint(url), &key, http::client()).await;
    }
    match DataFolder::claim(&config.data) {
        Ok(folder) => {
            let opened = Opened::within(folder, config).await?;
            let context = Context::of_user(&opened.owner, Face::Mcp, opened.resources.clone());
            serve_stdio(context, choice.toolsets).await?;
            opened.resources.close().await?;
            Ok(())
        }
        Err(Failure::Locked { server: Some(server), .. }) => {
            // The certificate names the server as others reach it, not as this machine does. Who it is says the
            // announcement, which only this user and the server could have written.
            let http = http::client().no_proxy().tls_danger_accept_invalid_certs(true);
            bridge_stdio(endpoint(&server.url), &server.key, http).await
        }
        Err(failure) => Err(failure.into()),
    }
}
