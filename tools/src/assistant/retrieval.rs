//! Recall: what of all that a user has bears on a question, as passages that can be shown, packed and cited.
//!
//! Every kind is searched at the same time, and each only if the caller may read it. What the question says of time
//! ("yesterday evening", "in May") lifts what was said then; a stretch of days is searched by itself, too, so that much
//! talk of the same thing at other times cannot hide it.

mod passage;
mod relevance;
mod sources;

use std::ops::Range;

use chrono::{DateTime, Utc};

use crate::{Context, Result};

pub(crate) use passage::{Kind, Line, Passage};
pub(crate) use relevance::coverage;

/// What is looked for.
#[derive(Debug, Clone, Default)]
pub(crate) struct Wanted<'a> {
    /// A question or a few words.
    pub(crate) query: &'a str,
    /// When what it asks about was.
    pub(crate) range: Option<Range<DateTime<Utc>>>,
    /// The conversation that the user is looking at.
    pub(crate) conversation: Option<&'a str>,
    /// The memory that the user is looking at.
    pub(crate) memory: Option<&'a str>,
    /// The action item that the user is looking at.
    pub(crate) action_item: Option<&'a str>,
    /// Nothing but what was at this time; the page that the user is looking at shows no more.
    pub(crate) only: Option<Range<DateTime<Utc>>>,
}

/// What bears on `wanted`, best first; what is being said just now comes last.
///
/// # Errors
/// The database or the index is away.
pub(crate) async fn recall(context: &Context, wanted: &Wanted<'_>) -> Result<Vec<Passage>> {
    let found = remembered(context, wanted).await?;
    ranked(context, wanted, found).await
}

/// The same of everything that can be cited: goals, what whole days came to, and files of whichever chat come too. Chat
/// does without them, for they would take room from what was said; it has its own files by itself.
///
/// # Errors
/// As [`recall`].
pub(crate) async fn recall_everything(context: &Context, wanted: &Wanted<'_>) -> Result<Vec<Passage>> {
    let (mut found, goals, days, files) = tokio::try_join!(
        remembered(context, wanted),
        sources::goals(context, wanted),
        sources::days(context, wanted),
        sources::files(context, wanted),
    )?;
    found.extend([goals, days, files].into_iter().flatten());
    ranked(context, wanted, found).await
}

/// What was said, what is known and what is to be done, as each search found it.
async fn remembered(context: &Context, wanted: &Wanted<'_>) -> Result<Vec<Passage>> {
    let (said, then, held_then, here, memories, summaries, items, now) = tokio::join!(
        sources::said(context, wanted),
        sources::said_then(context, wanted),
        sources::held_then(context, wanted),
        sources::said_here(context, wanted),
        sources::memories(context, wanted),
        sources::summaries(context, wanted),
        sources::action_items(context, wanted),
        sources::in_progress(context),
    );
    Ok([said?, then?, here?, memories?, held_then?, summaries?, items?, now?].into_iter().flatten().collect())
}

/// What was found, each once, best first.
async fn ranked(context: &Context, wanted: &Wanted<'_>, found: Vec<Passage>) -> Result<Vec<Passage>> {
    let mut passages: Vec<Passage> = Vec::new();
    for passage in found {
        match passages.iter_mut().find(|known| known.is_of(&passage.citation)) {
            Some(known) => known.score = known.score.max(passage.score),
            None => passages.push(passage),
        }
    }
    if let Some(only) = &wanted.only {
        passages.retain(|passage| only.contains(&passage.citation.date));
    }
    if let Some(range) = &wanted.range {
        passages.iter_mut().for_each(|passage| passage.within = range.contains(&passage.citation.date));
    }
    relevance::rank(wanted.query, &mut passages);
    sources::add_neighbours(context, &mut passages).await?;
    Ok(passages)
}
