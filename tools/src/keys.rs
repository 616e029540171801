//! API keys: list, create and revoke them, and see what the calling one may do.

use schemas::{
    key::{CreateKey, CreatedKey, GetKey, Key, Keys, ListKeys, RevokeKey},
    memory::Done,
    scope::Scope,
};
use serde_json::json;

use crate::{
    Context, Credential, Error, Result, Tool,
    route::{delete, get, post},
};

pub(crate) fn tools() -> Vec<Tool> {
    let developer = || json!("developer");
    let mcp = || json!("mcp");
    vec![
        tool!(get_key).any_key().developer(get("/v1/dev/key")).mcp(get("/v1/mcp/key").ours()),
        tool!(list_keys)
            .account(get("/v1/dev/keys").preset("family", developer()).field("keys"))
            .account(get("/v1/mcp/keys").preset("family", mcp()).field("keys")),
        tool!(create_key)
            .account(post("/v1/dev/keys").preset("family", developer()))
            .account(post("/v1/mcp/keys").preset("family", mcp())),
        tool!(revoke_key)
            .account(delete("/v1/dev/keys/{key_id}").preset("family", developer()).empty())
            .account(delete("/v1/mcp/keys/{key_id}").preset("family", mcp()).empty()),
    ]
}

async fn get_key(context: Context, _: GetKey) -> Result<Key> {
    let Credential::Key(key) = &context.caller.credential else {
        return Err(Error::NotFound("This call was not made with an API key".into()));
    };
    let scopes = key.effective_scopes().iter().map(|scope| scope.spelling(key.family)).collect();
    Ok(Key { scopes: Some(scopes), ..key.listed.clone() })
}

async fn list_keys(context: Context, input: ListKeys) -> Result<Keys> {
    let keys = context.resources.keys().list(&context.caller.user, input.family).await?;
    Ok(Keys { keys })
}

async fn create_key(context: Context, input: CreateKey) -> Result<CreatedKey> {
    let name = input.name.trim();
    if name.is_empty() {
        return Err(Error::Invalid("Key name cannot be empty".into()));
    }
    if name.contains("omi_dev_") || name.contains("omi_mcp_") {
        return Err(Error::Invalid("Key name cannot contain an API key".into()));
    }
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
    Ok(context.resources.keys().create(&context.caller.user, input.family, name, scopes.as_deref()).await?)
}

async fn revoke_key(context: Context, input: RevokeKey) -> Result<Done> {
    context.resources.keys().revoke(&context.caller.user, input.family, &input.key_id).await?;
    Ok(Done::DONE)
}
