//! What can be done: every capability once, as a typed tool.
//!
//! A capability is one input type, one output type, one async function and one binding line. The MCP server, the REST
//! routes, the OpenAPI document and the chat agent are all made from [`all`].

#[macro_use]
mod tool;
pub mod agent;
mod arguments;
mod context;
mod error;
mod issues;
mod keys;
mod memories;
mod route;
mod text;
pub mod views;

use std::sync::OnceLock;

pub use arguments::Arguments;
pub use context::{Caller, Context, Credential, Face};
pub use error::{Error, Issue, Result};
pub use route::{Audience, Placement, Reply, Route, Shape};
pub use tool::{Access, Hints, SchemaOf, Tool};

/// Every capability, in reading order.
pub fn all() -> &'static [Tool] {
    static TOOLS: OnceLock<Vec<Tool>> = OnceLock::new();
    TOOLS.get_or_init(|| [memories::tools(), keys::tools()].into_iter().flatten().collect())
}

/// The capability called `name`.
pub fn find(name: &str) -> Option<&'static Tool> {
    all().iter().find(|tool| tool.name == name)
}
