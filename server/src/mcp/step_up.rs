//! How a call is refused for want of a scope (RFC 6750).

use poem::{
    Request, Response,
    http::{StatusCode, header},
};
use serde::Deserialize;
use serde_json::{Value, json};
use tools::{Access, Context, Credential};

use super::errors::MISSING_SCOPE;
use crate::{address::BaseUrl, auth::oauth};

/// The refusal of a call, which `message` in the body of `request` is, to a tool beyond the scopes of the caller; `None`
/// for any other message. A client with a token is told by the status that it may ask for more; one with a key gets no more by asking.
pub(super) fn step_up(base: &BaseUrl, request: &Request, context: &Context, message: &Value) -> Option<Response> {
    let Credential::Key(key) = &context.caller.credential else { return None };
    let call = Call::deserialize(message).ok().filter(|call| call.method == "tools/call")?;
    let tool = tools::find(call.params?.name.as_str()?)?;
    let (Access::Scope(scope), Err(error)) = (tool.access, tool.permits(context)) else { return None };
    let lacking = scope.spelling(key.family);
    // What it has it needs again with the next token.
    let held = key.effective_scopes().iter().map(|scope| scope.spelling(key.family));
    let wanted: Vec<String> = held.chain([lacking]).collect();
    let header = oauth::challenge(base, request, &wanted.join(" "), Some(("insufficient_scope", error.to_string())));
    let said = header.as_ref().and_then(|header| header.to_str().ok());
    let message = json!({
        "jsonrpc": "2.0",
        "id": call.id,
        "error": {
            "code": MISSING_SCOPE.0,
            "message": error.to_string(),
            "data": { "_meta": { "mcp/www_authenticate": said.map(|said| [said]) } },
        },
    });
    let status = if key.resource.is_some() { StatusCode::FORBIDDEN } else { StatusCode::OK };
    let mut response = Response::builder().status(status).content_type("application/json").body(message.to_string());
    if let Some(header) = header.filter(|_| key.resource.is_some()) {
        response.headers_mut().insert(header::WWW_AUTHENTICATE, header);
    }
    Some(response)
}

/// As much of a call as it takes to know the tool.
#[derive(Deserialize)]
struct Call {
    #[serde(default)]
    id: Value,
    method: String,
    params: Option<Named>,
}

#[derive(Deserialize)]
struct Named {
    #[serde(default)]
    name: Value,
}
