//! `recollect keys`: API keys of the owner.

use std::io::Write;

use anyhow::{anyhow, bail};
use chrono::{DateTime, NaiveDate, NaiveTime, TimeDelta, Utc};
use schemas::key::{Key, KeyFamily};
use schemas::scope::Scope;

use super::Opened;
use crate::cli::Keys;
use crate::config::Config;

/// Creates, lists or revokes keys in the data folder.
pub(crate) async fn manage(config: &Config, choice: Keys) -> anyhow::Result<()> {
    let opened = Opened::open(config).await?;
    let outcome = match choice {
        Keys::Create { family, name, scopes, expires } => {
            create(&opened, family.into(), &name, scopes, expires.as_deref()).await
        }
        Keys::List { family } => list(&opened, family.map(KeyFamily::from)).await,
        Keys::Revoke { id } => revoke(&opened, &id).await,
    };
    opened.resources.close().await?;
    outcome
}

async fn create(
    opened: &Opened,
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
    let expires = expires.map(end_of).transpose()?;
    let created =
        opened.resources.keys().create_expiring(&opened.owner, family, name, scopes.as_deref(), expires).await?;
    eprintln!("Created the key {} ({name}). It is shown this once:", created.described.id);
    writeln!(std::io::stdout(), "{}", created.key)?;
    Ok(())
}

async fn list(opened: &Opened, family: Option<KeyFamily>) -> anyhow::Result<()> {
    let mut out = std::io::stdout().lock();
    for family in KeyFamily::ALL.into_iter().filter(|each| family.is_none_or(|family| family == *each)) {
        for key in opened.resources.keys().list(&opened.owner, family).await? {
            writeln!(out, "{}", row(&key))?;
        }
    }
    Ok(())
}

async fn revoke(opened: &Opened, id: &str) -> anyhow::Result<()> {
    let keys = opened.resources.keys();
    for family in KeyFamily::ALL {
        if keys.list(&opened.owner, family).await?.iter().any(|key| key.id == id) {
            keys.revoke(&opened.owner, family, id).await?;
            eprintln!("Revoked.");
            return Ok(());
        }
    }
    Err(anyhow!("no key has the id {id}; `recollect keys list` shows them"))
}

/// The end that a number of days from now, or a date, stands for.
fn end_of(text: &str) -> anyhow::Result<DateTime<Utc>> {
    let now = resources::now();
    let days = text.parse::<u16>().ok().map(|days| now + TimeDelta::days(days.into()));
    let date = || text.parse::<NaiveDate>().ok().map(|date| date.and_time(NaiveTime::MIN).and_utc());
    let end = days.or_else(date).ok_or_else(|| anyhow!("{text} is neither a number of days nor a date"))?;
    if end > now { Ok(end) } else { Err(anyhow!("a key must end in the future")) }
}

fn scope(text: &str, family: KeyFamily) -> anyhow::Result<Scope> {
    Scope::parse(text, family).ok_or_else(|| {
        let all: Vec<String> = Scope::available(family).iter().map(|scope| scope.spelling(family)).collect();
        anyhow!("no scope of this family is called {text}; there are {}", all.join(", "))
    })
}

fn row(key: &Key) -> String {
    let scopes = key.scopes.as_ref().map_or_else(|| "default".to_owned(), |scopes| scopes.join(","));
    let used = key.last_used_at.map_or_else(|| "never".to_owned(), |time| time.format("%Y-%m-%d %H:%M").to_string());
    let created = key.created_at.format("%Y-%m-%d");
    let ends = key.expires_at.map_or_else(String::new, |end| format!("  ends {}", end.format("%Y-%m-%d %H:%M")));
    format!("{}  {:19}  created {created}  used {used:16}{ends}  {}  ({scopes})", key.id, key.key_prefix, key.name)
}
