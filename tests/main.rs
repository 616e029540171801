//! Integration tests: everything over real HTTP, real engines and real files, in one binary.
//!
//! Each noun has a folder; `cargo test --release -p tests -- memories::` runs its tests. In it `table` says what the
//! tests of all tools (`faces`) call it with, and the other files hold what is particular to the noun.

/// What tests are made of: servers, users, scripted endpoints, clients.
mod support {
    pub(crate) mod calls;
    pub(crate) mod database;
    pub(crate) mod json;
    pub(crate) mod model;
    pub(crate) mod program;
    pub(crate) mod qdrant;
    pub(crate) mod scripted;
    pub(crate) mod server;
    pub(crate) mod speech;
    pub(crate) mod stdio_client;
    pub(crate) mod surreal;
    pub(crate) mod tables;
}

// The nouns.

mod action_items {
    mod change;
    mod conversation;
    mod create;
    mod lists;
    mod paging;
    mod search;
    mod sharing;
    mod spoken;
    mod support;
    mod sync;
    pub(crate) mod table;
}

mod ask {
    mod rest;
    pub(crate) mod table;
}

mod audit {
    mod rest;
    pub(crate) mod table;
}

mod charts {
    mod rest;
    pub(crate) mod table;
}

mod chat {
    mod greetings;
    mod messages;
    mod sharing;
    mod stream;
    pub(crate) mod support;
    pub(crate) mod table;
}

mod citations {
    pub(crate) mod table;
}

mod conversations {
    mod change;
    mod create;
    mod lists;
    mod merge;
    mod share;
    mod speakers;
    pub(crate) mod support;
    pub(crate) mod table;
}

mod daily_summaries {
    pub(crate) mod rest;
    pub(crate) mod table;
}

mod files {
    mod extractor;
    mod malicious_pdfs;
    pub(crate) mod rest;
    pub(crate) mod table;
}

mod folders {
    mod rest;
    pub(crate) mod table;
}

mod goals {
    mod advice;
    mod rest;
    pub(crate) mod table;
}

mod grants {
    pub(crate) mod table;
}

mod keys {
    pub(crate) mod rest;
    pub(crate) mod table;
}

mod memories {
    mod create;
    mod dates_and_tags;
    mod delete;
    mod edit;
    mod lists;
    mod paging;
    mod search;
    mod support;
    pub(crate) mod table;
}

mod people {
    mod rest;
    pub(crate) mod table;
}

mod preferences {
    mod rest;
    pub(crate) mod table;
}

mod share_links {
    mod rest;
    pub(crate) mod table;
}

mod transcripts {
    mod rest;
    pub(crate) mod table;
}

mod users {
    mod account_status;
    mod admin_key;
    mod browser_sessions;
    mod credentials;
    mod deleted_rows;
    mod deletion;
    mod expiry;
    mod interruptions;
    mod invitations;
    mod owner;
    mod passwords;
    mod sessions;
    mod sign_up;
    pub(crate) mod support;
    pub(crate) mod table;
    mod tokens;
}

mod voice {
    mod rest;
    pub(crate) mod table;
}

mod webhooks {
    pub(crate) mod rest;
    pub(crate) mod table;
}

/// The chat agent with a scripted language model.
mod agent {
    mod attachments;
    mod changes;
    mod functions;
    mod injection;
    mod prompt;
    mod real_model;
    mod sessions;
    mod support;
}

/// Processing of conversations: by the language model, by rules while it fails, again after a crash.
mod processing {
    mod crash;
    mod failures;
    mod jobs;
    mod results;
    mod steps;
    mod support;
}

/// Import from other services, and export.
mod transfer {
    mod chats;
    mod formats;
    mod meetings;
    mod omi;
    mod round_trip;
    pub(crate) mod support;
    mod transcripts;
}

// Signing in.

mod auth {
    mod credentials;
}

/// The authorization server for MCP clients.
mod oauth {
    mod authorize;
    mod browser;
    mod client_documents;
    mod conformance;
    mod discovery;
    pub(crate) mod flow;
    mod omi_client;
    mod pages;
    mod registration;
    mod scopes;
    mod secrets;
    pub(crate) mod support;
    mod tokens;
}

/// Sign-in by ID tokens of Firebase and of OpenID Connect providers.
mod oidc_login {
    mod accounts;
    mod apps;
    mod browser;
    mod codes;
    mod consent;
    mod display_names;
    mod failed_logins;
    mod firebase;
    mod id_tokens;
    mod identity_links;
    mod issuer;
    mod key_rotation;
    mod redirects;
    mod signing_keys;
    mod support;
    mod websockets;
}

// The faces and the process.

/// What holds for every tool and every route.
mod faces {
    mod agreement;
    mod arrays;
    pub(crate) mod contracts;
    mod isolation;
    mod protocol;
    mod refusals;
    mod scopes;
}

mod mcp {
    mod arguments;
    mod batches;
    mod cancellation;
    mod client;
    mod confirmation;
    pub(crate) mod conformance;
    mod endpoint;
    mod events;
    mod legacy_sse;
    mod prompts;
    mod resources;
    mod result_parts;
    mod resumption;
    mod subscriptions;
    mod tasks;
    mod toolsets;
}

/// Limits, host and origin checks, TLS, redaction of secrets.
mod middleware {
    mod anonymous_requests;
    mod concurrent_requests;
    mod connections;
    mod failed_auth_limiter;
    mod host_check;
    mod rate_limits;
    mod request_limits;
    mod secrets;
    mod tls;
}

/// The program as a process of its own: start, exit codes, subcommands, signals.
mod process {
    mod clients;
    mod commands;
    mod connect;
    mod crash;
    mod permissions;
    mod refusals;
    mod secrets;
    mod start;
    mod stdio;
    mod transfer;
    mod users;
}

/// Database, vector index and language model, in the process and on servers.
mod engines {
    mod remote;
    mod scenario;
    mod structured_output;
    mod vector_behaviour;
    mod vectors;
}

/// Published clients and tools against the server.
mod clients {
    mod generators;
    mod inspector;
    mod mcp_sdks;
    mod mcp_server_omi;
    mod oauth_sdks;
    mod omi_cli;
    mod omi_mcp;
    mod schemathesis;
    pub(crate) mod support;
}
