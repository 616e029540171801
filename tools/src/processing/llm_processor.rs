//! Conversation processing by the configured language model: one prompt, and one answer in the form of an
//! [`Extraction`].

mod prompt;
mod validation;

use language::extraction::{ConversationInput, Extraction};
use resources::LanguageModel;

use crate::Result;

const INSTRUCTIONS: &str = include_str!("llm_processor/instructions.md");

/// Processes a conversation. The answer is validated.
///
/// # Errors
/// The model is unavailable, or its answer has no title or overview.
pub(super) async fn process(input: &ConversationInput<'_>, model: &LanguageModel) -> Result<Extraction> {
    let answer: Extraction = model.ask(INSTRUCTIONS, &prompt::describe(input)).await?;
    validation::validate(answer, input)
}
