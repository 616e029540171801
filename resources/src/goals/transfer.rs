//! Export and import of a user\'s goals.

use surrealdb::types::Value;

use super::{
    Goals,
    row::{GoalRow, PointRow},
};
use crate::{
    Result,
    database::{Params, row},
    transfer::ExportedGoal,
};

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

    /// Writes a goal unchanged, with its history, in one transaction. One whose id is there already is not changed; returns
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
