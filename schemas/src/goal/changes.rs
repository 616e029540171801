//! Setting goals, changing them, and recording progress.

use chrono::{DateTime, Utc};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{GoalStatus, GoalType};

/// Set a goal. Give a target to measure progress by; leave it out for a goal that is only described. Use this for what
/// is pursued over time; for a thing to do, use create_action_item.
#[derive(Debug, Deserialize, JsonSchema)]
pub struct CreateGoal {
    /// The goal in a few words.
    #[schemars(length(min = 1, max = 500), example = &"Run 100 km this summer")]
    pub title: String,
    /// How it is measured: `boolean`, `scale` (the default) or `numeric`.
    #[serde(default)]
    pub goal_type: GoalType,
    /// The target value.
    #[serde(default)]
    pub target_value: Option<f64>,
    /// The current value.
    #[serde(default)]
    pub current_value: f64,
    /// The minimum value.
    #[serde(default)]
    pub min_value: f64,
    /// The maximum value.
    #[serde(default = "ten")]
    pub max_value: f64,
    /// The unit, such as `km` or `pages`.
    #[serde(default)]
    #[schemars(length(max = 100))]
    pub unit: Option<String>,
    /// The desired result.
    #[serde(default)]
    #[schemars(length(max = 2000))]
    pub desired_outcome: Option<String>,
    /// Why the user wants it.
    #[serde(default)]
    #[schemars(length(max = 2000))]
    pub why_it_matters: Option<String>,
    /// How the user will know that it is reached.
    #[serde(default)]
    #[schemars(length(max = 20))]
    #[schemars(inner(length(max = 2000)))]
    pub success_criteria: Vec<String>,
    /// The date by which to reach it.
    #[serde(default)]
    pub horizon_at: Option<DateTime<Utc>>,
    /// Its status.
    #[serde(default)]
    pub status: GoalStatus,
    /// Its rank among the focused goals; 0 comes first.
    #[serde(default)]
    #[schemars(range(max = 4))]
    pub focus_rank: Option<u32>,
    /// The maximum number of active goals: the oldest ones are paused to make room. Without it there is no limit, and no
    /// other goal is changed.
    #[serde(default)]
    #[schemars(range(min = 1, max = 100))]
    pub max_active: Option<u32>,
}

fn ten() -> f64 {
    10.0
}

/// Change a goal: its text, its measure, or its status. To record progress, use update_goal_progress.
#[derive(Debug, Default, Deserialize, JsonSchema)]
pub struct UpdateGoal {
    /// The goal's id.
    #[schemars(example = &"goal_5f0c1e7a9b24")]
    pub goal_id: String,
    /// The goal in a few words.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "String", length(min = 1, max = 500))]
    pub title: Option<String>,
    /// How it is measured.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "GoalType")]
    pub goal_type: Option<GoalType>,
    /// The target value.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "f64")]
    pub target_value: Option<f64>,
    /// The current value; it is also recorded in the history.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "f64")]
    pub current_value: Option<f64>,
    /// The minimum value.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "f64")]
    pub min_value: Option<f64>,
    /// The maximum value.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "f64")]
    pub max_value: Option<f64>,
    /// The unit; null removes it.
    #[serde(default, deserialize_with = "crate::given")]
    #[schemars(length(max = 100))]
    pub unit: Option<Option<String>>,
    /// The desired result; null removes it.
    #[serde(default, deserialize_with = "crate::given")]
    #[schemars(length(max = 2000))]
    pub desired_outcome: Option<Option<String>>,
    /// Why the user wants it; null removes it.
    #[serde(default, deserialize_with = "crate::given")]
    #[schemars(length(max = 2000))]
    pub why_it_matters: Option<Option<String>>,
    /// How the user will know that it is reached; replaces the list.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Vec<String>", length(max = 20))]
    #[schemars(inner(length(max = 2000)))]
    pub success_criteria: Option<Vec<String>>,
    /// The date by which to reach it; null removes it.
    #[serde(default, deserialize_with = "crate::given")]
    pub horizon_at: Option<Option<DateTime<Utc>>>,
    /// Its status.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "GoalStatus")]
    pub status: Option<GoalStatus>,
    /// Its rank among the focused goals, 0 first; null removes it.
    #[serde(default, deserialize_with = "crate::given")]
    #[schemars(range(max = 4))]
    pub focus_rank: Option<Option<u32>>,
}

/// Record the current value of a goal. The last value of each day (UTC) is kept as its history. Use this for a
/// number; for free text, use extract_goal_progress.
#[derive(Debug, Deserialize, JsonSchema)]
pub struct UpdateGoalProgress {
    /// The goal's id.
    #[schemars(example = &"goal_5f0c1e7a9b24")]
    pub goal_id: String,
    /// The current value.
    #[schemars(example = 3.5)]
    pub current_value: f64,
}

/// Delete a goal with its history. This cannot be undone; to keep it for the record, set its status instead.
#[derive(Debug, Deserialize, JsonSchema)]
pub struct DeleteGoal {
    /// The goal's id.
    #[schemars(example = &"goal_5f0c1e7a9b24")]
    pub goal_id: String,
}

/// What was deleted.
#[derive(Debug, Serialize, JsonSchema)]
pub struct DeletedGoal {
    /// Always true.
    pub success: bool,
    /// The goal's id.
    pub deleted_id: String,
}

/// Read a text, such as something the user said, for progress on active goals, and record it. Use this for
/// free text; for a number, use update_goal_progress.
#[derive(Debug, Deserialize, JsonSchema)]
pub struct ExtractGoalProgress {
    /// The text.
    #[schemars(length(min = 1, max = 10_000), example = &"I ran 5 km this morning.")]
    pub text: String,
}

/// Progress found in a text.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
pub struct FoundProgress {
    /// The goal's id.
    pub goal_id: String,
    /// The goal in a few words.
    pub goal_title: String,
    /// The previous value.
    pub previous_value: f64,
    /// The current value.
    pub new_value: f64,
    /// The reason.
    pub reasoning: String,
}

/// The progress found in a text.
#[derive(Debug, Default, Serialize, JsonSchema)]
pub struct ExtractedProgress {
    /// Whether progress was found and recorded.
    pub updated: bool,
    /// The previous value of the first goal below.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub previous_value: Option<f64>,
    /// The current value of that goal.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub new_value: Option<f64>,
    /// The reason.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reasoning: Option<String>,
    /// The recorded progress by goal; left out when there is none.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub updates: Vec<FoundProgress>,
    /// Why nothing was recorded.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
}
