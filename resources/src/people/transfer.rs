//! Export and import of a user\'s people.

use schemas::person::Person;

use super::{
    People,
    row::{PersonRow, key_of},
};
use crate::{
    Result,
    database::{self, Params},
};

impl People<'_> {
    /// Writes a person unchanged, unless somebody with their id or name is there. Returns the id under which they are
    /// known here, and whether they are new.
    pub async fn import(&self, person: Person) -> Result<(String, bool)> {
        let (id, key) = (person.id.clone(), key_of(&person.name));
        let statements = "BEGIN;
            LET $there = (SELECT VALUE pid FROM person WHERE user = $user AND name_key = $key);
            LET $same = (SELECT VALUE pid FROM $id);
            IF count($there) = 0 AND count($same) = 0 { INSERT INTO person $row; };
            RETURN array::concat($same, $there);
            COMMIT;";
        let params = Params::new()
            .with("user", self.user)
            .with("key", key)
            .with("id", self.record(&id))
            .with("row", database::row(self.record(&id), PersonRow::of(self.user, person)));
        let there: Vec<String> = self.database.run(statements, params).await?.take(4)?;
        Ok(match there.into_iter().next() {
            Some(known) => (known, false),
            None => (id, true),
        })
    }

    /// Everybody, in the order of their ids.
    pub async fn export(&self) -> Result<Vec<Person>> {
        let mut people = self.list().await?;
        people.sort_by(|a, b| a.id.cmp(&b.id));
        Ok(people)
    }
}
