//! `recollect connect`: the configuration of MCP clients.

use std::io::Write;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::path::PathBuf;

use anyhow::{Context as _, anyhow, bail};
use reqwest::Client as Http;
use schemas::key::KeyFamily;
use serde_json::{Value, json};

use super::Opened;
use crate::cli::Connect;
use crate::client_config::{Client, Reach, file, merging, through_program};
use crate::config::Config;
use crate::data_folder::DataFolder;
use crate::exit::Failure;

/// What a key is given as, where the server does not run here.
const KEY: &str = "RECOLLECT_KEY";
/// Whose token makes a key on a server that runs.
const TOKEN: &str = "RECOLLECT_TOKEN";

/// Prints how to connect a client, or writes it into the client's own file.
pub(crate) async fn connect(config: &Config, choice: &Connect) -> anyhow::Result<()> {
    let client = choice.client;
    let path = match (&choice.file, choice.write) {
        (Some(path), _) => Some(path.clone()),
        (None, true) => {
            Some(client.file().ok_or_else(|| anyhow!("there is no home folder; name the file with --file"))?)
        }
        (None, false) => None,
    };
    let text = path.as_ref().filter(|_| choice.write).map(|path| file::read(path)).transpose();
    let text = text.with_context(|| format!("{} cannot be read", shown(path.as_ref())))?;
    // A client that is connected already gets no second key.
    let without_key = reach(config, choice, None)?;
    if let Some(text) = &text
        && merged(client, text, &without_key, path.as_ref())?.is_none()
    {
        eprintln!("{} is connected already: {} names this server.", client.title(), shown(path.as_ref()));
        return Ok(());
    }
    let key = match &without_key {
        Reach::Address(url, _) if !choice.sign_in => Some(key(config, client, url).await?),
        _ => None,
    };
    let reach = reach(config, choice, key)?;
    let (Some(path), Some(text)) = (path, text) else {
        writeln!(std::io::stdout(), "{}", client.line(&reach))?;
        return Ok(());
    };
    let merged = merged(client, &text, &reach, Some(&path))?.unwrap_or(text);
    let copy = file::write(&path, &merged).with_context(|| format!("{} cannot be written", path.display()))?;
    eprintln!("{} is connected: see {}. Start it anew.", client.title(), path.display());
    if let Some(copy) = copy {
        eprintln!("What the file was before is in {}.", copy.display());
    }
    Ok(())
}

fn merged(client: Client, text: &str, reach: &Reach, path: Option<&PathBuf>) -> anyhow::Result<Option<String>> {
    let merged = merging::merge(text, client.format(), &client.entry(reach));
    merged.with_context(|| format!("{} is left as it is", shown(path)))
}

fn shown(path: Option<&PathBuf>) -> String {
    path.map(|path| path.display().to_string()).unwrap_or_default()
}

/// How the client will reach the server.
fn reach(config: &Config, choice: &Connect, key: Option<String>) -> anyhow::Result<Reach> {
    if choice.client == Client::ClaudeDesktop {
        if choice.sign_in || choice.url.is_some() {
            bail!("Claude Desktop takes addresses in its settings only: Connectors, Add custom connector");
        }
        return Ok(through_program(&config.data));
    }
    let running = || match DataFolder::claim(&config.data) {
        Err(Failure::Locked { server: Some(server), .. }) => Some(server.url),
        _ => None,
    };
    let url = choice.url.clone().or_else(running).unwrap_or_else(|| configured(config));
    let url = format!("{}/v1/mcp", url.trim_end_matches('/').trim_end_matches("/v1/mcp"));
    let url = choice.toolsets.as_ref().map_or_else(|| url.clone(), |toolsets| format!("{url}?toolsets={toolsets}"));
    Ok(Reach::Address(url, key))
}

/// Where a server with this configuration is reached.
fn configured(config: &Config) -> String {
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

/// A key for the client: the one that is given, else a new one that is called after it.
async fn key(config: &Config, client: Client, url: &str) -> anyhow::Result<String> {
    if let Ok(key) = std::env::var(KEY) {
        return Ok(key);
    }
    if let Ok(token) = std::env::var(TOKEN) {
        return make_remotely(client, url, &token).await;
    }
    match Opened::open(config).await {
        Ok(opened) => {
            let made = opened.resources.keys().create(&opened.owner, KeyFamily::Mcp, client.title(), None).await;
            opened.resources.close().await?;
            Ok(made?.key)
        }
        Err(error) if matches!(error.downcast_ref(), Some(Failure::Locked { .. })) => Err(error.context(format!(
            "a key for {} is made by the server that runs: give a token of yours in {TOKEN}, or an MCP key in {KEY}, or \
             let the client sign in by itself with --sign-in",
            client.title()
        ))),
        Err(error) => Err(error),
    }
}

async fn make_remotely(client: Client, url: &str, token: &str) -> anyhow::Result<String> {
    let keys = url.split('?').next().unwrap_or_default().to_owned() + "/keys";
    let request = Http::builder().no_proxy().build()?.post(keys).bearer_auth(token);
    let response = request.json(&json!({ "name": client.title() })).send().await.context("the server is away")?;
    let (status, made) = (response.status(), response.json::<Value>().await.unwrap_or_default());
    let key = made["key"].as_str().filter(|_| status.is_success());
    key.map(str::to_owned).ok_or_else(|| anyhow!("the server made no key: {status} {}", made["detail"]))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_server_is_reached_as_it_is_configured() {
        let mut config = Config::in_folder("/somewhere".as_ref());
        config.server.port = 8080;
        for (host, url) in [
            ("127.0.0.1", "http://127.0.0.1:8080"),
            ("0.0.0.0", "http://127.0.0.1:8080"),
            ("::", "http://[::1]:8080"),
            ("fd00::7", "http://[fd00::7]:8080"),
        ] {
            config.server.host = host.parse().unwrap();
            assert_eq!(configured(&config), url);
        }
        (config.tls.certificate, config.tls.key) = (Some("c.pem".into()), Some("k.pem".into()));
        assert_eq!(configured(&config), "https://[fd00::7]:8080");
        config.server.public_url = Some("https://memory.example".into());
        assert_eq!(configured(&config), "https://memory.example");
    }
}
