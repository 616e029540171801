//! `recollect users`: user accounts.

use std::io::{IsTerminal, Read, Write};

use anyhow::{anyhow, bail};
use clap::Subcommand;
use resources::{
    identity::{PASSWORD_LENGTH, is_email},
    users::{self, AccountError, Deletion, NewAccount, Role, User},
};

use super::OpenDataFolder;
use crate::config::Config;

/// Commands on users. A user is named by id, e-mail address or, where it is unique, name.
#[derive(Debug, Subcommand)]
pub(crate) enum UsersCommand {
    /// Add a user and print their token; it is shown only once
    Add {
        /// Name
        name: String,
        /// E-mail address
        #[arg(long)]
        email: Option<String>,
        /// Read a password from standard input
        #[arg(long)]
        password: bool,
    },
    /// List the users
    List,
    /// Disable a user's access; keep their data
    Disable {
        /// Id, e-mail address or name
        user: String,
    },
    /// Enable a user's access again
    Enable {
        /// Id, e-mail address or name
        user: String,
    },
    /// Delete a user and all their data
    Delete {
        /// Id, e-mail address or name
        user: String,
        /// Skip confirmation
        #[arg(long)]
        yes: bool,
    },
    /// Create an invitation and print its code
    Invite {
        /// E-mail address; with it, signing in through the configured issuer also creates the account
        #[arg(long)]
        email: Option<String>,
        /// Name
        #[arg(long)]
        name: Option<String>,
        /// Days until the code expires
        #[arg(long, default_value_t = 7, value_parser = clap::value_parser!(u32).range(1..=90))]
        days: u32,
    },
    /// Set a user's password, read from standard input; it ends their sessions
    Password {
        /// Id, e-mail address or name
        user: String,
    },
    /// Replace a user's token, and print the new one
    Token {
        /// Id, e-mail address or name
        user: String,
    },
}

const EMAIL_TAKEN: &str = "another user has this e-mail address";
const NAME_TAKEN: &str = "another user signs in with this name; choose another one";

/// Lists and changes the users of the data folder.
pub(crate) async fn run(config: &Config, command: UsersCommand) -> anyhow::Result<()> {
    let opened = OpenDataFolder::open(config).await?;
    let outcome = match command {
        UsersCommand::Add { name, email, password } => {
            let password = if password { Some(read_password()?) } else { None };
            add(&opened, &name, email, password).await
        }
        UsersCommand::List => list(&opened).await,
        UsersCommand::Disable { user } => disable(&opened, &user).await,
        UsersCommand::Enable { user } => enable(&opened, &user).await,
        UsersCommand::Delete { user, yes } => delete(&opened, &user, yes).await,
        UsersCommand::Invite { email, name, days } => invite(&opened, email.as_deref(), name.as_deref(), days).await,
        UsersCommand::Password { user } => set_password(&opened, &user, &read_password()?).await,
        UsersCommand::Token { user } => renew_token(&opened, &user).await,
    };
    opened.resources.close().await?;
    outcome
}

async fn add(
    opened: &OpenDataFolder,
    name: &str,
    email: Option<String>,
    password: Option<String>,
) -> anyhow::Result<()> {
    let (name, email) = (name.trim().to_owned(), email.filter(|email| !email.trim().is_empty()));
    if name.is_empty() {
        bail!("a user needs a name");
    }
    check_email(email.as_deref())?;
    let users = opened.resources.users();
    // Access to the data folder is proof enough.
    let account = NewAccount { name, email_verified: email.is_some(), email, password };
    let user = users.create(account).await?.map_err(|error| anyhow!(reason_of(error)))?;
    eprintln!("Added {} with the id {}. Their token, shown only once:", user.name, user.id);
    let token = users.renew_token(&user.id).await?.ok_or_else(|| not_found(&user.id))?;
    writeln!(std::io::stdout(), "{token}")?;
    Ok(())
}

async fn list(opened: &OpenDataFolder) -> anyhow::Result<()> {
    let mut out = std::io::stdout().lock();
    for user in opened.resources.users().list().await? {
        writeln!(out, "{}", row(&user))?;
    }
    Ok(())
}

async fn disable(opened: &OpenDataFolder, user: &str) -> anyhow::Result<()> {
    let user = find(opened, user).await?;
    if user.role == Role::Owner {
        bail!("the owner cannot be disabled");
    }
    opened.resources.users().disable(&user.id).await?;
    eprintln!("{} is disabled.", user.name);
    Ok(())
}

async fn enable(opened: &OpenDataFolder, user: &str) -> anyhow::Result<()> {
    let user = find(opened, user).await?;
    opened.resources.users().enable(&user.id).await?;
    eprintln!("{} is enabled.", user.name);
    Ok(())
}

async fn delete(opened: &OpenDataFolder, user: &str, yes: bool) -> anyhow::Result<()> {
    let user = find(opened, user).await?;
    if !yes {
        bail!("this deletes {} and all their data; confirm with --yes", user.name);
    }
    match users::delete_account(&opened.resources, &user.id).await? {
        Deletion::Done => eprintln!("{} and all their data are deleted.", user.name),
        Deletion::Owner => bail!("the owner cannot be deleted; delete the data folder instead"),
        Deletion::Unknown => return Err(not_found(&user.id)),
    }
    Ok(())
}

async fn invite(opened: &OpenDataFolder, email: Option<&str>, name: Option<&str>, days: u32) -> anyhow::Result<()> {
    let (users, email) = (opened.resources.users(), email.filter(|email| !email.trim().is_empty()));
    check_email(email)?;
    if let Some(email) = email
        && users.find_by_email(email).await?.is_some_and(|user| user.email_verified)
    {
        bail!("{EMAIL_TAKEN}");
    }
    if let Some(name) = name
        && users.is_name_taken(name, None).await?
    {
        bail!("{NAME_TAKEN}");
    }
    let created = users.invite(Some(&opened.owner), email, name, days).await?;
    let until = created.invitation.expires_at.format("%Y-%m-%d %H:%M");
    eprintln!("Invitation code for one account, valid until {until} UTC, shown only once:");
    writeln!(std::io::stdout(), "{}", created.code)?;
    Ok(())
}

async fn set_password(opened: &OpenDataFolder, user: &str, password: &str) -> anyhow::Result<()> {
    let (user, users) = (find(opened, user).await?, opened.resources.users());
    if !user.has_password && user.email.is_none() && users.is_name_taken(&user.name, Some(&user.id)).await? {
        bail!("another user signs in with the name {}, and this one has no e-mail address", user.name);
    }
    users.set_password(&user.id, password, None).await?;
    let ended = "Sessions and browsers must sign in again; tokens, keys and assistants stay valid";
    eprintln!("{} has a new password. {ended}.", user.name);
    Ok(())
}

async fn renew_token(opened: &OpenDataFolder, user: &str) -> anyhow::Result<()> {
    let user = find(opened, user).await?;
    let token = opened.resources.users().renew_token(&user.id).await?.ok_or_else(|| not_found(&user.id))?;
    eprintln!("The previous token is now invalid; browsers must sign in again. The new token, shown only once:");
    writeln!(std::io::stdout(), "{token}")?;
    Ok(())
}

fn reason_of(error: AccountError) -> &'static str {
    match error {
        AccountError::UnknownInvitation => "there is no such invitation",
        AccountError::EmailTaken => EMAIL_TAKEN,
        AccountError::NameTaken => NAME_TAKEN,
    }
}

fn check_email(email: Option<&str>) -> anyhow::Result<()> {
    if email.is_some_and(|email| !is_email(email)) {
        bail!("this is not an e-mail address");
    }
    Ok(())
}

/// The one user with this id, e-mail address or name.
async fn find(opened: &OpenDataFolder, wanted: &str) -> anyhow::Result<User> {
    let all = opened.resources.users().list().await?;
    let is_meant = |user: &&User| user.id == wanted || user.email.as_deref() == Some(&wanted.to_lowercase());
    if let Some(user) = all.iter().find(is_meant) {
        return Ok(user.clone());
    }
    let mut named = all.into_iter().filter(|user| user.name == wanted);
    match (named.next(), named.next()) {
        (Some(user), None) => Ok(user),
        (Some(_), Some(_)) => bail!("several users are called {wanted}; use the id"),
        (None, _) => Err(not_found(wanted)),
    }
}

fn not_found(user: &str) -> anyhow::Error {
    anyhow!("there is no user {user}; see `recollect users list`")
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
    let state = if user.disabled_at.is_some() { "  disabled" } else { "" };
    format!("{}  {role}  created {}  {email}  {}{state}", user.id, user.created_at.format("%Y-%m-%d"), user.name)
}
