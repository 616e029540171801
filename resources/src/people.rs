//! People that a user talks with.

mod row;

use std::collections::HashMap;

use schemas::person::Person;
use surrealdb::types::{RecordId, SurrealValue};

use crate::{
    Database, Index, Result,
    database::{self, Params, record},
};
use row::{PersonRow, key_of};

/// Queries of one user's people.
pub struct People<'a> {
    database: &'a Database,
    index: &'a Index,
    user: &'a str,
}

/// The result of renaming a person.
#[derive(Debug, Clone, PartialEq)]
pub enum Renamed {
    /// The person has it.
    Done(Person),
    /// Another person has it.
    Taken,
    /// The person does not exist.
    NotThere,
}

/// The result of deleting a voice sample.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[expect(missing_docs, reason = "each name says it all")]
pub enum Deleted {
    Done,
    NoSample,
    NoPerson,
}

/// Has every transcript indexed anew in which the person speaks: it is found by their name.
const REINDEX_TRANSCRIPTS: &str = "FOR $conversation IN array::distinct((SELECT VALUE conversation
        FROM segment:[$user, NONE]..=[$user, {}] WHERE person_id = $pid)) {
        INSERT INTO outbox { id: rand::uuid::v7(), kind: 'segment', user: $user, key: $conversation };
    };";

impl<'a> People<'a> {
    /// Queries of the rows of `user`.
    pub fn new(database: &'a Database, index: &'a Index, user: &'a str) -> Self {
        Self { database, index, user }
    }
}

impl People<'_> {
    /// All people, in the order in which they were created.
    pub async fn list(&self) -> Result<Vec<Person>> {
        let statement = "SELECT * FROM person:[$user, NONE]..=[$user, {}]";
        let mut people = self.rows(statement, Params::new().with("user", self.user)).await?;
        people.sort_by_key(|person| person.created_at);
        Ok(people)
    }

    /// The names of all people, by id.
    pub async fn names(&self) -> Result<HashMap<String, String>> {
        Ok(self.list().await?.into_iter().map(|person| (person.id, person.name)).collect())
    }

    /// The person called `id`.
    pub async fn get(&self, id: &str) -> Result<Option<Person>> {
        Ok(self.rows("SELECT * FROM $id", Params::new().with("id", self.record(id))).await?.pop())
    }

    /// The person of this name, whatever its case, and whether they are new.
    pub async fn find_or_create(&self, name: &str) -> Result<(Person, bool)> {
        let new = PersonRow::new(self.user, name);
        let statements = "BEGIN;
            LET $there = (SELECT * FROM person WHERE user = $user AND name_key = $key);
            IF count($there) = 0 { CREATE $id CONTENT $row; };
            RETURN $there;
            COMMIT;";
        let params = Params::new()
            .with("user", self.user)
            .with("key", key_of(name))
            .with("id", self.record(&new.pid))
            .with("row", new.clone());
        let mut there: Vec<PersonRow> = self.database.run(statements, params).await?.take(3)?;
        Ok(match there.pop() {
            Some(row) => (row.into(), false),
            None => (new.into(), true),
        })
    }

    /// Renames a person.
    pub async fn rename(&self, id: &str, name: &str) -> Result<Renamed> {
        let statements = format!(
            "BEGIN;
            LET $others = (SELECT VALUE pid FROM person WHERE user = $user AND name_key = $key AND pid != $pid);
            LET $is_taken = count($others) > 0;
            IF !$is_taken {{
                UPDATE $id SET name = $name, name_key = $key, updated_at = $now;
                {REINDEX_TRANSCRIPTS}
            }};
            LET $rows = (SELECT * FROM $id);
            RETURN {{ is_taken: $is_taken, rows: $rows }};
            COMMIT;"
        );
        let params = Params::new()
            .with("id", self.record(id))
            .with("user", self.user)
            .with("pid", id)
            .with("name", name.trim())
            .with("key", key_of(name))
            .with("now", crate::now());
        let Renaming { is_taken, mut rows } = self.database.run(&statements, params).await?.take(5)?;
        self.index.outbox.wake();
        Ok(match rows.pop() {
            None => Renamed::NotThere,
            Some(_) if is_taken => Renamed::Taken,
            Some(row) => Renamed::Done(row.into()),
        })
    }

    /// Deletes a person with their voice samples. Returns whether they existed.
    pub async fn delete(&self, id: &str) -> Result<bool> {
        let statements = format!(
            "BEGIN;
            LET $gone = (DELETE $id RETURN BEFORE);
            {REINDEX_TRANSCRIPTS}
            RETURN count($gone);
            COMMIT;"
        );
        let params = Params::new().with("id", self.record(id)).with("user", self.user).with("pid", id);
        let gone: i64 = self.database.run(&statements, params).await?.take(3)?;
        self.index.outbox.wake();
        Ok(gone > 0)
    }

    /// Deletes a voice sample by its place.
    pub async fn delete_sample(&self, id: &str, index: u32) -> Result<Deleted> {
        let statements = "BEGIN;
            LET $old = (SELECT * FROM $id);
            LET $is_there = count($old) > 0 AND array::len($old[0].speech_samples) > $index;
            IF $is_there {
                UPDATE $id SET updated_at = $now, speech_samples = array::remove(speech_samples, $index),
                    speech_sample_transcripts = IF speech_sample_transcripts != NONE {
                        array::remove(speech_sample_transcripts, $index)
                    };
            };
            RETURN { is_there: $is_there, rows: $old };
            COMMIT;";
        let params =
            Params::new().with("id", self.record(id)).with("index", i64::from(index)).with("now", crate::now());
        let Found { is_there, rows } = self.database.run(statements, params).await?.take(4)?;
        Ok(match (rows.is_empty(), is_there) {
            (true, _) => Deleted::NoPerson,
            (_, false) => Deleted::NoSample,
            (_, true) => Deleted::Done,
        })
    }

    async fn rows(&self, statement: &str, params: Params) -> Result<Vec<Person>> {
        let rows: Vec<PersonRow> = self.database.run(statement, params).await?.take(0)?;
        Ok(rows.into_iter().map(Person::from).collect())
    }

    fn record(&self, id: &str) -> RecordId {
        record("person", self.user, id)
    }
}

/// Export and import.
impl People<'_> {
    /// Writes a person unchanged, unless a person with this id or name exists. Returns the id under which they are
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

#[derive(SurrealValue)]
struct Renaming {
    is_taken: bool,
    rows: Vec<PersonRow>,
}

#[derive(SurrealValue)]
struct Found {
    is_there: bool,
    rows: Vec<PersonRow>,
}
