//! Goals, and their history by day.

mod row;

use std::collections::BTreeSet;

use chrono::{DateTime, NaiveDate, Utc};
use schemas::goal::{Goal, GoalPoint, GoalStatus, GoalType};
use surrealdb::types::{Array, Object, RecordId, SurrealValue, Value};

use crate::{
    Database, Result,
    database::{Params, name_of, record, row},
    transfer::ExportedGoal,
};
use row::{GoalRow, PointRow};

/// Queries of one user's goals.
pub struct Goals<'a> {
    database: &'a Database,
    user: &'a str,
}

/// A new goal.
#[derive(Debug, Clone)]
#[expect(missing_docs, reason = "as in schemas::goal::Goal")]
pub struct NewGoal {
    pub title: String,
    pub goal_type: GoalType,
    pub target_value: Option<f64>,
    pub current_value: f64,
    pub min_value: f64,
    pub max_value: f64,
    pub unit: Option<String>,
    pub desired_outcome: Option<String>,
    pub why_it_matters: Option<String>,
    pub success_criteria: Vec<String>,
    pub horizon_at: Option<DateTime<Utc>>,
    pub status: GoalStatus,
    pub focus_rank: Option<u32>,
    pub source: String,
}

/// Changes of a goal; an inner `None` removes the value.
#[derive(Debug, Clone, Default)]
#[expect(missing_docs, reason = "as in schemas::goal::Goal")]
pub struct GoalChange {
    pub title: Option<String>,
    pub goal_type: Option<GoalType>,
    pub target_value: Option<f64>,
    pub current_value: Option<f64>,
    pub min_value: Option<f64>,
    pub max_value: Option<f64>,
    pub unit: Option<Option<String>>,
    pub desired_outcome: Option<Option<String>>,
    pub why_it_matters: Option<Option<String>>,
    pub success_criteria: Option<Vec<String>>,
    pub horizon_at: Option<Option<DateTime<Utc>>>,
    pub status: Option<GoalStatus>,
    pub focus_rank: Option<Option<u32>>,
}

impl<'a> Goals<'a> {
    /// Queries of the rows of `user`.
    pub fn new(database: &'a Database, user: &'a str) -> Self {
        Self { database, user }
    }
}

impl Goals<'_> {
    /// The newest active goals, at most `limit`, oldest first.
    pub async fn active(&self, limit: u32) -> Result<Vec<Goal>> {
        let statement = "SELECT * FROM goal WHERE user = $user AND is_active = true ORDER BY created_rank LIMIT $limit";
        let mut goals = self.rows(statement, Params::new().with("user", self.user).with("limit", limit)).await?;
        goals.reverse();
        Ok(goals)
    }

    /// All goals, those that have ended too, oldest first.
    pub async fn all(&self) -> Result<Vec<Goal>> {
        let statement = "SELECT * FROM goal:[$user, NONE]..=[$user, {}]";
        let mut goals = self.rows(statement, Params::new().with("user", self.user)).await?;
        goals.sort_by_key(|goal| goal.created_at);
        Ok(goals)
    }

    /// How many of the goals called `ids` exist; each id counts once.
    pub async fn count_existing(&self, ids: &BTreeSet<String>) -> Result<usize> {
        let records: Vec<RecordId> = ids.iter().map(|id| self.record(id)).collect();
        let statement = "SELECT VALUE gid FROM $ids";
        let found: Vec<String> = self.database.run(statement, Params::new().with("ids", records)).await?.take(0)?;
        Ok(found.len())
    }

    /// The goal called `id`.
    pub async fn get(&self, id: &str) -> Result<Option<Goal>> {
        Ok(self.rows("SELECT * FROM $id", Params::new().with("id", self.record(id))).await?.pop())
    }

    /// Creates a goal. If more than `max_active` are active, the oldest others are paused.
    pub async fn create(&self, new: NewGoal, max_active: Option<u32>) -> Result<Goal> {
        let fields = GoalRow::new(self.user, new);
        let statements = "BEGIN;
            CREATE $id CONTENT $row;
            IF $room != NONE {
                UPSERT $turn SET at = $now;
                LET $active = (SELECT id, created_rank FROM goal WHERE user = $user AND is_active = true
                    ORDER BY created_rank);
                LET $beyond = array::slice($active, $room).id;
                UPDATE $beyond SET status = 'paused', ended_at = $now, updated_at = $now;
            };
            COMMIT;";
        let params = Params::new()
            .with("id", self.record(&fields.gid))
            .with("user", self.user)
            .with("turn", RecordId::new("goal_room", self.user))
            .with("room", max_active)
            .with("now", fields.created_at)
            .with("row", fields.clone());
        self.database.run(statements, params).await?;
        Ok(fields.into())
    }

    /// Changes a goal; a new value goes into its history as that of `today`, a day of the user's. `None` when it does
    /// not exist.
    pub async fn change(&self, id: &str, change: GoalChange, today: NaiveDate) -> Result<Option<Goal>> {
        let now = crate::now();
        let point = |value| PointRow::of(self.user, id, &GoalPoint { date: today, value, recorded_at: now });
        let point = change.current_value.map(point);
        let statements = "BEGIN;
            UPDATE $id MERGE $change;
            UPDATE $id SET ended_at = IF is_active { NONE } ELSE { ended_at ?? $now };
            LET $changed = (SELECT * FROM $id);
            IF $point != NONE AND count($changed) > 0 { UPSERT $point.id CONTENT $point; };
            RETURN $changed;
            COMMIT;";
        let params = Params::new()
            .with("id", self.record(id))
            .with("change", merged(change, now))
            .with("point", point.map(|point| row(self.point(id, &point.date), point)))
            .with("now", now);
        let mut rows: Vec<GoalRow> = self.database.run(statements, params).await?.take(5)?;
        Ok(rows.pop().map(Goal::from))
    }

    /// How far a goal was on the last `days` days with progress, newest first.
    pub async fn history(&self, id: &str, days: u32) -> Result<Vec<GoalPoint>> {
        let statement = "SELECT * FROM goal_point:[$user, $goal, NONE]..=[$user, $goal, {}]";
        let params = Params::new().with("user", self.user).with("goal", id);
        let rows: Vec<PointRow> = self.database.run(statement, params).await?.take(0)?;
        Ok(rows.into_iter().rev().take(days as usize).map(GoalPoint::from).collect())
    }

    /// Deletes a goal with its history. Returns whether it existed.
    pub async fn delete(&self, id: &str) -> Result<bool> {
        let statements = "BEGIN;
            LET $gone = (DELETE $id RETURN BEFORE);
            DELETE goal_point:[$user, $goal, NONE]..=[$user, $goal, {}];
            RETURN count($gone);
            COMMIT;";
        let params = Params::new().with("id", self.record(id)).with("user", self.user).with("goal", id);
        let gone: i64 = self.database.run(statements, params).await?.take(3)?;
        Ok(gone > 0)
    }

    async fn rows(&self, statement: &str, params: Params) -> Result<Vec<Goal>> {
        let rows: Vec<GoalRow> = self.database.run(statement, params).await?.take(0)?;
        Ok(rows.into_iter().map(Goal::from).collect())
    }

    fn record(&self, id: &str) -> RecordId {
        record("goal", self.user, id)
    }

    fn point(&self, id: &str, date: &str) -> RecordId {
        RecordId::new("goal_point", Array::from(vec![self.user.to_owned(), id.to_owned(), date.to_owned()]))
    }
}

/// Export and import.
impl Goals<'_> {
    /// All goals with their histories, in the order of their ids.
    pub async fn export(&self) -> Result<Vec<ExportedGoal>> {
        let mut goals = self.all().await?;
        goals.sort_by(|a, b| a.id.cmp(&b.id));
        let mut exported = Vec::with_capacity(goals.len());
        for goal in goals {
            let history = self.history(&goal.id, u32::MAX).await?;
            exported.push(ExportedGoal { goal, history });
        }
        Ok(exported)
    }

    /// Writes a goal unchanged, with its history, in one transaction. An existing id is not overwritten; returns
    /// whether this one is new.
    pub async fn import(&self, exported: ExportedGoal) -> Result<bool> {
        let ExportedGoal { goal, history } = exported;
        let id = goal.id.clone();
        let point = |point| {
            let fields = PointRow::of(self.user, &id, point);
            row(self.point(&id, &fields.date), fields)
        };
        let points: Vec<Value> = history.iter().map(point).collect();
        let statements = "BEGIN;
            LET $new = (INSERT IGNORE INTO goal $row);
            IF count($new) > 0 { INSERT IGNORE INTO goal_point $points; };
            RETURN count($new) > 0;
            COMMIT;";
        let fields = row(self.record(&id), GoalRow::of(self.user, goal));
        let params = Params::new().with("row", fields).with("points", points);
        self.database.run(statements, params).await?.take(3)
    }
}

/// The fields that a change touches.
fn merged(change: GoalChange, now: DateTime<Utc>) -> Value {
    let mut fields = Object::new();
    let mut set = |name: &str, value: Option<Value>| drop(value.map(|value| fields.insert(name, value)));
    set("updated_at", Some(now.into_value()));
    set("title", change.title.map(SurrealValue::into_value));
    set("goal_type", change.goal_type.map(|kind| name_of(&kind).into_value()));
    set("target_value", change.target_value.map(SurrealValue::into_value));
    set("current_value", change.current_value.map(SurrealValue::into_value));
    set("min_value", change.min_value.map(SurrealValue::into_value));
    set("max_value", change.max_value.map(SurrealValue::into_value));
    set("unit", change.unit.map(SurrealValue::into_value));
    set("desired_outcome", change.desired_outcome.map(SurrealValue::into_value));
    set("why_it_matters", change.why_it_matters.map(SurrealValue::into_value));
    set("success_criteria", change.success_criteria.map(SurrealValue::into_value));
    set("horizon_at", change.horizon_at.map(SurrealValue::into_value));
    set("status", change.status.map(|status| name_of(&status).into_value()));
    set("focus_rank", change.focus_rank.map(SurrealValue::into_value));
    Value::Object(fields)
}
