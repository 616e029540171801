//! What can be done: every capability once, as a typed tool.
//!
//! A capability is one input type, one output type, one async function and one binding line. The MCP server, the REST
//! routes, the OpenAPI document and the chat agent are all made from [`all`].

#[macro_use]
mod tool;
mod action_items;
pub mod agent;
mod arguments;
mod asking;
mod audit;
mod charts;
mod chat;
mod citations;
mod client;
mod context;
mod conversations;
pub mod daily_summaries;
pub mod dates;
mod error;
mod extract;
mod files;
mod folders;
mod goals;
mod grants;
mod issues;
mod keys;
pub mod limits;
mod memories;
mod paging;
mod people;
mod preferences;
pub mod processing;
pub mod prompts;
mod recall;
mod route;
mod text;
pub mod toolsets;
mod transcripts;
pub mod transfer;
mod users;
pub mod views;
mod voice;
pub mod webhooks;

use std::sync::OnceLock;

pub use arguments::Arguments;
pub use client::{Answer, Client};
pub use context::{Caller, Context, Credential, Face};
pub use error::{Error, Issue, Result};
pub use route::{Audience, Placement, Reply, Route, Shape};
pub use tool::{Access, Hints, SchemaOf, Tool, Undo};

/// Every capability, in reading order.
pub fn all() -> &'static [Tool] {
    static TOOLS: OnceLock<Vec<Tool>> = OnceLock::new();
    TOOLS.get_or_init(|| {
        let nouns = [
            memories::tools(),
            conversations::tools(),
            transcripts::tools(),
            action_items::tools(),
            goals::tools(),
            folders::tools(),
            people::tools(),
            daily_summaries::tools(),
            chat::tools(),
            asking::tools(),
            files::tools(),
            voice::tools(),
            charts::tools(),
            webhooks::tools(),
            preferences::tools(),
            keys::tools(),
            grants::tools(),
        ];
        nouns.into_iter().flatten().collect()
    })
}

/// The capability called `name`.
pub fn find(name: &str) -> Option<&'static Tool> {
    all().iter().find(|tool| tool.name == name)
}
