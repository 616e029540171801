//! `recollect mcp`: MCP on standard input and output.

use anyhow::{Context as _, anyhow};
use resources::http;
use schemas::key::{CreatedKey, KeyFamily};
use tools::{Caller, Context, Credential, Face};

use super::Opened;
use crate::cli::Mcp;
use crate::config::Config;
use crate::data_folder::DataFolder;
use crate::exit::Failure;
use crate::stdio::{bridge_stdio, serve_stdio};

/// What the key is called that an assistant works with where no server runs.
const ALONE: &str = "recollect mcp without a server";

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
            // A conversation that was killed may have left its own behind.
            let key = opened.resources.keys().replace(&opened.owner, ALONE).await?;
            let served = match caller(&opened, &key).await {
                Ok(caller) => serve_stdio(caller, choice.toolsets).await,
                Err(error) => Err(error),
            };
            opened.resources.keys().revoke(&opened.owner, KeyFamily::Mcp, &key.described.id).await?;
            opened.resources.close().await?;
            served
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

/// The owner, with the rights of this key: an assistant may do no more here than it may through a server.
async fn caller(opened: &Opened, key: &CreatedKey) -> anyhow::Result<Context> {
    let granted = opened.resources.keys().find(&key.key).await?.context("the key for this conversation is gone")?;
    let caller = Caller::new(&opened.owner, Face::Mcp, Credential::Key(granted));
    Ok(Context::new(caller, opened.resources.clone()))
}
