//! `recollect clients`: OAuth clients that have no metadata document and cannot register themselves.

use std::io::Write;

use anyhow::{anyhow, bail};
use clap::Subcommand;
use resources::grants::{Client, NewClient, REDIRECT_URI_RULE, Trust, is_redirect_uri};

use super::OpenDataFolder;
use crate::config::Config;

/// Commands on OAuth clients.
#[derive(Debug, Subcommand)]
pub(crate) enum ClientsCommand {
    /// Add a client and print its id
    Add {
        /// Display name
        #[arg(long)]
        name: String,
        /// Allowed redirect URI; may be given several times
        #[arg(long = "redirect-uri", value_name = "URL", required = true)]
        redirect_uris: Vec<String>,
        /// Create a client secret too
        #[arg(long)]
        secret: bool,
    },
    /// List the clients
    List,
    /// Remove a client and revoke all its grants
    Remove {
        /// Client id
        id: String,
    },
}

/// Adds, lists or removes clients in the data folder.
pub(crate) async fn run(config: &Config, command: ClientsCommand) -> anyhow::Result<()> {
    let opened = OpenDataFolder::open(config).await?;
    let outcome = match command {
        ClientsCommand::Add { name, redirect_uris, secret } => add(&opened, name, redirect_uris, secret).await,
        ClientsCommand::List => list(&opened).await,
        ClientsCommand::Remove { id } => remove(&opened, &id).await,
    };
    opened.resources.close().await?;
    outcome
}

async fn add(
    opened: &OpenDataFolder,
    name: String,
    redirect_uris: Vec<String>,
    has_secret: bool,
) -> anyhow::Result<()> {
    if let Some(wrong) = redirect_uris.iter().find(|text| !is_redirect_uri(text)) {
        bail!("{wrong} is not a redirect URI: use {REDIRECT_URI_RULE}");
    }
    let new = NewClient { name, redirect_uris, refreshes: true, has_secret, trust: Trust::Manual };
    let added = opened.resources.clients().add(new).await?.ok_or_else(|| anyhow!("the client was not added"))?;
    let mut out = std::io::stdout().lock();
    writeln!(out, "client_id      {}", added.client.id)?;
    if let Some(secret) = added.secret {
        writeln!(out, "client_secret  {secret}")?;
        eprintln!("The secret is shown only once.");
    }
    Ok(())
}

async fn list(opened: &OpenDataFolder) -> anyhow::Result<()> {
    let mut out = std::io::stdout().lock();
    for client in opened.resources.clients().list().await? {
        writeln!(out, "{}", row(&client))?;
    }
    Ok(())
}

async fn remove(opened: &OpenDataFolder, id: &str) -> anyhow::Result<()> {
    match opened.resources.clients().remove(id).await? {
        true => eprintln!("Removed, and its grants revoked."),
        false => bail!("no client has the id {id}; see `recollect clients list`"),
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
