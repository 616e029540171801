//! Understanding conversations with the configured language model: one question, one answer in the form of an
//! [`Understanding`].

mod answer;
mod question;

use resources::Model;

use super::understanding::{Material, Understanding};
use crate::Result;

const INSTRUCTIONS: &str = include_str!("conversation.md");

/// What the model makes of a conversation, as far as it makes sense.
pub(super) async fn understand(material: &Material<'_>, model: &Model) -> Result<Understanding> {
    let answer: Understanding = model.ask(INSTRUCTIONS, &question::about(material)).await?;
    answer::sensible(answer, material)
}
