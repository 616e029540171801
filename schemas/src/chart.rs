//! Charts of what a user has.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

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
    /// What it is called.
    pub title: String,
    /// What its points are told apart by.
    pub x_label: Option<String>,
    /// What is counted, with its unit.
    pub y_label: Option<String>,
    /// What it shows.
    pub datasets: Vec<ChartDataset>,
}

/// One line, or one sort of bars, of a chart.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct ChartDataset {
    /// What it is called.
    pub label: String,
    /// Its points, in the order that they are drawn.
    pub data_points: Vec<ChartPoint>,
    /// Its colour, such as `#6B7280`; null leaves it to the app.
    pub color: Option<String>,
}

/// One point of a chart.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct ChartPoint {
    /// What it stands for, such as a day.
    pub label: String,
    /// Its value.
    pub value: f64,
}
