//! `recollect clients`: MCP clients that neither have a metadata document nor may register themselves.

use std::io::Write;

use anyhow::{anyhow, bail};
use resources::grants::{Client, NewClient, Trust, is_redirect_uri};

use super::Opened;
use crate::cli::Clients;
use crate::config::Config;

/// Adds, lists or removes clients in the data folder.
pub(crate) async fn manage(config: &Config, choice: Clients) -> anyhow::Result<()> {
    let opened = Opened::open(config).await?;
    let outcome = match choice {
        Clients::Add { name, redirect_uris, secret } => add(&opened, name, redirect_uris, secret).await,
        Clients::List => list(&opened).await,
        Clients::Remove { id } => remove(&opened, &id).await,
    };
    opened.resources.close().await?;
    outcome
}

async fn add(opened: &Opened, name: String, redirect_uris: Vec<String>, has_secret: bool) -> anyhow::Result<()> {
    if let Some(wrong) = redirect_uris.iter().find(|text| !is_redirect_uri(text)) {
        bail!(
            "{wrong} is not an address to send a client back to: https, http on this machine, or a scheme of an app's own"
        );
    }
    let new = NewClient { name, redirect_uris, refreshes: true, has_secret, trust: Trust::Manual };
    let added = opened.resources.clients().add(new).await?.ok_or_else(|| anyhow!("the client was not added"))?;
    let mut out = std::io::stdout().lock();
    writeln!(out, "client_id      {}", added.client.id)?;
    if let Some(secret) = added.secret {
        writeln!(out, "client_secret  {secret}")?;
        eprintln!("The secret is shown this once.");
    }
    Ok(())
}

async fn list(opened: &Opened) -> anyhow::Result<()> {
    let mut out = std::io::stdout().lock();
    for client in opened.resources.clients().list().await? {
        writeln!(out, "{}", row(&client))?;
    }
    Ok(())
}

async fn remove(opened: &Opened, id: &str) -> anyhow::Result<()> {
    match opened.resources.clients().remove(id).await? {
        true => eprintln!("Removed, and all that was granted to it."),
        false => bail!("no client has the id {id}; `recollect clients list` shows them"),
    }
    Ok(())
}

fn row(client: &Client) -> String {
    let kind = match (client.trust, client.has_secret()) {
        (Trust::Manual, true) => "added, with a secret",
        (Trust::Manual, false) => "added",
        _ => "registered itself",
    };
    format!("{}  {}  ({kind})  {}", client.id, client.name, client.redirect_uris.join(" "))
}
