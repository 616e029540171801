//! Each noun's part in the tests of all tools: its rows, and the calls of its tools.

use futures::future::BoxFuture;
use serde_json::Value;

use super::server::TestUser;
use crate::{
    action_items, ask, audit, charts, chat, citations, conversations, daily_summaries, files, folders, goals, grants,
    keys, memories, people, preferences, share_links, transcripts, users, voice, webhooks,
};

/// One noun's part in the tests of all tools.
pub(crate) struct Noun {
    /// Writes the rows of a user; gives the ids that the calls use.
    pub(crate) seed: fn(&TestUser) -> BoxFuture<'_, Value>,
    /// Calls of every tool of the noun, for the user who has the seed, with arguments that leave nothing to a face's
    /// own defaults.
    pub(crate) calls: fn(&Value) -> Vec<(&'static str, Value)>,
    /// Calls of every tool of the noun by another user, with the ids of the seed.
    pub(crate) attempts: fn(&Value) -> Vec<(&'static str, Value, Expected)>,
    /// Paths of the app on which the user sees all of their data.
    pub(crate) owned_paths: fn(&Value) -> Vec<String>,
    /// Words that only the seed contains, as it does its ids.
    pub(crate) secrets: &'static [&'static str],
    /// Fields that differ between two users with the same seed, or between two moments.
    pub(crate) volatile: &'static [&'static str],
}

/// The answer to a tool call with another user's ids.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Expected {
    /// Not found, in these words.
    NotFound(&'static str),
    /// A refusal with this status, in these words.
    Refused(u16, &'static str),
    /// An answer without data of the other user.
    NothingForeign,
}

/// Every noun.
pub(crate) const NOUNS: &[Noun] = &[
    action_items::table::NOUN,
    ask::table::NOUN,
    audit::table::NOUN,
    charts::table::NOUN,
    chat::table::NOUN,
    citations::table::NOUN,
    conversations::table::NOUN,
    daily_summaries::table::NOUN,
    files::table::NOUN,
    folders::table::NOUN,
    goals::table::NOUN,
    grants::table::NOUN,
    keys::table::NOUN,
    memories::table::NOUN,
    people::table::NOUN,
    preferences::table::NOUN,
    share_links::table::NOUN,
    transcripts::table::NOUN,
    voice::table::NOUN,
    webhooks::table::NOUN,
    users::table::NOUN,
];
