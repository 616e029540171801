//! The assistant: chat agent, retrieval, answers by quotation, citations, and the views and prompts that MCP clients
//! read.

pub mod agent;
pub(crate) mod ask;
pub(crate) mod citations;
pub mod prompts;
mod quote_answer;
mod retrieval;
pub mod views;
