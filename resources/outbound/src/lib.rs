//! Clients of other servers: HTTP that stays on the public internet, the language model, speech services and webhooks;
//! and the error that everything below the tools returns.

mod error;
pub mod http;
pub mod llm;
mod secret;
pub mod speech;
pub mod webhooks;

pub use crate::{
    error::{Error, RateLimited, Result},
    secret::{Secret, redact_url},
};
