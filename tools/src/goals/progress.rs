//! Extracts progress on goals from a text: by the language model, or by rules that prefer no result to a guess.

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

/// Words of texts that do not clearly say that something was done.
const UNCERTAIN_WORDS: &[&str] = &[
    "not", "n't", "never", "no", "will", "would", "should", "could", "might", "want", "wants", "plan", "plans",
    "going", "hope", "hopes", "tomorrow", "next", "if", "almost", "nearly",
];

/// Words of texts that state a total rather than an increment.
const TOTAL_WORDS: &[&str] = &["total", "altogether", "overall", "far", "reached", "stand"];

/// Units of measurements, which replace the value rather than add to it.
const MEASUREMENT_UNITS: &[&str] = &["kg", "lb", "lbs", "pounds", "%", "percent", "bpm"];

/// Words for goals that are done once.
const DONE_WORDS: &[&str] = &["done", "finished", "completed", "achieved", "reached"];

/// The maximum distance of a number from a word of the title, in tokens.
const MAX_DISTANCE: usize = 4;

/// The model's answer.
#[derive(Deserialize, JsonSchema)]
struct FoundUpdates {
    /// The goals on which the text reports progress; empty where it reports none.
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

/// The progress on these goals in a text, or why there is none.
pub(super) async fn extract(context: &Context, goals: &[Goal], text: &str) -> Result<Vec<FoundProgress>, String> {
    if goals.is_empty() {
        return Err("There is no active goal.".into());
    }
    let Some(model) = &context.resources.llm else { return by_rules(goals, text) };
    let prompt = json!({ "goals": goals.iter().map(describe).collect::<Vec<_>>(), "text": text });
    match model.ask::<FoundUpdates>(INSTRUCTIONS, &prompt.to_string()).await {
        Ok(FoundUpdates { updates }) => by_model(goals, updates),
        Err(error) => {
            tracing::warn!("progress is extracted without the language model: {error}");
            by_rules(goals, text)
        }
    }
}

/// A goal in the prompt.
fn describe(goal: &Goal) -> Value {
    json!({ "goal_id": goal.id, "title": goal.title, "metric": goal.metric, "current_value": goal.current_value })
}

/// The valid updates of the model's answer: for existing goals, each once.
fn by_model(goals: &[Goal], updates: Vec<Update>) -> Result<Vec<FoundProgress>, String> {
    let mut found: Vec<FoundProgress> = Vec::new();
    for Update { goal_id, new_value, reasoning } in updates {
        let Some(goal) = goals.iter().find(|goal| goal.id == goal_id) else { continue };
        if found.iter().all(|earlier| earlier.goal_id != goal_id) && new_value != goal.current_value {
            found.push(progress(goal, new_value, reasoning));
        }
    }
    if found.is_empty() { Err("The text reports no progress on an active goal.".into()) } else { Ok(found) }
}

/// The progress by the numbers and words of the text.
fn by_rules(goals: &[Goal], text: &str) -> Result<Vec<FoundProgress>, String> {
    let tokens = tokenize(text);
    let has = |words: &[&str]| {
        tokens.iter().any(|token| matches!(token, Token::Word(word) if words.contains(&word.as_str())))
    };
    if text.contains('?') || has(UNCERTAIN_WORDS) {
        return Err("The text does not say plainly that something was done.".into());
    }
    let mut found = Vec::new();
    for goal in goals.iter().filter(|goal| goal.metric.is_some()) {
        let Some((value, title_matches)) = find_value(goal, &tokens, has(DONE_WORDS)) else { continue };
        let adds = goal.goal_type == GoalType::Numeric && !has(TOTAL_WORDS) && !is_measurement(goal);
        let value = if adds { goal.current_value + value } else { value };
        if goal.goal_type != GoalType::Scale || (goal.min_value..=goal.max_value).contains(&value) {
            found.push((goal, value, title_matches));
        }
    }
    let closest = found.iter().map(|(.., title_matches)| *title_matches).max().unwrap_or_default();
    found.retain(|(.., title_matches)| *title_matches == closest);
    match found.as_slice() {
        [] => Err("No number in the text belongs to an active goal.".into()),
        [(goal, value, _)] => Ok(vec![progress(goal, *value, format!("From the words: {}", text.trim()))]),
        _ => Err("The text could mean more than one active goal.".into()),
    }
}

/// The only number in the text that belongs to the goal, and how many words of its title the text contains.
fn find_value(goal: &Goal, tokens: &[Token], is_done: bool) -> Option<(f64, usize)> {
    let title = title_words(&goal.title);
    let is_title = |token: &Token| matches!(token, Token::Word(word) if title.iter().any(|own| share_stem(own, word)));
    let title_matches = title
        .iter()
        .filter(|own| tokens.iter().any(|token| matches!(token, Token::Word(word) if share_stem(own, word))))
        .count();
    if goal.goal_type == GoalType::Boolean {
        return (is_done && !title.is_empty() && title_matches == title.len())
            .then_some((goal.target_value, title_matches));
    }
    let belongs = |at: usize| match &goal.unit {
        Some(unit) => matches!(tokens.get(at + 1), Some(Token::Word(word)) if is_unit(unit, word)),
        None => tokens[at.saturating_sub(MAX_DISTANCE)..(at + MAX_DISTANCE + 1).min(tokens.len())].iter().any(is_title),
    };
    let mut numbers = tokens.iter().enumerate().filter_map(|(at, token)| match token {
        Token::Number(number) if belongs(at) => Some(*number),
        _ => None,
    });
    let number = numbers.next()?;
    numbers.next().is_none().then_some((number, title_matches))
}

fn is_unit(unit: &str, word: &str) -> bool {
    let unit = unit.trim().to_lowercase();
    unit == word || unit.trim_end_matches('s') == word.trim_end_matches('s')
}

fn is_measurement(goal: &Goal) -> bool {
    goal.unit.as_deref().is_some_and(|unit| MEASUREMENT_UNITS.contains(&unit.trim().to_lowercase().as_str()))
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
