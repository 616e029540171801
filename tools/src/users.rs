//! Users: sign-in, accounts, invitations, and administration by the owner.

use resources::users::{self, Deletion};
use schemas::{
    memory::Done,
    user::{
        AccountDeleted, CreatedInvitation, DeleteAccount, DeleteUser, DisableUser, EnableUser, GetMe, Invitations,
        InviteUser, ListInvitations, ListUsers, OneUser, Role, User, Users, WithdrawInvitation,
    },
};

use crate::{
    Access, Context, Error, Result, Tool,
    tool::{Noun, binding::delete},
    toolsets::Toolset,
};

mod sessions;

/// User accounts.
pub(crate) const ACCOUNTS: Noun = Noun::new("account", "accounts", "user_id", Toolset::Admin);

pub(crate) fn tools() -> Vec<Tool> {
    let accounts = ACCOUNTS.tools([
        read!(get_me).app("/v1/users/me"),
        delete!(delete_account).app(delete("/v1/users/delete-account").body()),
        read!(list_users).access(Access::Owner).app("/v1/admin/users"),
        act!(disable_user).access(Access::Owner).app("/v1/admin/users/{user_id}/disable"),
        act!(enable_user).access(Access::Owner).app("/v1/admin/users/{user_id}/enable"),
        delete!(delete_user).access(Access::Owner).whole().app("/v1/admin/users/{user_id}"),
        create!(invite_user).access(Access::Owner).no_impersonation().app("/v1/admin/invitations"),
        read!(list_invitations).access(Access::Owner).app("/v1/admin/invitations"),
        delete!(withdraw_invitation).access(Access::Owner).whole().app("/v1/admin/invitations/{invitation_id}"),
    ]);
    sessions::tools().into_iter().chain(accounts).collect()
}

async fn get_me(context: Context, _: GetMe) -> Result<OneUser> {
    let user = context.resources.users().find(&context.caller.user).await?;
    Ok(OneUser { user: user.ok_or_else(not_found)? })
}

async fn delete_account(context: Context, input: DeleteAccount) -> Result<AccountDeleted> {
    let user = &context.caller.user;
    let reason = input.reason.unwrap_or_default();
    tracing::warn!(target: "audit", user, reason, "account deletion requested");
    match users::delete_account(&context.resources, user).await? {
        Deletion::Done => Ok(AccountDeleted { status: "ok".into(), message: "Account deletion started".into() }),
        Deletion::Owner => Err(owner_is_fixed()),
        Deletion::Unknown => Err(not_found()),
    }
}

async fn list_users(context: Context, _: ListUsers) -> Result<Users> {
    Ok(Users { users: context.resources.users().list().await? })
}

async fn disable_user(context: Context, input: DisableUser) -> Result<OneUser> {
    let users = context.resources.users();
    let is_owner = |user: &User| user.role == Role::Owner;
    if users.find(&input.user_id).await?.as_ref().is_some_and(is_owner) {
        return Err(owner_is_fixed());
    }
    let user = users.disable(&input.user_id).await?.ok_or_else(not_found)?;
    tracing::warn!(target: "audit", user = user.id, by = context.caller.user, "user disabled");
    Ok(OneUser { user })
}

async fn enable_user(context: Context, input: EnableUser) -> Result<OneUser> {
    let user = context.resources.users().enable(&input.user_id).await?.ok_or_else(not_found)?;
    tracing::warn!(target: "audit", user = user.id, by = context.caller.user, "user enabled");
    Ok(OneUser { user })
}

async fn delete_user(context: Context, input: DeleteUser) -> Result<Done> {
    match users::delete_account(&context.resources, &input.user_id).await? {
        Deletion::Done => Ok(Done::DONE),
        Deletion::Owner => Err(owner_is_fixed()),
        Deletion::Unknown => Err(not_found()),
    }
}

async fn invite_user(context: Context, input: InviteUser) -> Result<CreatedInvitation> {
    let users = context.resources.users();
    if let Some(email) = &input.email {
        sessions::check_email(email)?;
        // An unverified address may be that of the invited person, who gets it by accepting.
        if users.find_by_email(email).await?.is_some_and(|user| user.email_verified) {
            return Err(Error::Conflict("An account with this e-mail address already exists".into()));
        }
    }
    if let Some(name) = &input.name
        && users.is_name_taken(name, None).await?
    {
        return Err(sessions::name_taken());
    }
    let (inviter, email, name) = (&context.caller.user, input.email.as_deref(), input.name.as_deref());
    Ok(users.invite(Some(inviter), email, name, input.days).await?)
}

async fn list_invitations(context: Context, _: ListInvitations) -> Result<Invitations> {
    Ok(Invitations { invitations: context.resources.users().invitations().await? })
}

async fn withdraw_invitation(context: Context, input: WithdrawInvitation) -> Result<Done> {
    let is_withdrawn = context.resources.users().withdraw_invitation(&input.invitation_id).await?;
    if is_withdrawn { Ok(Done::DONE) } else { Err(Error::NotFound("Invitation not found".into())) }
}

fn not_found() -> Error {
    Error::NotFound("User not found".into())
}

fn owner_is_fixed() -> Error {
    Error::Forbidden("The owner of the server cannot be disabled or deleted".into())
}
