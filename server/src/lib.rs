//! The process: configuration, command line, sign-in, and the faces on one port.

mod app;
mod auth;
mod cli;
mod commands;
mod config;
mod connecting;
mod data_folder;
mod failure;
mod limits;
mod listener;
mod log;
mod mcp;
mod oauth;
mod others;
mod page;
mod running;
mod sign_in;
mod stdio;
mod stream;
mod tls;
mod voice;
mod walls;
mod welcome;

pub use app::{mounted_routes, openapi_document, routes};
pub use auth::SignIn;
pub use cli::run;
pub use config::Config;
pub use failure::Failure;
pub use mcp::{Extension, List, Lists};
pub use running::{FirstStart, Running, start, start_with};
