//! Preferences: time zone, language, daily summaries.

use schemas::preferences::{Preferences, PreferencesChange};
use surrealdb::types::{RecordId, SurrealValue};

use crate::{
    Result,
    database::{Database, Json, Params, row},
};

#[derive(SurrealValue)]
struct PreferencesRow {
    user: String,
    preferences: Json<Preferences>,
}

/// The preferences of one user.
pub struct UserPreferences<'a> {
    database: &'a Database,
    user: &'a str,
}

/// All users with their preferences, for background work over all of them.
pub async fn list_all(database: &Database) -> Result<Vec<(String, Preferences)>> {
    #[derive(SurrealValue)]
    struct Row {
        user: String,
        preferences: Option<Json<Preferences>>,
    }
    let statement = "SELECT uid AS user, type::record('preferences', uid).preferences AS preferences FROM user";
    let rows: Vec<Row> = database.run(statement, Params::new()).await?.take(0)?;
    Ok(rows.into_iter().map(|row| (row.user, row.preferences.unwrap_or_default().0)).collect())
}

impl<'a> UserPreferences<'a> {
    /// Queries of the rows of `user`.
    pub fn new(database: &'a Database, user: &'a str) -> Self {
        Self { database, user }
    }
}

impl UserPreferences<'_> {
    /// The preferences, with defaults for what is not set.
    pub async fn get(&self) -> Result<Preferences> {
        let params = Params::new().with("id", self.record());
        let row: Option<PreferencesRow> = self.database.run("SELECT * FROM ONLY $id", params).await?.take(0)?;
        Ok(row.map(|row| row.preferences.0).unwrap_or_default())
    }

    /// Replaces all preferences.
    pub async fn set(&self, preferences: Preferences) -> Result<()> {
        let fields = PreferencesRow { user: self.user.to_owned(), preferences: Json(preferences) };
        let params = Params::new().with("row", row(self.record(), fields));
        self.database.run("UPSERT preferences CONTENT $row", params).await.map(drop)
    }

    /// Changes some preferences; returns all of them.
    pub async fn change(&self, change: PreferencesChange) -> Result<Preferences> {
        let statement = "UPSERT ONLY $id MERGE { user: $user, preferences: $change }";
        let change = serde_json::to_value(change).map_err(crate::Error::internal)?;
        let params = Params::new().with("id", self.record()).with("user", self.user).with("change", change);
        let row: PreferencesRow = self.database.run(statement, params).await?.take(0)?;
        Ok(row.preferences.0)
    }

    fn record(&self) -> RecordId {
        RecordId::new("preferences", self.user)
    }
}
