//! Goals: what the user wants to reach, and how far they are.

mod advice;
mod changes;

use chrono::{DateTime, NaiveDate, Utc};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

pub use advice::*;
pub use changes::*;

/// How a goal is measured: `boolean` is reached or not, `scale` is judged within bounds, `numeric` is counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
#[expect(missing_docs, reason = "described on the enum, so that the schema stays a plain one")]
pub enum GoalType {
    Boolean,
    #[default]
    Scale,
    Numeric,
}

/// The status of a goal: `focused` is worked on now, `background` is active as well; `paused`, `achieved` and
/// `abandoned` are not active.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
#[expect(missing_docs, reason = "described on the enum, so that the schema stays a plain one")]
pub enum GoalStatus {
    #[default]
    Background,
    Focused,
    Paused,
    Achieved,
    Abandoned,
}

impl GoalStatus {
    /// Whether a goal with this status is active.
    pub fn is_active(self) -> bool {
        matches!(self, GoalStatus::Background | GoalStatus::Focused)
    }
}

/// The progress of a goal in one object.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct GoalMetric {
    /// How it is measured.
    #[serde(rename = "type")]
    pub kind: GoalType,
    /// The current value.
    pub current: f64,
    /// The target value.
    pub target: f64,
    /// The minimum value.
    pub min: f64,
    /// The maximum value.
    pub max: f64,
    /// The unit.
    pub unit: Option<String>,
}

/// What the user wants to reach.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Goal {
    /// Identifies the goal.
    #[schemars(example = &"goal_5f0c1e7a9b24")]
    pub id: String,
    /// The same, under its newer name.
    pub goal_id: String,
    /// The goal in a few words.
    #[schemars(example = &"Run 100 km this summer")]
    pub title: String,
    /// How it is measured.
    pub goal_type: GoalType,
    /// The target value; 0 for a goal that is not measured.
    pub target_value: f64,
    /// The current value.
    pub current_value: f64,
    /// The minimum value.
    pub min_value: f64,
    /// The maximum value.
    pub max_value: f64,
    /// The unit.
    #[schemars(example = &"km")]
    pub unit: Option<String>,
    /// Whether it is active: its status is `focused` or `background`.
    pub is_active: bool,
    /// When it was set.
    #[schemars(example = &"2026-05-08T13:56:00Z")]
    pub created_at: DateTime<Utc>,
    /// When it was last changed.
    #[schemars(example = &"2026-05-08T13:56:00Z")]
    pub updated_at: DateTime<Utc>,
    /// When it stopped being active.
    pub ended_at: Option<DateTime<Utc>>,
    /// Stored advice; always null, as get_goal_advice computes it.
    pub advice: Option<String>,
    /// The desired result.
    pub desired_outcome: Option<String>,
    /// Why the user wants it.
    pub why_it_matters: Option<String>,
    /// How the user will know that it is reached.
    pub success_criteria: Vec<String>,
    /// The date by which to reach it.
    pub horizon_at: Option<DateTime<Utc>>,
    /// Its status.
    pub status: GoalStatus,
    /// Its rank among the focused goals; 0 comes first.
    pub focus_rank: Option<u32>,
    /// Its progress in one object; null for a goal that is not measured.
    pub metric: Option<GoalMetric>,
    /// The surface that it was set through: `app`, `developer`, `mcp` or `agent`.
    pub source: String,
}

/// The value of a goal at the end of a day, or today.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct GoalPoint {
    /// The day, in UTC.
    #[schemars(with = "String", example = &"2026-05-08")]
    pub date: NaiveDate,
    /// The last value of that day.
    pub value: f64,
    /// When that was recorded.
    #[schemars(example = &"2026-05-08T13:56:00Z")]
    pub recorded_at: DateTime<Utc>,
}

/// List the user's goals, oldest first. Use this for what the user is after; for the one to work on now, use
/// get_current_goal.
#[derive(Debug, Deserialize, JsonSchema)]
pub struct GetGoals {
    /// Whether inactive goals are listed too; then all are, whatever the limit.
    #[serde(default)]
    pub include_inactive: bool,
    /// How many to return; if there are more, the newest.
    #[serde(default = "page_of_goals")]
    #[schemars(range(min = 1, max = 100))]
    pub limit: u32,
}

fn page_of_goals() -> u32 {
    100
}

/// Some goals of the user.
#[derive(Debug, Serialize, JsonSchema)]
pub struct Goals {
    /// Oldest first.
    pub goals: Vec<Goal>,
}

/// Get one goal by its id. Use this once its id is known; to find it, use get_goals.
#[derive(Debug, Deserialize, JsonSchema)]
pub struct GetGoal {
    /// The goal's id.
    #[schemars(example = &"goal_5f0c1e7a9b24")]
    pub goal_id: String,
}

/// One goal.
#[derive(Debug, Serialize, JsonSchema)]
pub struct OneGoal {
    /// The goal.
    pub goal: Goal,
}

/// Get the current goal: the first focused one, else the newest active one. Use this for what
/// to work on now; for all of them, use get_goals.
#[derive(Debug, Deserialize, JsonSchema)]
pub struct GetCurrentGoal {}

/// The current goal.
#[derive(Debug, Serialize, JsonSchema)]
pub struct CurrentGoal {
    /// The goal; null when none is active.
    pub goal: Option<Goal>,
}

/// Get the daily values of a goal, newest first. Use this for its history; for its current value, use get_goal.
#[derive(Debug, Deserialize, JsonSchema)]
pub struct GetGoalHistory {
    /// The goal's id.
    #[schemars(example = &"goal_5f0c1e7a9b24")]
    pub goal_id: String,
    /// How many days to return; days without progress are not counted.
    #[serde(default = "month")]
    #[schemars(range(min = 1, max = 365))]
    pub days: u32,
}

fn month() -> u32 {
    30
}

/// The daily values of a goal.
#[derive(Debug, Serialize, JsonSchema)]
pub struct GoalHistory {
    /// The goal's id.
    pub goal_id: String,
    /// Newest first, one for each day (UTC) with progress.
    pub points: Vec<GoalPoint>,
}
