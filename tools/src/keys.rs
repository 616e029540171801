//! API keys: list, create and revoke them, and describe the calling one.

use chrono::{DateTime, TimeDelta, Utc};
use resources::keys::{Creation, GrantedKey, MAX_KEYS};
use schemas::{
    key::{CreateKey, CreatedKey, GetKey, Key, KeyFamily, Keys, ListKeys, RevokeKey},
    memory::Done,
    scope::Scope,
};
use serde_json::json;

use crate::{
    Access, Context, Credential, Error, Result, Tool,
    limits::Policy,
    tool::{
        Noun,
        binding::{Binding, delete, get, post},
    },
    toolsets::Toolset,
};

/// The user's API keys.
pub(crate) const KEYS: Noun = Noun::new("api_key", "keys", "key_id", Toolset::Admin);

pub(crate) fn tools() -> Vec<Tool> {
    let developer = |route: Binding| route.preset("family", json!("developer"));
    let mcp = |route: Binding| route.preset("family", json!("mcp"));
    // One published client manages keys with a developer key: see `create_derived_key`.
    KEYS.tools([
        read!(get_key).access(Access::AnyCredential).developer("/v1/dev/key").mcp("/v1/mcp/key"),
        read!(list_keys)
            .access(Access::KeyManager)
            .account(developer(get("/v1/dev/keys")))
            .account(mcp(get("/v1/mcp/keys")))
            .developer(developer(get("/v1/dev/user/api-keys"))),
        create!(create_key)
            .access(Access::KeyManager)
            .no_impersonation()
            .limited(&[Policy::KeysCreate])
            .account(developer(post("/v1/dev/keys")).limited(&[Policy::KeysCreate]))
            .account(mcp(post("/v1/mcp/keys")).limited(&[Policy::KeysCreate]))
            .developer(
                developer(post("/v1/dev/user/api-keys"))
                    .limited(&[Policy::DevOther, Policy::KeysCreate])
                    .alias("scopes", "permissions"),
            ),
        delete!(revoke_key)
            .access(Access::KeyManager)
            .account(developer(delete("/v1/dev/keys/{key_id}")).empty())
            .account(mcp(delete("/v1/mcp/keys/{key_id}")).empty())
            .developer(developer(delete("/v1/dev/user/api-keys/{key_id}"))),
    ])
}

async fn get_key(context: Context, _: GetKey) -> Result<Key> {
    let Credential::Key(key) = &context.caller.credential else {
        return Err(Error::NotFound("This call was not made with an API key".into()));
    };
    let scopes = key.effective_scopes().iter().map(|scope| scope.spelling(key.family)).collect();
    Ok(Key { scopes: Some(scopes), ..key.listed.clone() })
}

async fn list_keys(context: Context, input: ListKeys) -> Result<Keys> {
    calling_key(&context, input.family)?;
    let keys = context.resources.keys().list(&context.caller.user, input.family).await?;
    Ok(Keys { keys })
}

async fn create_key(context: Context, input: CreateKey) -> Result<CreatedKey> {
    let parent = calling_key(&context, input.family)?;
    let name = input.name.trim();
    if name.is_empty() {
        return Err(Error::Invalid("Key name cannot be empty".into()));
    }
    if name.contains("omi_dev_") || name.contains("omi_mcp_") {
        return Err(Error::Invalid("Key name cannot contain an API key".into()));
    }
    let expires_at = expiry(input.expires_at, input.expires_in_days)?;
    let parse = |scopes: Vec<String>| scopes.iter().map(|text| Scope::parse(text, input.family)).collect();
    let scopes: Option<Vec<Scope>> = match input.scopes.map(parse) {
        Some(None) => {
            let names: Vec<_> =
                Scope::available(input.family).iter().map(|scope| scope.spelling(input.family)).collect();
            return Err(Error::Rejected(format!("Invalid scopes. Available: {names:?}")));
        }
        Some(scopes) => scopes,
        None => None,
    };
    match parent {
        Some(parent) => create_derived_key(&context, parent, name, scopes, expires_at).await,
        None => {
            let (keys, user) = (context.resources.keys(), &context.caller.user);
            created(keys.create_within_limit(user, input.family, name, scopes.as_deref(), expires_at).await?)
        }
    }
}

async fn revoke_key(context: Context, input: RevokeKey) -> Result<Done> {
    if let Some(parent) = calling_key(&context, input.family)? {
        let keys = context.resources.keys().list(&context.caller.user, input.family).await?;
        let is_its_own = |key: &Key| key.id == parent.id || key.made_with.as_ref() == Some(&parent.id);
        if keys.iter().any(|key| key.id == input.key_id && !is_its_own(key)) {
            return Err(Error::Forbidden("A key can revoke only itself and the keys that it created".into()));
        }
    }
    context.resources.keys().revoke(&context.caller.user, input.family, &input.key_id).await?;
    Ok(Done::DONE)
}

/// When a key expires.
fn expiry(at: Option<DateTime<Utc>>, days: Option<u32>) -> Result<Option<DateTime<Utc>>> {
    match (at, days) {
        (Some(_), Some(_)) => Err(Error::Invalid("Give either expires_at or expires_in_days".into())),
        (Some(at), None) if at <= Utc::now() => Err(Error::Invalid("expires_at must be in the future".into())),
        (at, days) => Ok(at.or(days.map(|days| resources::now() + TimeDelta::days(days.into())))),
    }
}

/// The key that makes this call, if any. It manages only keys of its own family.
fn calling_key(context: &Context, family: KeyFamily) -> Result<Option<&GrantedKey>> {
    match &context.caller.credential {
        Credential::Key(key) if key.family == family => Ok(Some(key)),
        Credential::Key(_) => Err(Error::Forbidden("A key can manage only keys of its own family".into())),
        Credential::Session | Credential::Nobody => Ok(None),
    }
}

/// Creates a key with another key. It has no scope that its parent lacks, and cannot create keys itself: a stolen key
/// gains no rights that way, and revoking it revokes what it created.
async fn create_derived_key(
    context: &Context,
    parent: &GrantedKey,
    name: &str,
    scopes: Option<Vec<Scope>>,
    expires_at: Option<DateTime<Utc>>,
) -> Result<CreatedKey> {
    if parent.listed.made_with.is_some() {
        return Err(Error::Forbidden("A key that was created with another key cannot create keys".into()));
    }
    let defaults = || Scope::defaults(parent.family).iter().copied().filter(|scope| parent.has_scope(*scope)).collect();
    let scopes = scopes.unwrap_or_else(defaults);
    if let Some(missing) = scopes.iter().find(|scope| !parent.has_scope(**scope)) {
        let scope = missing.spelling(parent.family);
        return Err(Error::Forbidden(format!(
            "A key can create only keys with scopes that it has itself, not {scope}"
        )));
    }
    created(context.resources.keys().create_derived(parent, name, &scopes, expires_at).await?)
}

fn created(creation: Creation) -> Result<CreatedKey> {
    match creation {
        Creation::Created(key) => Ok(*key),
        Creation::TooMany => Err(Error::Rejected(format!("No more than {MAX_KEYS} keys can be created; revoke some"))),
        Creation::ParentRevoked => Err(Error::Unauthorized("Invalid API Key".into())),
    }
}
