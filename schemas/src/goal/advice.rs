//! Suggestions and advice.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::GoalType;

/// Suggest a goal that fits what is known about the user. Nothing is set; use create_goal for that.
#[derive(Debug, Deserialize, JsonSchema)]
pub struct SuggestGoal {}

/// A goal that would fit the user.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct SuggestedGoal {
    /// The goal in a few words, at most 80 characters.
    #[schemars(length(min = 1, max = 200))]
    pub suggested_title: String,
    /// How it would be measured.
    pub suggested_type: GoalType,
    /// The target value.
    pub suggested_target: f64,
    /// The minimum value.
    pub suggested_min: f64,
    /// The maximum value.
    pub suggested_max: f64,
    /// Why it fits, in one or two sentences.
    pub reasoning: String,
}

/// Get advice on what to do next for a goal, from its status, its pace and its horizon. Use this for the next
/// step; for bare numbers, use get_goal_history.
#[derive(Debug, Deserialize, JsonSchema)]
pub struct GetGoalAdvice {
    /// The goal's id; without it, the current goal.
    #[serde(default)]
    #[schemars(example = &"goal_5f0c1e7a9b24")]
    pub goal_id: Option<String>,
}

/// Advice on a goal.
#[derive(Debug, Serialize, JsonSchema)]
pub struct GoalAdvice {
    /// What to do next.
    pub advice: String,
}
