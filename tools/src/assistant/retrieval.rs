//! Retrieval: finds the passages that are relevant to a question, over everything that a user has stored.
//!
//! All kinds are searched concurrently, each only if the caller may read it. A time range in the question ("yesterday
//! evening", "in May") raises the scores of passages from that time; a short range is also searched separately, so that
//! similar passages from other times cannot displace it.

mod passage;
mod relevance;
mod sources;

use std::ops::Range;

use chrono::{DateTime, Utc};

use crate::{Context, Result};

pub(crate) use passage::{Passage, PassageKind, TranscriptLine};
pub(crate) use relevance::coverage;

/// A retrieval query.
#[derive(Debug, Clone, Default)]
pub(crate) struct Query<'a> {
    /// A question or a few words.
    pub(crate) text: &'a str,
    /// The time range that it asks about.
    pub(crate) time_range: Option<Range<DateTime<Utc>>>,
    /// The conversation that the user is looking at.
    pub(crate) conversation: Option<&'a str>,
    /// The memory that the user is looking at.
    pub(crate) memory: Option<&'a str>,
    /// The action item that the user is looking at.
    pub(crate) action_item: Option<&'a str>,
    /// Passages outside of this range are excluded: the page that the user is looking at shows no others.
    pub(crate) bounds: Option<Range<DateTime<Utc>>>,
}

/// The passages that are relevant to `query`, best first; the conversation in progress comes last.
///
/// # Errors
/// The database or the index is unavailable.
pub(crate) async fn retrieve(context: &Context, query: &Query<'_>) -> Result<Vec<Passage>> {
    let found = search_sources(context, query).await?;
    rank(context, query, found).await
}

/// Like [`retrieve`], over everything that can be cited: also goals, daily summaries and the files of all chats. Chat
/// does not include them, as they would displace transcripts; it adds its own files separately.
///
/// # Errors
/// As [`retrieve`].
pub(crate) async fn retrieve_all(context: &Context, query: &Query<'_>) -> Result<Vec<Passage>> {
    let (mut found, goals, daily_summaries, files) = tokio::try_join!(
        search_sources(context, query),
        sources::goals(context, query),
        sources::daily_summaries(context, query),
        sources::files(context, query),
    )?;
    found.extend([goals, daily_summaries, files].into_iter().flatten());
    rank(context, query, found).await
}

/// The results of the searches over transcripts, summaries, memories and action items.
async fn search_sources(context: &Context, query: &Query<'_>) -> Result<Vec<Passage>> {
    let (segments, in_range, conversations, here, memories, summaries, items, current) = tokio::join!(
        sources::segments(context, query),
        sources::segments_in_range(context, query),
        sources::conversations_in_range(context, query),
        sources::segments_in_conversation(context, query),
        sources::memories(context, query),
        sources::summaries(context, query),
        sources::action_items(context, query),
        sources::conversation_in_progress(context),
    );
    Ok([segments?, in_range?, here?, memories?, conversations?, summaries?, items?, current?]
        .into_iter()
        .flatten()
        .collect())
}

/// The passages without duplicates, best first.
async fn rank(context: &Context, query: &Query<'_>, found: Vec<Passage>) -> Result<Vec<Passage>> {
    let mut passages: Vec<Passage> = Vec::new();
    for passage in found {
        match passages.iter_mut().find(|known| known.matches(&passage.citation)) {
            Some(known) => known.score = known.score.max(passage.score),
            None => passages.push(passage),
        }
    }
    if let Some(bounds) = &query.bounds {
        passages.retain(|passage| bounds.contains(&passage.citation.date));
    }
    if let Some(range) = &query.time_range {
        passages.iter_mut().for_each(|passage| passage.in_time_range = range.contains(&passage.citation.date));
    }
    relevance::rank(query.text, &mut passages);
    sources::add_neighbours(context, &mut passages).await?;
    Ok(passages)
}
