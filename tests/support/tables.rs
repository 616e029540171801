//! What the tests that go through every tool know of each noun: rows to begin with, and how its tools are called.

use futures::future::BoxFuture;
use serde_json::Value;

use super::server::TestUser;
use crate::{
    action_items, ask, audit, charts, chat, citations, conversations, daily_summaries, files, folders, goals, grants,
    keys, memories, people, preferences, transcripts, users, voice, webhooks,
};

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
    transcripts::table::NOUN,
    voice::table::NOUN,
    webhooks::table::NOUN,
    users::table::NOUN,
];
