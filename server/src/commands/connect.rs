//! `recollect connect`: configures MCP clients.

use std::{
    io::Write,
    net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr},
    path::PathBuf,
};

use anyhow::{Context as _, anyhow, bail};
use clap::Args;
use reqwest::Client as Http;
use schemas::key::KeyFamily;
use serde_json::{Value, json};
use tools::toolsets::ToolFilter;

use super::OpenDataFolder;
use crate::{
    client_config::{Client, Endpoint, file, local_program, merging},
    config::Config,
    data_folder::DataFolder,
    exit::ExitError,
};

/// The environment variable with an existing MCP key.
const KEY_VARIABLE: &str = "RECOLLECT_KEY";
/// The environment variable with a user's token, to create a key on a running server.
const TOKEN_VARIABLE: &str = "RECOLLECT_TOKEN";

/// Arguments of `recollect connect`.
#[derive(Debug, Args)]
pub(crate) struct ConnectArgs {
    /// The client
    client: Client,
    /// Write to the client's configuration file; a copy of the previous file is kept
    #[arg(long)]
    write: bool,
    /// That file, if it is not in the default place: such as .vscode/mcp.json for one project
    #[arg(long, value_name = "FILE")]
    file: Option<PathBuf>,
    /// URL of the server [default: that of the server running here, else from the configuration]
    #[arg(long)]
    url: Option<String>,
    /// Create no key: the client signs in with OAuth, in the browser
    #[arg(long)]
    sign_in: bool,
    /// Toolsets to offer, with commas: default, memories, conversations, action_items, goals, people, admin, all
    #[arg(long, value_name = "NAMES")]
    toolsets: Option<ToolFilter>,
}

/// Prints the configuration of a client, or writes it into the client's file.
pub(crate) async fn run(config: &Config, args: &ConnectArgs) -> anyhow::Result<()> {
    let client = args.client;
    let path = match (&args.file, args.write) {
        (Some(path), _) => Some(path.clone()),
        (None, true) => Some(client.file().ok_or_else(|| anyhow!("no home folder found; name the file with --file"))?),
        (None, false) => None,
    };
    let text = path.as_ref().filter(|_| args.write).map(|path| file::read(path)).transpose();
    let text = text.with_context(|| format!("cannot read {}", display(path.as_ref())))?;
    // A client that is connected already gets no second key.
    let without_key = endpoint(config, args, None)?;
    if let Some(text) = &text
        && merged(client, text, &without_key, path.as_ref())?.is_none()
    {
        eprintln!("{} is connected already: {} names this server.", client.title(), display(path.as_ref()));
        return Ok(());
    }
    let key = match &without_key {
        Endpoint::Url(url, _) if !args.sign_in => Some(key(config, client, url).await?),
        _ => None,
    };
    let endpoint = endpoint(config, args, key)?;
    let (Some(path), Some(text)) = (path, text) else {
        writeln!(std::io::stdout(), "{}", client.snippet(&endpoint))?;
        return Ok(());
    };
    let merged = merged(client, &text, &endpoint, Some(&path))?.unwrap_or(text);
    let copy = file::write(&path, &merged).with_context(|| format!("cannot write {}", path.display()))?;
    eprintln!("{} is connected: see {}. Restart it.", client.title(), path.display());
    if let Some(copy) = copy {
        eprintln!("The previous file is kept as {}.", copy.display());
    }
    Ok(())
}

fn merged(client: Client, text: &str, endpoint: &Endpoint, path: Option<&PathBuf>) -> anyhow::Result<Option<String>> {
    let merged = merging::merge(text, client.format(), &client.entry(endpoint));
    merged.with_context(|| format!("{} was not changed", display(path)))
}

fn display(path: Option<&PathBuf>) -> String {
    path.map(|path| path.display().to_string()).unwrap_or_default()
}

/// The endpoint that the client will use.
fn endpoint(config: &Config, args: &ConnectArgs, key: Option<String>) -> anyhow::Result<Endpoint> {
    if args.client == Client::ClaudeDesktop {
        if args.sign_in || args.url.is_some() {
            bail!("Claude Desktop accepts URLs only in its settings: Connectors, Add custom connector");
        }
        return Ok(local_program(&config.data));
    }
    let running = || match DataFolder::claim(&config.data) {
        Err(ExitError::Locked { server: Some(server), .. }) => Some(server.url),
        _ => None,
    };
    let url = args.url.clone().or_else(running).unwrap_or_else(|| configured_url(config));
    let url = format!("{}/v1/mcp", url.trim_end_matches('/').trim_end_matches("/v1/mcp"));
    let url = args.toolsets.as_ref().map_or_else(|| url.clone(), |toolsets| format!("{url}?toolsets={toolsets}"));
    Ok(Endpoint::Url(url, key))
}

/// The URL of a server with this configuration.
fn configured_url(config: &Config) -> String {
    if let Some(url) = &config.server.public_url {
        return url.clone();
    }
    let host: IpAddr = match config.server.host {
        IpAddr::V4(host) if host.is_unspecified() => Ipv4Addr::LOCALHOST.into(),
        IpAddr::V6(host) if host.is_unspecified() => Ipv6Addr::LOCALHOST.into(),
        host => host,
    };
    let scheme = if config.tls.certificate.is_some() { "https" } else { "http" };
    format!("{scheme}://{}", SocketAddr::new(host, config.server.port))
}

/// A key for the client: the given one, else a new one that is named after the client.
async fn key(config: &Config, client: Client, url: &str) -> anyhow::Result<String> {
    if let Ok(key) = std::env::var(KEY_VARIABLE) {
        return Ok(key);
    }
    if let Ok(token) = std::env::var(TOKEN_VARIABLE) {
        return create_remotely(client, url, &token).await;
    }
    match OpenDataFolder::open(config).await {
        Ok(opened) => {
            let made = opened.resources.keys().create(&opened.owner, KeyFamily::Mcp, client.title(), None).await;
            opened.resources.close().await?;
            Ok(made?.key)
        }
        Err(error) if matches!(error.downcast_ref(), Some(ExitError::Locked { .. })) => Err(error.context(format!(
            "the running server has to create the key for {}: set {TOKEN_VARIABLE} to your token, or {KEY_VARIABLE} to an \
             MCP key, or use --sign-in",
            client.title()
        ))),
        Err(error) => Err(error),
    }
}

async fn create_remotely(client: Client, url: &str, token: &str) -> anyhow::Result<String> {
    let keys = url.split('?').next().unwrap_or_default().to_owned() + "/keys";
    let request = Http::builder().no_proxy().build()?.post(keys).bearer_auth(token);
    let response =
        request.json(&json!({ "name": client.title() })).send().await.context("the server cannot be reached")?;
    let (status, made) = (response.status(), response.json::<Value>().await.unwrap_or_default());
    let key = made["key"].as_str().filter(|_| status.is_success());
    key.map(str::to_owned).ok_or_else(|| anyhow!("the server created no key: {status} {}", made["detail"]))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_url_follows_from_the_configuration() {
        let mut config = Config::in_folder("/somewhere".as_ref());
        config.server.port = 8080;
        for (host, url) in [
            ("127.0.0.1", "http://127.0.0.1:8080"),
            ("0.0.0.0", "http://127.0.0.1:8080"),
            ("::", "http://[::1]:8080"),
            ("fd00::7", "http://[fd00::7]:8080"),
        ] {
            config.server.host = host.parse().unwrap();
            assert_eq!(configured_url(&config), url);
        }
        (config.tls.certificate, config.tls.key) = (Some("c.pem".into()), Some("k.pem".into()));
        assert_eq!(configured_url(&config), "https://[fd00::7]:8080");
        config.server.public_url = Some("https://memory.example".into());
        assert_eq!(configured_url(&config), "https://memory.example");
    }
}
