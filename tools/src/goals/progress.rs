//! Progress that a text tells of: as the language model reads it, or by rules that would rather find nothing than guess.

use language::{
    numbers::{Token, title_words, tokenize},
    stemming::share_stem,
};
use schemars::JsonSchema;
use schemas::goal::{FoundProgress, Goal, GoalType};
use serde::Deserialize;
use serde_json::{Value, json};

use crate::Context;

const INSTRUCTIONS: &str = include_str!("progress.md");

/// Words of a text that does not say plainly that something was done.
const DOUBTS: &[&str] = &[
    "not", "n't", "never", "no", "will", "would", "should", "could", "might", "want", "wants", "plan", "plans",
    "going", "hope", "hopes", "tomorrow", "next", "if", "almost", "nearly",
];

/// Words of a text that gives where the user stands rather than what was added.
const TOTALS: &[&str] = &["total", "altogether", "overall", "far", "reached", "stand"];

/// Units of what is read off rather than added up.
const READINGS: &[&str] = &["kg", "lb", "lbs", "pounds", "%", "percent", "bpm"];

/// Words for what is done once.
const DONE: &[&str] = &["done", "finished", "completed", "achieved", "reached"];

/// How far, in words, a number may stand from a word of the title.
const NEAR: usize = 4;

/// What the text tells.
#[derive(Deserialize, JsonSchema)]
struct Told {
    /// The goals that the text tells progress of; empty when it tells of none.
    updates: Vec<Update>,
}

/// Progress on one goal.
#[derive(Deserialize, JsonSchema)]
struct Update {
    /// The goal's id, as given.
    goal_id: String,
    /// Where the user stands now.
    new_value: f64,
    /// The words of the text that it follows from.
    reasoning: String,
}

/// The progress on these goals that the text tells of, or why there is none.
pub(super) async fn told(context: &Context, goals: &[Goal], text: &str) -> Result<Vec<FoundProgress>, String> {
    if goals.is_empty() {
        return Err("There is no active goal.".into());
    }
    let Some(model) = &context.resources.llm else { return by_rules(goals, text) };
    let told = json!({ "goals": goals.iter().map(shown).collect::<Vec<_>>(), "text": text });
    match model.ask::<Told>(INSTRUCTIONS, &told.to_string()).await {
        Ok(Told { updates }) => by_model(goals, updates),
        Err(error) => {
            tracing::warn!("progress is found by rules alone: {error}");
            by_rules(goals, text)
        }
    }
}

/// What the model is told of a goal.
fn shown(goal: &Goal) -> Value {
    json!({ "goal_id": goal.id, "title": goal.title, "metric": goal.metric, "current_value": goal.current_value })
}

/// What the model found, as far as it can be: for goals that there are, each once.
fn by_model(goals: &[Goal], updates: Vec<Update>) -> Result<Vec<FoundProgress>, String> {
    let mut found: Vec<FoundProgress> = Vec::new();
    for Update { goal_id, new_value, reasoning } in updates {
        let Some(goal) = goals.iter().find(|goal| goal.id == goal_id) else { continue };
        if found.iter().all(|earlier| earlier.goal_id != goal_id) && new_value != goal.current_value {
            found.push(progress(goal, new_value, reasoning));
        }
    }
    if found.is_empty() { Err("The text tells of no progress on an active goal.".into()) } else { Ok(found) }
}

/// What the numbers and words of the text say.
fn by_rules(goals: &[Goal], text: &str) -> Result<Vec<FoundProgress>, String> {
    let tokens = tokenize(text);
    let has = |words: &[&str]| {
        tokens.iter().any(|token| matches!(token, Token::Word(word) if words.contains(&word.as_str())))
    };
    if text.contains('?') || has(DOUBTS) {
        return Err("The text does not say plainly that something was done.".into());
    }
    let mut found = Vec::new();
    for goal in goals.iter().filter(|goal| goal.metric.is_some()) {
        let Some((value, kinship)) = reading(goal, &tokens, has(DONE)) else { continue };
        let adds = goal.goal_type == GoalType::Numeric && !has(TOTALS) && !is_reading(goal);
        let value = if adds { goal.current_value + value } else { value };
        if goal.goal_type != GoalType::Scale || (goal.min_value..=goal.max_value).contains(&value) {
            found.push((goal, value, kinship));
        }
    }
    let closest = found.iter().map(|(.., kinship)| *kinship).max().unwrap_or_default();
    found.retain(|(.., kinship)| *kinship == closest);
    match found.as_slice() {
        [] => Err("No number in the text belongs to an active goal.".into()),
        [(goal, value, _)] => Ok(vec![progress(goal, *value, format!("From the words: {}", text.trim()))]),
        _ => Err("The text could mean more than one active goal.".into()),
    }
}

/// The one number of the text that belongs to the goal, and how many words of its title the text has.
fn reading(goal: &Goal, tokens: &[Token], is_done: bool) -> Option<(f64, usize)> {
    let title = title_words(&goal.title);
    let is_title = |token: &Token| matches!(token, Token::Word(word) if title.iter().any(|own| share_stem(own, word)));
    let kinship = title
        .iter()
        .filter(|own| tokens.iter().any(|token| matches!(token, Token::Word(word) if share_stem(own, word))))
        .count();
    if goal.goal_type == GoalType::Boolean {
        return (is_done && !title.is_empty() && kinship == title.len()).then_some((goal.target_value, kinship));
    }
    let belongs = |at: usize| match &goal.unit {
        Some(unit) => matches!(tokens.get(at + 1), Some(Token::Word(word)) if is_unit(unit, word)),
        None => tokens[at.saturating_sub(NEAR)..(at + NEAR + 1).min(tokens.len())].iter().any(is_title),
    };
    let mut numbers = tokens.iter().enumerate().filter_map(|(at, token)| match token {
        Token::Number(number) if belongs(at) => Some(*number),
        _ => None,
    });
    let number = numbers.next()?;
    numbers.next().is_none().then_some((number, kinship))
}

fn is_unit(unit: &str, word: &str) -> bool {
    let unit = unit.trim().to_lowercase();
    unit == word || unit.trim_end_matches('s') == word.trim_end_matches('s')
}

fn is_reading(goal: &Goal) -> bool {
    goal.unit.as_deref().is_some_and(|unit| READINGS.contains(&unit.trim().to_lowercase().as_str()))
}

fn progress(goal: &Goal, new_value: f64, reasoning: String) -> FoundProgress {
    FoundProgress {
        goal_id: goal.id.clone(),
        goal_title: goal.title.clone(),
        previous_value: goal.current_value,
        new_value,
        reasoning,
    }
}
