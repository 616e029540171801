//! A goal that would fit the user: chosen by the language model, or taken from a memory that names a wish.

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

/// How many memories are looked at, newest first.
const MEMORIES: u32 = 60;

/// The longest title, in characters.
const TITLE: usize = 80;

/// What stands before a wish or a plan.
const OPENINGS: &[&str] = &[
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

/// A goal that would fit the caller.
pub(super) async fn of(context: &Context) -> Result<SuggestedGoal> {
    let memories = context.memories().list(&Selection { limit: MEMORIES, ..Selection::default() }).await?;
    let goals = context.goals().all().await?;
    let wish = || memories.iter().find_map(|memory| wish_in(memory, &goals));
    let Some(model) = &context.resources.llm else {
        let nothing =
            "No language model is configured, and no memory names a wish or plan that a goal could be made of.";
        return wish().ok_or_else(|| Error::Unavailable(nothing.into()));
    };
    let told = json!({
        "memories": memories.iter().map(|memory| &memory.content).collect::<Vec<_>>(),
        "goals": goals.iter().map(|goal| &goal.title).collect::<Vec<_>>(),
    });
    match model.ask::<SuggestedGoal>(INSTRUCTIONS, &told.to_string()).await {
        Ok(suggestion) => Ok(sound(suggestion)),
        Err(error) => {
            tracing::warn!("a goal is suggested by rules alone: {error}");
            wish().ok_or_else(|| error.into())
        }
    }
}

/// The suggestion with its bounds around its target.
fn sound(mut suggestion: SuggestedGoal) -> SuggestedGoal {
    let SuggestedGoal { suggested_target: target, suggested_min: min, suggested_max: max, .. } = suggestion;
    suggestion.suggested_min = min.min(max).min(target);
    suggestion.suggested_max = max.max(min).max(target);
    suggestion
}

/// The wish that a memory names, as a goal that is not there yet.
fn wish_in(memory: &Memory, goals: &[Goal]) -> Option<SuggestedGoal> {
    let content = &memory.content;
    // Lower case in ASCII alone keeps every letter in its place.
    let lower = content.to_ascii_lowercase();
    let begin = OPENINGS.iter().filter_map(|opening| Some(lower.find(opening)? + opening.len())).min()?;
    let wish = content[begin..].split(['.', '!', '?', ';', '\n']).next().unwrap_or_default().trim();
    let title = truncate_title(wish, TITLE);
    let is_there = |goal: &Goal| goal.title.to_lowercase() == title.to_lowercase();
    if title.chars().count() < 3 || goals.iter().any(is_there) {
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
