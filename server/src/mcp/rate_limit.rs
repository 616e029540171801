//! Rate limits of MCP messages and of the tool calls among them.

use http::request::Parts;
use openapi::locality;
use poem::Request;
use resources::RateLimited;
use rmcp::model::Extensions;
use tools::{
    Context, Error, Result, Tool,
    limits::{Locality, Policy},
};

use super::message::Message;

/// Charges a number of messages to the caller.
pub(super) fn charge_messages(context: &Context, messages: u32, request: &Request) -> Result<()> {
    context.check_rate_limit(&[Policy::McpMessages], messages, locality(request))
}

/// Charges one message. A tool call over the limit passes, for [`charge_call`] to refuse it with a result that the model
/// can read.
pub(super) fn charge_message(context: &Context, message: &Message<'_>, request: &mut Request) -> Result<()> {
    match charge_messages(context, 1, request) {
        Err(Error::Limited(limited)) if message.called_tool().is_some() => {
            request.extensions_mut().insert::<RateLimited>(limited);
            Ok(())
        }
        outcome => outcome,
    }
}

/// Charges a tool call that came with the HTTP request in these extensions; calls over standard input are not limited.
pub(super) fn charge_call(tool: &Tool, context: &Context, extensions: &Extensions) -> Result<()> {
    let Some(parts) = extensions.get::<Parts>() else { return Ok(()) };
    if let Some(limited) = parts.extensions.get::<RateLimited>() {
        return Err(Error::Limited(*limited));
    }
    let from = parts.extensions.get::<Locality>().copied().unwrap_or(Locality::Remote);
    context.check_rate_limit(tool.limits, 1, from)
}
