//! What can be done: every capability once, as a typed tool.
//!
//! A capability is one input type, one output type, one async function and one binding line. The MCP server, the REST
//! routes, the OpenAPI document and the chat agent are all made from [`all`].

#[macro_use]
mod tool;
mod action_items;
mod arguments;
pub mod assistant;
mod audit;
mod charts;
mod chat;
mod client;
mod context;
mod conversations;
pub mod daily_summaries;
mod error;
mod files;
mod folders;
mod goals;
mod grants;
mod issues;
mod keys;
pub mod limits;
mod memories;
mod naming;
mod paging;
mod people;
mod preferences;
pub mod processing;
mod profile;
mod route;
pub mod toolsets;
mod transcripts;
pub mod transfer;
mod users;
mod voice;
pub mod webhooks;

use std::sync::OnceLock;

use toolsets::Toolset::{self, *};

pub use arguments::Arguments;
pub use client::{Answer, Client};
pub use context::{Acting, Caller, Context, Credential, Face};
pub use error::{Error, Issue, Result};
pub use route::{Audience, Placement, Reply, Route, Shape};
pub use tool::{Access, Hints, SchemaOf, Tool, Undo};

/// Every capability, in reading order, by the toolset that assistants are shown it with.
pub fn all() -> &'static [Tool] {
    static TOOLS: OnceLock<Vec<Tool>> = OnceLock::new();
    TOOLS.get_or_init(|| {
        let nouns = [
            (Memories, memories::tools()),
            (Memories, profile::tools()),
            (Conversations, conversations::tools()),
            (Conversations, transcripts::tools()),
            (ActionItems, action_items::tools()),
            (Goals, goals::tools()),
            (Conversations, folders::tools()),
            (People, people::tools()),
            (Conversations, daily_summaries::tools()),
            (Conversations, chat::tools()),
            (Conversations, assistant::citations::tools()),
            (Conversations, assistant::ask::tools()),
            (Conversations, files::tools()),
            (Conversations, voice::tools()),
            (Conversations, charts::tools()),
            (Admin, webhooks::tools()),
            (Admin, preferences::tools()),
            (Admin, keys::tools()),
            (Admin, grants::tools()),
            (Admin, audit::tools()),
            (Admin, users::tools()),
        ];
        let of = |(toolset, tools): (Toolset, Vec<Tool>)| tools.into_iter().map(move |tool| tool.within(toolset));
        nouns.into_iter().flat_map(of).collect()
    })
}

/// The capability called `name`.
pub fn find(name: &str) -> Option<&'static Tool> {
    all().iter().find(|tool| tool.name == name)
}
