//! Database rows of goals.

use chrono::{DateTime, NaiveDate, Utc};
use schemas::goal::{Goal, GoalMetric, GoalPoint};
use surrealdb::types::SurrealValue;

use super::NewGoal;
use crate::database::{name_of, value_of};

/// A row of `goal`.
#[derive(Debug, Clone, SurrealValue)]
pub(super) struct GoalRow {
    pub(super) gid: String,
    user: String,
    title: String,
    goal_type: String,
    /// Nothing for a goal that is not measured.
    target_value: Option<f64>,
    current_value: f64,
    min_value: f64,
    max_value: f64,
    unit: Option<String>,
    desired_outcome: Option<String>,
    why_it_matters: Option<String>,
    success_criteria: Vec<String>,
    horizon_at: Option<DateTime<Utc>>,
    status: String,
    is_active: bool,
    focus_rank: Option<u32>,
    source: String,
    pub(super) created_at: DateTime<Utc>,
    updated_at: DateTime<Utc>,
    ended_at: Option<DateTime<Utc>>,
}

/// A row of `goal_point`.
#[derive(Debug, SurrealValue)]
pub(super) struct PointRow {
    user: String,
    goal: String,
    pub(super) date: String,
    value: f64,
    recorded_at: DateTime<Utc>,
}

impl GoalRow {
    pub(super) fn new(user: &str, new: NewGoal) -> Self {
        let now = crate::now();
        let is_active = new.status.is_active();
        Self {
            gid: format!("goal_{}", &uuid::Uuid::new_v4().simple().to_string()[..12]),
            user: user.to_owned(),
            title: new.title,
            goal_type: name_of(&new.goal_type),
            target_value: new.target_value,
            current_value: new.current_value,
            min_value: new.min_value,
            max_value: new.max_value,
            unit: new.unit,
            desired_outcome: new.desired_outcome,
            why_it_matters: new.why_it_matters,
            success_criteria: new.success_criteria,
            horizon_at: new.horizon_at,
            status: name_of(&new.status),
            is_active,
            focus_rank: new.focus_rank,
            source: new.source,
            created_at: now,
            updated_at: now,
            ended_at: (!is_active).then_some(now),
        }
    }
}

impl GoalRow {
    /// The row of a goal that was set elsewhere.
    pub(super) fn of(user: &str, goal: Goal) -> Self {
        Self {
            gid: goal.id,
            user: user.to_owned(),
            title: goal.title,
            goal_type: name_of(&goal.goal_type),
            target_value: goal.metric.is_some().then_some(goal.target_value),
            current_value: goal.current_value,
            min_value: goal.min_value,
            max_value: goal.max_value,
            unit: goal.unit,
            desired_outcome: goal.desired_outcome,
            why_it_matters: goal.why_it_matters,
            success_criteria: goal.success_criteria,
            horizon_at: goal.horizon_at,
            status: name_of(&goal.status),
            is_active: goal.status.is_active(),
            focus_rank: goal.focus_rank,
            source: goal.source,
            created_at: goal.created_at,
            updated_at: goal.updated_at,
            ended_at: goal.ended_at,
        }
    }
}

impl PointRow {
    /// The row of a day's value.
    pub(super) fn of(user: &str, goal: &str, point: &GoalPoint) -> Self {
        let (date, value, recorded_at) = (point.date.to_string(), point.value, point.recorded_at);
        Self { user: user.to_owned(), goal: goal.to_owned(), date, value, recorded_at }
    }
}

impl From<GoalRow> for Goal {
    fn from(row: GoalRow) -> Self {
        let goal_type = value_of(&row.goal_type).unwrap_or_default();
        let metric = row.target_value.map(|target| GoalMetric {
            kind: goal_type,
            current: row.current_value,
            target,
            min: row.min_value,
            max: row.max_value,
            unit: row.unit.clone(),
        });
        Self {
            goal_id: row.gid.clone(),
            id: row.gid,
            title: row.title,
            goal_type,
            target_value: row.target_value.unwrap_or_default(),
            current_value: row.current_value,
            min_value: row.min_value,
            max_value: row.max_value,
            unit: row.unit,
            is_active: row.is_active,
            created_at: row.created_at,
            updated_at: row.updated_at,
            ended_at: row.ended_at,
            advice: None,
            desired_outcome: row.desired_outcome,
            why_it_matters: row.why_it_matters,
            success_criteria: row.success_criteria,
            horizon_at: row.horizon_at,
            status: value_of(&row.status).unwrap_or_default(),
            focus_rank: row.focus_rank,
            metric,
            source: row.source,
        }
    }
}

impl From<PointRow> for GoalPoint {
    fn from(row: PointRow) -> Self {
        let date: NaiveDate = row.date.parse().unwrap_or_else(|_| row.recorded_at.date_naive());
        Self { date, value: row.value, recorded_at: row.recorded_at }
    }
}
