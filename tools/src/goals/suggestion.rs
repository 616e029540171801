//! Suggests a goal: by the language model, or from a memory that contains a wish.

use language::{
    numbers::{Token, tokenize},
    truncate::truncate_title,
};
use resources::memories::Selection;
use schemas::{
    goal::{Goal, GoalType, SuggestedGoal},
    memory::Memory,
};
use serde_json::json;

use crate::{Context, Error, Result};

const INSTRUCTIONS: &str = include_str!("suggestion.md");

/// How many memories are considered, newest first.
const MAX_MEMORIES: u32 = 60;

/// The maximum length of a title, in characters.
const MAX_TITLE: usize = 80;

/// Phrases that introduce a wish or a plan.
const WISH_OPENINGS: &[&str] = &[
    "wants to ",
    "want to ",
    "would like to ",
    "wishes to ",
    "hopes to ",
    "hope to ",
    "plans to ",
    "plan to ",
    "planning to ",
    "trying to ",
    "aims to ",
    "goal is to ",
];

/// Suggests a goal for the caller.
pub(super) async fn suggest(context: &Context) -> Result<SuggestedGoal> {
    let memories = context.memories().list(&Selection { limit: MAX_MEMORIES, ..Selection::default() }).await?;
    let goals = context.goals().all().await?;
    let wish = || memories.iter().find_map(|memory| find_wish(memory, &goals));
    let Some(model) = &context.resources.llm else {
        let nothing =
            "No language model is configured, and no memory names a wish or plan that a goal could be made of.";
        return wish().ok_or_else(|| Error::Unavailable(nothing.into()));
    };
    let prompt = json!({
        "memories": memories.iter().map(|memory| &memory.content).collect::<Vec<_>>(),
        "goals": goals.iter().map(|goal| &goal.title).collect::<Vec<_>>(),
    });
    match model.ask::<SuggestedGoal>(INSTRUCTIONS, &prompt.to_string()).await {
        Ok(suggestion) => Ok(with_valid_bounds(suggestion)),
        Err(error) => {
            tracing::warn!("a goal is suggested without the language model: {error}");
            wish().ok_or_else(|| error.into())
        }
    }
}

/// The suggestion with bounds that include its target.
fn with_valid_bounds(mut suggestion: SuggestedGoal) -> SuggestedGoal {
    let SuggestedGoal { suggested_target: target, suggested_min: min, suggested_max: max, .. } = suggestion;
    suggestion.suggested_min = min.min(max).min(target);
    suggestion.suggested_max = max.max(min).max(target);
    suggestion
}

/// The wish in a memory as a goal, unless such a goal exists.
fn find_wish(memory: &Memory, goals: &[Goal]) -> Option<SuggestedGoal> {
    let content = &memory.content;
    // ASCII lower case keeps byte offsets.
    let lower = content.to_ascii_lowercase();
    let begin = WISH_OPENINGS.iter().filter_map(|opening| Some(lower.find(opening)? + opening.len())).min()?;
    let wish = content[begin..].split(['.', '!', '?', ';', '\n']).next().unwrap_or_default().trim();
    let title = truncate_title(wish, MAX_TITLE);
    let exists = |goal: &Goal| goal.title.to_lowercase() == title.to_lowercase();
    if title.chars().count() < 3 || goals.iter().any(exists) {
        return None;
    }
    let count = tokenize(wish).into_iter().find_map(|token| match token {
        Token::Number(number) if number > 0.0 => Some(number),
        _ => None,
    });
    let (kind, target) = count.map_or((GoalType::Scale, 10.0), |count| (GoalType::Numeric, count));
    Some(SuggestedGoal {
        suggested_title: title,
        suggested_type: kind,
        suggested_target: target,
        suggested_min: 0.0,
        suggested_max: target,
        reasoning: format!("Your memory says: {content}"),
    })
}
