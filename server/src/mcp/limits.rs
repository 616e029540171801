//! What is counted of MCP messages; routes are counted as they say themselves.

use http::request::Parts;
use openapi::locality;
use poem::Request;
use resources::RateLimited;
use rmcp::model::Extensions;
use tools::{
    Context, Error, Result, Tool,
    limits::{Locality, Policy},
};

/// Counts so many messages of the caller's.
pub(crate) fn charge_messages(context: &Context, messages: u32, request: &Request) -> Result<()> {
    context.check_rate_limit(&[Policy::McpMessages], messages, locality(request))
}

/// Lets a call through that is refused for the number of messages: its tool answers so, and the model can read that.
pub(crate) fn pass_on(exceeded: RateLimited, request: &mut Request) {
    request.extensions_mut().insert(exceeded);
}

/// Counts a call of a tool, where that is limited, in the request with these extensions; without one, nothing is.
pub(crate) fn charge_call(tool: &Tool, context: &Context, extensions: &Extensions) -> Result<()> {
    let Some(parts) = extensions.get::<Parts>() else { return Ok(()) };
    if let Some(exceeded) = parts.extensions.get::<RateLimited>() {
        return Err(Error::Limited(*exceeded));
    }
    let from = parts.extensions.get::<Locality>().copied().unwrap_or(Locality::Remote);
    context.check_rate_limit(tool.limits, 1, from)
}
