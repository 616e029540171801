//! What a user has set: time zone, language.

use schemas::preferences::{Preferences, PreferencesChange};
use surrealdb::types::{RecordId, SurrealValue};

use crate::{
    Resources, Result,
    database::{Bound, Json, row},
};

#[derive(SurrealValue)]
struct PreferencesRow {
    user: String,
    preferences: Json<Preferences>,
}

impl Resources {
    /// What `user` has set, with defaults for the rest.
    pub async fn preferences(&self, user: &str) -> Result<Preferences> {
        let bound = Bound::new().with("id", RecordId::new("preferences", user));
        let row: Option<PreferencesRow> = self.database.run("SELECT * FROM ONLY $id", bound).await?.take(0)?;
        Ok(row.map(|row| row.preferences.0).unwrap_or_default())
    }

    /// Replaces what `user` has set.
    pub async fn set_preferences(&self, user: &str, preferences: Preferences) -> Result<()> {
        let fields = PreferencesRow { user: user.to_owned(), preferences: Json(preferences) };
        let bound = Bound::new().with("row", row(RecordId::new("preferences", user), fields));
        self.database.run("UPSERT preferences CONTENT $row", bound).await.map(drop)
    }
    /// Changes some of what `user` has set; gives all of it.
    pub async fn change_preferences(&self, user: &str, change: PreferencesChange) -> Result<Preferences> {
        let statement = "UPSERT ONLY $id MERGE { user: $user, preferences: $change }";
        let change = serde_json::to_value(change).map_err(crate::Error::internal)?;
        let bound =
            Bound::new().with("id", RecordId::new("preferences", user)).with("user", user).with("change", change);
        let row: PreferencesRow = self.database.run(statement, bound).await?.take(0)?;
        Ok(row.preferences.0)
    }
}
