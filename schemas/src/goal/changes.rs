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
    /// Where the user wants to be.
    #[serde(default)]
    pub target_value: Option<f64>,
    /// Where the user is.
    #[serde(default)]
    pub current_value: f64,
    /// The least value.
    #[serde(default)]
    pub min_value: f64,
    /// The greatest value.
    #[serde(default = "ten")]
    pub max_value: f64,
    /// What is counted, such as `km` or `pages`.
    #[serde(default)]
    #[schemars(length(max = 100))]
    pub unit: Option<String>,
    /// What it will be like when it is reached.
    #[serde(default)]
    #[schemars(length(max = 2000))]
    pub desired_outcome: Option<String>,
    /// Why the user wants it.
    #[serde(default)]
    #[schemars(length(max = 2000))]
    pub why_it_matters: Option<String>,
    /// By what the user will know that it is reached.
    #[serde(default)]
    #[schemars(length(max = 20))]
    pub success_criteria: Vec<String>,
    /// By when it is to be reached.
    #[serde(default)]
    pub horizon_at: Option<DateTime<Utc>>,
    /// Where it stands.
    #[serde(default)]
    pub status: GoalStatus,
    /// Its place among the goals that are focused on; 0 comes first.
    #[serde(default)]
    #[schemars(range(max = 4))]
    pub focus_rank: Option<u32>,
    /// How many goals may be active at a time: to make room, the oldest ones come to rest. Without it there is no limit
    /// and no other goal is touched.
    #[serde(default)]
    #[schemars(range(min = 1, max = 100))]
    pub max_active: Option<u32>,
}

fn ten() -> f64 {
    10.0
}

/// Change a goal: its words, its measure, or where it stands. To record progress, use update_goal_progress.
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
    /// Where the user wants to be.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "f64")]
    pub target_value: Option<f64>,
    /// Where the user is; it goes into the history as well.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "f64")]
    pub current_value: Option<f64>,
    /// The least value.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "f64")]
    pub min_value: Option<f64>,
    /// The greatest value.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "f64")]
    pub max_value: Option<f64>,
    /// What is counted; null takes it away.
    #[serde(default, deserialize_with = "crate::given")]
    #[schemars(length(max = 100))]
    pub unit: Option<Option<String>>,
    /// What it will be like when it is reached; null takes it away.
    #[serde(default, deserialize_with = "crate::given")]
    #[schemars(length(max = 2000))]
    pub desired_outcome: Option<Option<String>>,
    /// Why the user wants it; null takes it away.
    #[serde(default, deserialize_with = "crate::given")]
    #[schemars(length(max = 2000))]
    pub why_it_matters: Option<Option<String>>,
    /// By what the user will know that it is reached; replaces the list.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Vec<String>", length(max = 20))]
    pub success_criteria: Option<Vec<String>>,
    /// By when it is to be reached; null takes it away.
    #[serde(default, deserialize_with = "crate::given")]
    pub horizon_at: Option<Option<DateTime<Utc>>>,
    /// Where it stands.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "GoalStatus")]
    pub status: Option<GoalStatus>,
    /// Its place among the goals that are focused on, 0 first; null takes it away.
    #[serde(default, deserialize_with = "crate::given")]
    #[schemars(range(max = 4))]
    pub focus_rank: Option<Option<u32>>,
}

/// Record where the user is with a goal. The last value of each day (UTC) is kept as its history. Use this for a
/// number; for what a text tells, use extract_goal_progress.
#[derive(Debug, Deserialize, JsonSchema)]
pub struct UpdateGoalProgress {
    /// The goal's id.
    #[schemars(example = &"goal_5f0c1e7a9b24")]
    pub goal_id: String,
    /// Where the user is now.
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

/// Read a text, such as something the user said, for progress on active goals, and record what it tells. Use this for
/// free words; for a number, use update_goal_progress.
#[derive(Debug, Deserialize, JsonSchema)]
pub struct ExtractGoalProgress {
    /// The text.
    #[schemars(length(min = 1, max = 10_000), example = &"I ran 5 km this morning.")]
    pub text: String,
}

/// Progress that a text told of.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
pub struct FoundProgress {
    /// The goal's id.
    pub goal_id: String,
    /// The goal in a few words.
    pub goal_title: String,
    /// Where the user was.
    pub previous_value: f64,
    /// Where the user is.
    pub new_value: f64,
    /// From what that follows.
    pub reasoning: String,
}

/// The progress that a text told of.
#[derive(Debug, Default, Serialize, JsonSchema)]
pub struct ExtractedProgress {
    /// Whether progress was found and recorded.
    pub updated: bool,
    /// Where the user was with the first of the goals below.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub previous_value: Option<f64>,
    /// Where the user is with it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub new_value: Option<f64>,
    /// From what that follows.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reasoning: Option<String>,
    /// What was recorded, goal by goal; left out when nothing was.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub updates: Vec<FoundProgress>,
    /// Why nothing was recorded.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
}
