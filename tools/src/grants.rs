//! Grants: list and revoke what MCP clients may do.

use schemas::{
    grant::{Grants, ListGrants, RevokeGrant},
    memory::Done,
};

use crate::{
    Context, Error, Result, Tool,
    tool::{Noun, binding::delete},
    toolsets::Toolset,
};

/// What the user has let OAuth clients do.
pub(crate) const GRANTS: Noun = Noun::new("grant", "grants", "grant_id", Toolset::Admin);

pub(crate) fn tools() -> Vec<Tool> {
    GRANTS.tools([
        read!(list_grants).account("/v1/mcp/oauth/grants"),
        delete!(revoke_grant).account(delete("/v1/mcp/oauth/grants/{grant_id}").empty()),
    ])
}

async fn list_grants(context: Context, _: ListGrants) -> Result<Grants> {
    let grants = context.resources.grants().list(&context.caller.user).await?;
    Ok(Grants { grants })
}

async fn revoke_grant(context: Context, input: RevokeGrant) -> Result<Done> {
    match context.resources.grants().revoke(&context.caller.user, &input.grant_id).await? {
        true => Ok(Done::DONE),
        false => Err(Error::NotFound("Grant not found".into())),
    }
}
