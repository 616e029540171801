//! Charts of what a user has.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Draw a chart of what the user has: how many conversations, minutes of them, memories or action items there were by
/// day, week or month, or how far a goal was. The numbers are counted, never estimated. Use this for the course of a
/// number; for the number alone, use count_conversations or count_action_items.
#[derive(Debug, Deserialize, JsonSchema)]
pub struct CreateChart {
    /// What is drawn: `conversations`, `conversation_minutes`, `memories`, `action_items_created` and
    /// `action_items_completed` are counted; `goal_progress` is the value of one goal.
    pub what: ChartSubject,
    /// What one point represents: a `day`, a `week` from Monday on, or a `month`, in the user's time zone.
    #[serde(default)]
    pub per: ChartGrain,
    /// The first day, as yyyy-mm-dd; the week or month that it is in is drawn whole. By default there are 14 days, 8 weeks
    /// or 12 months.
    #[serde(default)]
    #[schemars(example = &"2026-05-04")]
    pub start_date: Option<String>,
    /// The last day, as yyyy-mm-dd; the week or month that it is in is drawn whole. Today by default.
    #[serde(default)]
    #[schemars(example = &"2026-05-31")]
    pub end_date: Option<String>,
    /// The goal's id; required with `goal_progress`.
    #[serde(default)]
    #[schemars(example = &"goal_5f0c1e7a9b24")]
    pub goal_id: Option<String>,
    /// What each line or series of bars represents: `category` has one for each of the categories with most, and fits
    /// `conversations` and `conversation_minutes`; `nothing` has one for all.
    #[serde(default)]
    pub split_by: ChartSplit,
    /// How it is drawn; by default a line for a goal, else bars.
    #[serde(default)]
    pub chart_type: Option<ChartType>,
    /// What it is called; by default what it shows.
    #[serde(default)]
    #[schemars(length(max = 200))]
    pub title: Option<String>,
}

/// What a chart is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
#[expect(missing_docs, reason = "described on the field, so that the schema stays a plain enum")]
pub enum ChartSubject {
    Conversations,
    ConversationMinutes,
    Memories,
    ActionItemsCreated,
    ActionItemsCompleted,
    GoalProgress,
}

/// What one point of a chart represents: a `day`, a `week` from Monday on, or a `month`.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
#[expect(missing_docs, reason = "described on the enum, so that the schema stays a plain one")]
pub enum ChartGrain {
    Day,
    #[default]
    Week,
    Month,
}

/// What each line, or series of bars, of a chart represents: `nothing` or a `category`.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
#[expect(missing_docs, reason = "described on the enum, so that the schema stays a plain one")]
pub enum ChartSplit {
    #[default]
    Nothing,
    Category,
}

/// A chart that was drawn.
#[derive(Debug, Serialize, JsonSchema)]
pub struct CreatedChart {
    /// The chart.
    pub chart_data: Chart,
}

/// How a chart is drawn: `line` or `bar`.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
#[expect(missing_docs, reason = "described on the enum, so that the schema stays a plain one")]
pub enum ChartType {
    Line,
    #[default]
    Bar,
}

/// A chart, as the app draws it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Chart {
    /// How it is drawn.
    pub chart_type: ChartType,
    /// Its name.
    pub title: String,
    /// The label that distinguishes its points.
    pub x_label: Option<String>,
    /// The unit, with its unit.
    pub y_label: Option<String>,
    /// What it shows.
    pub datasets: Vec<ChartDataset>,
}

/// One line, or one sort of bars, of a chart.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct ChartDataset {
    /// Its name.
    pub label: String,
    /// Its points, in the order that they are drawn.
    pub data_points: Vec<ChartPoint>,
    /// Its colour, such as `#6B7280`; null leaves it to the app.
    pub color: Option<String>,
}

/// One point of a chart.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct ChartPoint {
    /// Its label, such as a day.
    pub label: String,
    /// Its value.
    pub value: f64,
}
