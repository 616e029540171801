//! What can be done: every capability once, as a typed tool.
//!
//! A capability is one input type, one output type, one async function and one binding line. The MCP server, the REST
//! routes, the OpenAPI document and the chat agent are all made from [`all`].

#[macro_use]
mod tool;
mod action_items;
pub mod assistant;
mod audit;
mod calendar;
mod charts;
mod chat;
mod conversations;
pub mod daily_summaries;
mod files;
mod folders;
mod goals;
mod grants;
mod keys;
mod memories;
mod people;
mod preferences;
pub mod processing;
mod profile;
mod share_links;
mod transcripts;
pub mod transfer;
mod users;
mod voice;
pub mod webhooks;

use std::sync::OnceLock;

pub use tool::{
    Access, Actor, Answer, Arguments, Audience, Caller, Client, Context, Credential, DEFAULT_RETRY_AFTER, Error, Hints,
    Issue, KeyedLimit, KeyedPermit, Placement, Reply, Result, Route, SchemaOf, Shape, Surface, Tool, Undo, limits,
    streaming, toolsets,
};

/// Every capability, in reading order.
pub fn all() -> &'static [Tool] {
    static TOOLS: OnceLock<Vec<Tool>> = OnceLock::new();
    TOOLS.get_or_init(|| {
        let nouns = [
            memories::tools(),
            profile::tools(),
            conversations::tools(),
            transcripts::tools(),
            action_items::tools(),
            goals::tools(),
            folders::tools(),
            people::tools(),
            daily_summaries::tools(),
            chat::tools(),
            share_links::tools(),
            assistant::citations::tools(),
            assistant::ask::tools(),
            files::tools(),
            voice::tools(),
            charts::tools(),
            webhooks::tools(),
            preferences::tools(),
            keys::tools(),
            grants::tools(),
            audit::tools(),
            users::tools(),
        ];
        nouns.into_iter().flatten().collect()
    })
}

/// The capability called `name`.
pub fn find(name: &str) -> Option<&'static Tool> {
    all().iter().find(|tool| tool.name == name)
}
