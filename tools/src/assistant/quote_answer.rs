//! The answer without a language model: what was said or noted, quoted, dated and cited, in the order of time.
//!
//! A line before the quotes answers directly where one of them clearly holds what was asked, or says what is wrong with
//! the question: a name that nothing mentions, or words that somebody else said.

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
use schemas::chat::Citation;

use crate::{Context, Result, assistant::retrieval::Passage};
use caveats::Caution;
use question::Question;

/// How many passages are quoted where one answers directly.
const BESIDE: usize = 5;

/// An answer made of passages.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Extract {
    /// The words; markers `[1]` … point into `citations`.
    pub(crate) text: String,
    /// What is quoted, in the order of the markers.
    pub(crate) citations: Vec<Citation>,
}

/// Answers a question from what recall found, best first; quotes from at most `limit` conversations.
///
/// # Errors
/// The embedding model fails.
pub(crate) async fn extract(
    context: &Context,
    question: &str,
    now: &DateTime<Tz>,
    passages: &[Passage],
    limit: usize,
) -> Result<Extract> {
    let question = Question::read(question, now);
    let mut chosen = select::choose(&question, passages, limit);
    if !relevance_gate::enough(&context.resources.embedder, &question, &chosen).await? {
        chosen.clear();
    }
    Ok(answer(&question, passages, chosen))
}

/// The answer made of the chosen passages, which are best first.
fn answer(question: &Question<'_>, passages: &[Passage], mut chosen: Vec<&Passage>) -> Extract {
    let caution = caveats::find(question, passages);
    let direct = if caution.is_none() { direct::find(question, &chosen) } else { None };
    if let Some(Caution::Unknown(_)) = caution {
        chosen.clear();
    }
    if let Some(direct) = &direct {
        let mut rank = 0..;
        chosen.retain(|passage| rank.next() < Some(BESIDE) || passage.is_of(&direct.passage.citation));
    }
    format::write(question, chosen, caution, direct)
}
