//! `recollect users`: who has an account in the data folder.

use std::io::{IsTerminal, Read, Write};

use anyhow::{anyhow, bail};
use resources::{
    identity::{PASSWORD_LENGTH, is_email},
    users::{self, Deletion, NewAccount, Role, User},
};

use super::Opened;
use crate::cli::Users;
use crate::config::Config;

const TAKEN: &str = "another user has this e-mail address";

/// Lists and changes the users of the data folder.
pub(crate) async fn manage(config: &Config, choice: Users) -> anyhow::Result<()> {
    let opened = Opened::open(config).await?;
    let outcome = match choice {
        Users::Add { name, email, password } => {
            let password = if password { Some(read_password()?) } else { None };
            add(&opened, &name, email, password).await
        }
        Users::List => list(&opened).await,
        Users::Disable { user } => disable(&opened, &user).await,
        Users::Enable { user } => enable(&opened, &user).await,
        Users::Delete { user, yes } => delete(&opened, &user, yes).await,
        Users::Invite { email, name, days } => invite(&opened, email.as_deref(), name.as_deref(), days).await,
        Users::Password { user } => set_password(&opened, &user, &read_password()?).await,
        Users::Token { user } => renew_token(&opened, &user).await,
    };
    opened.resources.close().await?;
    outcome
}

async fn add(opened: &Opened, name: &str, email: Option<String>, password: Option<String>) -> anyhow::Result<()> {
    let (name, email) = (name.trim().to_owned(), email.filter(|email| !email.trim().is_empty()));
    if name.is_empty() {
        bail!("a user needs a name");
    }
    check_email(email.as_deref())?;
    let users = opened.resources.users();
    // Whoever has the data folder is believed.
    let account = NewAccount { name, email_verified: email.is_some(), email, password };
    let user = users.create(account).await?.ok_or_else(|| anyhow!(TAKEN))?;
    eprintln!("Added {} with the id {}. This token signs them in; it is shown this once:", user.name, user.id);
    let token = users.renew_token(&user.id).await?.ok_or_else(|| gone(&user.id))?;
    writeln!(std::io::stdout(), "{token}")?;
    Ok(())
}

async fn list(opened: &Opened) -> anyhow::Result<()> {
    let mut out = std::io::stdout().lock();
    for user in opened.resources.users().list().await? {
        writeln!(out, "{}", row(&user))?;
    }
    Ok(())
}

async fn disable(opened: &Opened, user: &str) -> anyhow::Result<()> {
    let user = find(opened, user).await?;
    if user.role == Role::Owner {
        bail!("the owner cannot be locked out");
    }
    opened.resources.users().disable(&user.id).await?;
    eprintln!("{} is locked out.", user.name);
    Ok(())
}

async fn enable(opened: &Opened, user: &str) -> anyhow::Result<()> {
    let user = find(opened, user).await?;
    opened.resources.users().enable(&user.id).await?;
    eprintln!("{} may sign in.", user.name);
    Ok(())
}

async fn delete(opened: &Opened, user: &str, yes: bool) -> anyhow::Result<()> {
    let user = find(opened, user).await?;
    if !yes {
        bail!("this deletes {} and everything that is theirs; say --yes to do it", user.name);
    }
    match users::delete_account(&opened.resources, &user.id).await? {
        Deletion::Done => eprintln!("{} is deleted, with everything that was theirs.", user.name),
        Deletion::Owner => bail!("the owner cannot be deleted; delete the data folder instead"),
        Deletion::Unknown => return Err(gone(&user.id)),
    }
    Ok(())
}

async fn invite(opened: &Opened, email: Option<&str>, name: Option<&str>, days: u32) -> anyhow::Result<()> {
    let (users, email) = (opened.resources.users(), email.filter(|email| !email.trim().is_empty()));
    check_email(email)?;
    if let Some(email) = email
        && users.find_by_email(email).await?.is_some()
    {
        bail!("{TAKEN}");
    }
    let created = users.invite(Some(&opened.owner), email, name, days).await?;
    let until = created.invitation.expires_at.format("%Y-%m-%d %H:%M");
    eprintln!("Hand over this code; it makes one account, until {until} UTC, and is shown this once:");
    writeln!(std::io::stdout(), "{}", created.code)?;
    Ok(())
}

async fn set_password(opened: &Opened, user: &str, password: &str) -> anyhow::Result<()> {
    let (user, users) = (find(opened, user).await?, opened.resources.users());
    users.set_password(&user.id, password, None).await?;
    let ended = "Sessions and browsers have to sign in again; tokens, keys and assistants go on";
    eprintln!("{} has a new password. {ended}.", user.name);
    Ok(())
}

async fn renew_token(opened: &Opened, user: &str) -> anyhow::Result<()> {
    let user = find(opened, user).await?;
    let token = opened.resources.users().renew_token(&user.id).await?.ok_or_else(|| gone(&user.id))?;
    eprintln!("The token of before is good no more, and browsers have to sign in again. This one is shown this once:");
    writeln!(std::io::stdout(), "{token}")?;
    Ok(())
}

fn check_email(email: Option<&str>) -> anyhow::Result<()> {
    if email.is_some_and(|email| !is_email(email)) {
        bail!("that is no e-mail address");
    }
    Ok(())
}

/// The one user with this id, e-mail address or name.
async fn find(opened: &Opened, wanted: &str) -> anyhow::Result<User> {
    let all = opened.resources.users().list().await?;
    let is_meant = |user: &&User| user.id == wanted || user.email.as_deref() == Some(&wanted.to_lowercase());
    if let Some(user) = all.iter().find(is_meant) {
        return Ok(user.clone());
    }
    let mut named = all.into_iter().filter(|user| user.name == wanted);
    match (named.next(), named.next()) {
        (Some(user), None) => Ok(user),
        (Some(_), Some(_)) => bail!("several users are called {wanted}; say which one by the id"),
        (None, _) => Err(gone(wanted)),
    }
}

fn gone(user: &str) -> anyhow::Error {
    anyhow!("there is no user {user}; `recollect users list` shows them")
}

/// A password from standard input: its first line, so that it is in no list of processes.
fn read_password() -> anyhow::Result<String> {
    if std::io::stdin().is_terminal() {
        eprint!("Password (it is shown as you type): ");
    }
    let mut line = String::new();
    std::io::BufRead::read_line(&mut std::io::stdin().lock().take(4096), &mut line)?;
    let password = line.trim_end_matches(['\r', '\n']).to_owned();
    let (least, most) = (PASSWORD_LENGTH.start(), PASSWORD_LENGTH.end());
    if !PASSWORD_LENGTH.contains(&password.chars().count()) {
        bail!("a password has {least} to {most} characters");
    }
    Ok(password)
}

fn row(user: &User) -> String {
    let role = if user.role == Role::Owner { "owner " } else { "member" };
    let email = user.email.as_deref().unwrap_or("-");
    let state = if user.disabled_at.is_some() { "  locked out" } else { "" };
    format!("{}  {role}  created {}  {email}  {}{state}", user.id, user.created_at.format("%Y-%m-%d"), user.name)
}
