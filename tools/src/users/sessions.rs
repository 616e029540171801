//! Sign-in with a password, and sessions.

use resources::{
    identity,
    users::{AccountError, NewAccount},
};
use schemas::{
    memory::Done,
    user::{
        AcceptInvitation, ChangePassword, EndSession, ListSessions, LogIn, LogOut, RefreshSession, Sessions, SignUp,
        Tokens,
    },
};

use crate::{Access, Context, Error, Result, Tool, tool::binding::post, users::ACCOUNTS};

/// The maximum size of a request without a credential, in bytes.
const MAX_ANONYMOUS_BODY: usize = 8 << 10;

pub(super) fn tools() -> Vec<Tool> {
    let public = |path| post(path).max_body(MAX_ANONYMOUS_BODY);
    ACCOUNTS.tools([
        act!(log_in).access(Access::Anonymous).public(public("/v1/auth/login")),
        act!(sign_up).access(Access::Anonymous).public(public("/v1/auth/sign-up")),
        act!(accept_invitation).access(Access::Anonymous).public(public("/v1/auth/invitations/accept")),
        act!(refresh_session).access(Access::Anonymous).public(public("/v1/auth/refresh")),
        act!(log_out).access(Access::Anonymous).whole().public(public("/v1/auth/logout")),
        act!(change_password).no_impersonation().whole().app("/v1/auth/password"),
        read!(list_sessions).app("/v1/auth/sessions"),
        delete!(end_session).whole().app("/v1/auth/sessions/{session_id}"),
    ])
}

async fn log_in(context: Context, input: LogIn) -> Result<Tokens> {
    let users = context.resources.users();
    let user = users.authenticate_with_password(context.caller.address, &input.account, &input.password).await;
    let user = user.map_err(|refused| Error::refused(refused, "The name or the password is wrong"))?;
    begin_session(&context, &user.id, input.device).await
}

async fn sign_up(context: Context, input: SignUp) -> Result<Tokens> {
    let settings = &context.resources.identity.settings;
    if settings.sign_up != identity::SignUp::Open || !settings.passwords {
        return Err(Error::Forbidden("Sign-up is by invitation only; ask the owner for one".into()));
    }
    check_email(&input.email)?;
    let account = NewAccount {
        name: checked_name(&input.name)?,
        email: Some(input.email),
        // No mail is sent to verify it.
        email_verified: false,
        password: Some(input.password),
    };
    let user = context.resources.users().sign_up(context.caller.address, account).await?.map_err(not_created)?;
    begin_session(&context, &user.id, input.device).await
}

async fn accept_invitation(context: Context, input: AcceptInvitation) -> Result<Tokens> {
    if !context.resources.identity.settings.passwords {
        return Err(Error::Forbidden("Password sign-in is disabled".into()));
    }
    input.email.as_deref().map(check_email).transpose()?;
    let name = input.name.as_deref().map(checked_name).transpose()?;
    let users = context.resources.users();
    let user = users.accept_invitation(&input.code, name, input.email, input.password).await?.map_err(not_created)?;
    begin_session(&context, &user.id, input.device).await
}

async fn refresh_session(context: Context, input: RefreshSession) -> Result<Tokens> {
    let tokens = context.resources.users().refresh_session(&input.refresh_token).await;
    tokens.map_err(|refused| Error::refused(refused, "Invalid refresh token"))
}

async fn log_out(context: Context, input: LogOut) -> Result<Done> {
    context.resources.users().log_out(&input.refresh_token).await?;
    Ok(Done::DONE)
}

async fn change_password(context: Context, input: ChangePassword) -> Result<Done> {
    if !context.resources.identity.settings.passwords {
        return Err(Error::Forbidden("Password sign-in is disabled".into()));
    }
    let (users, user) = (context.resources.users(), &context.caller.user);
    let account = users.find(user).await?;
    if account.as_ref().is_some_and(|account| account.has_password) {
        let current = input.current_password.unwrap_or_default();
        if !users.verify_password(user, &current).await? {
            return Err(Error::Forbidden("The current password is wrong".into()));
        }
    } else if let Some(account) = account
        && account.email.is_none()
        && users.is_name_taken(&account.name, Some(user)).await?
    {
        // Neither a name nor an address is left to sign in by.
        return Err(name_taken());
    }
    users.set_password(user, &input.new_password, context.caller.session.as_deref()).await?;
    tracing::info!(target: "audit", user, "password changed");
    Ok(Done::DONE)
}

async fn list_sessions(context: Context, _: ListSessions) -> Result<Sessions> {
    let current = context.caller.session.as_deref();
    Ok(Sessions { sessions: context.resources.users().list_sessions(&context.caller.user, current).await? })
}

async fn end_session(context: Context, input: EndSession) -> Result<Done> {
    let is_ended = context.resources.users().end_session(&context.caller.user, &input.session_id).await?;
    if is_ended { Ok(Done::DONE) } else { Err(Error::NotFound("Session not found".into())) }
}

/// Begins a session of an authenticated user.
async fn begin_session(context: &Context, user: &str, device: Option<String>) -> Result<Tokens> {
    let device = device.map(|device| device.trim().to_owned()).filter(|device| !device.is_empty());
    Ok(context.resources.users().begin_session(user, device.as_deref()).await?)
}

/// Checks that a text looks like an e-mail address.
pub(super) fn check_email(email: &str) -> Result<()> {
    if identity::is_email(email) { Ok(()) } else { Err(Error::Invalid("email is not a valid e-mail address".into())) }
}

fn checked_name(name: &str) -> Result<String> {
    let name = name.trim();
    if name.is_empty() { Err(Error::Invalid("Name cannot be empty".into())) } else { Ok(name.to_owned()) }
}

fn not_created(error: AccountError) -> Error {
    match error {
        AccountError::UnknownInvitation => Error::NotFound("Invitation not found".into()),
        AccountError::EmailTaken => email_taken(),
        AccountError::NameTaken => name_taken(),
    }
}

pub(super) fn name_taken() -> Error {
    Error::Conflict("name: another user signs in with this name; choose another one".into())
}

fn email_taken() -> Error {
    Error::Conflict("An account with this e-mail address already exists".into())
}
