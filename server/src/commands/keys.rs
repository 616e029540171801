//! `recollect keys`: the owner's API keys.

use std::io::Write;

use anyhow::{anyhow, bail};
use chrono::{DateTime, NaiveDate, NaiveTime, TimeDelta, Utc};
use clap::{Subcommand, ValueEnum};
use schemas::key::{Key, KeyFamily};
use schemas::scope::Scope;

use super::OpenDataFolder;
use crate::config::Config;

/// Commands on API keys.
#[derive(Debug, Subcommand)]
pub(crate) enum KeysCommand {
    /// Create a key and print it; it is shown only once
    Create {
        /// The API that the key is for
        #[arg(long)]
        family: Family,
        /// Display name
        #[arg(long)]
        name: String,
        /// Scopes, with commas, such as memories:read [default: read-only for a developer key, all for an MCP key]
        #[arg(long, value_delimiter = ',')]
        scopes: Option<Vec<String>>,
        /// Expiry: a number of days from now, or a date such as 2027-01-01 [default: never]
        #[arg(long, value_name = "DAYS|DATE")]
        expires: Option<String>,
    },
    /// List the keys
    List {
        /// Only keys of this API
        #[arg(long)]
        family: Option<Family>,
    },
    /// Revoke a key at once
    Revoke {
        /// Key id
        id: String,
    },
}

/// The API that a key is for.
#[derive(Debug, Clone, Copy, ValueEnum)]
pub(crate) enum Family {
    /// The Developer API, for scripts and integrations
    Developer,
    /// MCP, for assistants
    Mcp,
}

impl From<Family> for KeyFamily {
    fn from(family: Family) -> Self {
        match family {
            Family::Developer => KeyFamily::Developer,
            Family::Mcp => KeyFamily::Mcp,
        }
    }
}

/// Creates, lists or revokes keys in the data folder.
pub(crate) async fn run(config: &Config, command: KeysCommand) -> anyhow::Result<()> {
    let opened = OpenDataFolder::open(config).await?;
    let outcome = match command {
        KeysCommand::Create { family, name, scopes, expires } => {
            create(&opened, family.into(), &name, scopes, expires.as_deref()).await
        }
        KeysCommand::List { family } => list(&opened, family.map(KeyFamily::from)).await,
        KeysCommand::Revoke { id } => revoke(&opened, &id).await,
    };
    opened.resources.close().await?;
    outcome
}

async fn create(
    opened: &OpenDataFolder,
    family: KeyFamily,
    name: &str,
    scopes: Option<Vec<String>>,
    expires: Option<&str>,
) -> anyhow::Result<()> {
    let name = name.trim();
    if name.is_empty() {
        bail!("a key needs a name");
    }
    let parse = |texts: Vec<String>| texts.iter().map(|text| scope(text, family)).collect::<anyhow::Result<Vec<_>>>();
    let scopes = scopes.map(parse).transpose()?;
    let expires = expires.map(parse_expiry).transpose()?;
    let created =
        opened.resources.keys().create_expiring(&opened.owner, family, name, scopes.as_deref(), expires).await?;
    eprintln!("Created the key {} ({name}). It is shown only once:", created.described.id);
    writeln!(std::io::stdout(), "{}", created.key)?;
    Ok(())
}

async fn list(opened: &OpenDataFolder, family: Option<KeyFamily>) -> anyhow::Result<()> {
    let mut out = std::io::stdout().lock();
    for family in KeyFamily::ALL.into_iter().filter(|each| family.is_none_or(|family| family == *each)) {
        for key in opened.resources.keys().list(&opened.owner, family).await? {
            writeln!(out, "{}", row(&key))?;
        }
    }
    Ok(())
}

async fn revoke(opened: &OpenDataFolder, id: &str) -> anyhow::Result<()> {
    let keys = opened.resources.keys();
    for family in KeyFamily::ALL {
        if keys.list(&opened.owner, family).await?.iter().any(|key| key.id == id) {
            keys.revoke(&opened.owner, family, id).await?;
            eprintln!("Revoked.");
            return Ok(());
        }
    }
    Err(anyhow!("no key has the id {id}; see `recollect keys list`"))
}

/// Parses an expiry: a number of days from now, or a date.
fn parse_expiry(text: &str) -> anyhow::Result<DateTime<Utc>> {
    let now = resources::now();
    let days = text.parse::<u16>().ok().map(|days| now + TimeDelta::days(days.into()));
    let date = || text.parse::<NaiveDate>().ok().map(|date| date.and_time(NaiveTime::MIN).and_utc());
    let end = days.or_else(date).ok_or_else(|| anyhow!("{text} is neither a number of days nor a date"))?;
    if end > now { Ok(end) } else { Err(anyhow!("a key must expire in the future")) }
}

fn scope(text: &str, family: KeyFamily) -> anyhow::Result<Scope> {
    Scope::parse(text, family).ok_or_else(|| {
        let all: Vec<String> = Scope::available(family).iter().map(|scope| scope.spelling(family)).collect();
        anyhow!("no scope of this family is called {text}; the scopes are {}", all.join(", "))
    })
}

fn row(key: &Key) -> String {
    let scopes = key.scopes.as_ref().map_or_else(|| "default".to_owned(), |scopes| scopes.join(","));
    let used = key.last_used_at.map_or_else(|| "never".to_owned(), |time| time.format("%Y-%m-%d %H:%M").to_string());
    let created = key.created_at.format("%Y-%m-%d");
    let ends = key.expires_at.map_or_else(String::new, |end| format!("  expires {}", end.format("%Y-%m-%d %H:%M")));
    format!("{}  {:19}  created {created}  used {used:16}{ends}  {}  ({scopes})", key.id, key.key_prefix, key.name)
}
