//! The answer without a language model: what was said or noted, quoted, dated and cited, in the order of time.

mod choose;
mod question;
mod write;

use chrono::DateTime;
use chrono_tz::Tz;
use schemas::chat::Citation;

use crate::{Context, Result, recall::Passage};
use question::Question;

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
    _context: &Context,
    question: &str,
    now: &DateTime<Tz>,
    passages: &[Passage],
    limit: usize,
) -> Result<Extract> {
    let question = Question::read(question, now);
    let chosen = choose::choose(&question, passages, limit);
    Ok(write::write(&question, &chosen))
}
