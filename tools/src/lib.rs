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
mod transcripts;
pub mod transfer;
mod users;
mod voice;
pub mod webhooks;

use std::sync::OnceLock;

use toolsets::Toolset::{self, *};

pub use tool::{
    Access, Acting, Answer, Arguments, Audience, Caller, Client, Context, Credential, Error, Face, Hints, Issue,
    Placement, Reply, Result, Route, SchemaOf, Shape, Tool, Undo, limits, toolsets,
};
pub(crate) use tool::{confirmation, paging, route};

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
