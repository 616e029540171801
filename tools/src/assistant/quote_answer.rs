//! The answer without a language model: passages, quoted, dated and cited, in chronological order.
//!
//! A line before the quotes answers directly where a passage clearly contains the answer, or states a caveat: a name
//! that no passage mentions, or words that another speaker said.

mod caveats;
mod direct;
mod format;
mod question;
mod relevance_gate;
mod select;
#[cfg(test)]
mod tests;

use chrono::DateTime;
use chrono_tz::Tz;
use language::dates::Locale;
use schemas::chat::Citation;

use crate::{Context, Result, assistant::retrieval::Passage};
use caveats::Caveat;
use question::ParsedQuestion;

/// How many passages are quoted beside a direct answer.
const MAX_QUOTES_WITH_DIRECT_ANSWER: usize = 5;

/// An answer made of quotes.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct QuotedAnswer {
    /// The text; markers `[1]` … refer to `citations`.
    pub(crate) text: String,
    /// The citations, in the order of the markers.
    pub(crate) citations: Vec<Citation>,
}

/// Answers a question in a language from retrieved passages, best first; quotes from at most `limit` conversations.
///
/// # Errors
/// The embedding model fails.
pub(crate) async fn quote_answer(
    context: &Context,
    (question, locale): (&str, Locale),
    now: &DateTime<Tz>,
    passages: &[Passage],
    limit: usize,
) -> Result<QuotedAnswer> {
    let question = ParsedQuestion::read(question, now, locale);
    let mut selected = select::select_passages(&question, passages, limit);
    if !relevance_gate::is_relevant(&context.resources.index.embedder, &question, &selected).await? {
        selected.clear();
    }
    Ok(answer(&question, passages, selected))
}

/// The answer made of the selected passages, which are best first.
fn answer(question: &ParsedQuestion<'_>, passages: &[Passage], mut selected: Vec<&Passage>) -> QuotedAnswer {
    let caveat = caveats::find(question, passages);
    let direct = if caveat.is_none() { direct::find(question, &selected) } else { None };
    if let Some(Caveat::UnknownName(_)) = caveat {
        selected.clear();
    }
    if let Some(direct) = &direct {
        let mut rank = 0..;
        selected.retain(|passage| {
            rank.next() < Some(MAX_QUOTES_WITH_DIRECT_ANSWER) || passage.matches(&direct.passage.citation)
        });
    }
    format::format_answer(question, selected, caveat, direct)
}
