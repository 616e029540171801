//! The process: configuration, command line, sign-in, and the faces on one port.

mod address;
mod app;
mod auth;
mod auth_outcome;
mod banner;
mod cli;
mod client_config;
mod commands;
mod config;
mod cookies;
mod data_folder;
mod exit;
mod html;
mod http;
mod log;
mod mcp;
mod middleware;
mod pages;
mod parent_process;
mod progress;
mod routes;
mod server;

#[cfg(not(target_env = "msvc"))]
#[global_allocator]
static ALLOCATOR: tikv_jemallocator::Jemalloc = tikv_jemallocator::Jemalloc;

pub use app::{mounted_routes, openapi_document, routes};
pub use auth::Authenticator;
pub use cli::run;
pub use config::Config;
pub use exit::ExitError;
pub use mcp::McpHandler;
pub use server::{Bootstrap, ServerHandle, start, start_with_handler};
