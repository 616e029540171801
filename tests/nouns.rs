//! What the tests that go through every tool know of each noun: rows to begin with, and how its tools are called.

mod action_items;
mod asking;
mod audit;
mod charts;
pub(crate) mod chat;
mod citations;
mod conversations;
mod daily_summaries;
mod files;
pub(crate) mod folders;
mod goals;
mod grants;
mod keys;
mod memories;
mod people;
mod preferences;
mod transcripts;
mod users;
mod voice;
mod webhooks;

use futures::future::BoxFuture;
use serde_json::Value;

use crate::harness::TestUser;

/// One noun's part in the tests of all tools.
pub(crate) struct Noun {
    /// Writes what a user of these tests has; gives the ids by which the calls name it.
    pub(crate) seed: fn(&TestUser) -> BoxFuture<'_, Value>,
    /// Calls of every tool of the noun, for the user who has the seed, with arguments that leave nothing to a face's
    /// own defaults.
    pub(crate) calls: fn(&Value) -> Vec<(&'static str, Value)>,
    /// What somebody else tries with every tool of the noun and the ids of the seed.
    pub(crate) attempts: fn(&Value) -> Vec<(&'static str, Value, Heard)>,
    /// Paths on which the user sees, signed in, all that they have.
    pub(crate) belongings: fn(&Value) -> Vec<String>,
    /// Words that only the seed has; every id of the seed is one too.
    pub(crate) secrets: &'static [&'static str],
    /// Fields that differ between two users with the same seed, or between two moments.
    pub(crate) volatile: &'static [&'static str],
}

/// What somebody hears who calls a tool with another user's ids.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Heard {
    /// That it is not there, in these words.
    NotFound(&'static str),
    /// A refusal with this status, in these words.
    Refused(u16, &'static str),
    /// An answer that has nothing of the other user's in it.
    NothingOfHers,
}

/// Every noun.
pub(crate) const NOUNS: &[Noun] = &[
    action_items::NOUN,
    asking::NOUN,
    audit::NOUN,
    charts::NOUN,
    chat::NOUN,
    citations::NOUN,
    conversations::NOUN,
    daily_summaries::NOUN,
    files::NOUN,
    folders::NOUN,
    goals::NOUN,
    grants::NOUN,
    keys::NOUN,
    memories::NOUN,
    people::NOUN,
    preferences::NOUN,
    transcripts::NOUN,
    voice::NOUN,
    webhooks::NOUN,
    users::NOUN,
];
