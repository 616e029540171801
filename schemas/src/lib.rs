//! The vocabulary of Recollect: what goes over the wire, in the words that people and models read.
//!
//! Every capability takes one input type of these and answers with one output type. Their doc comments are the
//! descriptions in the MCP tool list and in the OpenAPI document, so nothing is described twice.

use serde::{Deserialize, Deserializer};

pub mod action_item;
pub mod audit;
pub mod chart;
pub mod chat;
pub mod citation;
pub mod conversation;
pub mod daily_summary;
pub mod folder;
pub mod goal;
pub mod grant;
pub mod health;
pub mod key;
pub mod memory;
pub mod person;
pub mod preferences;
pub mod profile;
pub mod scope;
pub mod share_link;
pub mod transcript;
pub mod user;
pub mod voice;
pub mod webhook;

/// Reads a field whose null means something: with this and `#[serde(default)]`, absent is `None`, null `Some(None)`.
///
/// # Errors
/// What reading the value gives.
pub fn given<'de, T: Deserialize<'de>, D: Deserializer<'de>>(from: D) -> Result<Option<Option<T>>, D::Error> {
    Option::deserialize(from).map(Some)
}
