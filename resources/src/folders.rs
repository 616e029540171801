//! Folders, and the conversations in them.

mod row;

use std::collections::HashMap;

use schemas::folder::Folder;
use surrealdb::types::{Object, RecordId, SurrealValue, Value};

use crate::{
    Database, Result,
    database::{self, Params, record},
};
use row::{DEFAULT, FolderRow};

/// The maximum number of folders of a user, without the default ones.
const MAX_FOLDERS: i64 = 50;

/// Queries of one user's folders.
pub struct Folders<'a> {
    database: &'a Database,
    user: &'a str,
}

/// A new folder.
#[derive(Debug, Clone, Default)]
#[expect(missing_docs, reason = "as in schemas::folder::Folder")]
pub struct NewFolder {
    pub name: String,
    pub description: Option<String>,
    pub color: Option<String>,
    pub icon: Option<String>,
}

/// Changes of a folder; an inner `None` removes the value.
#[derive(Debug, Clone, Default)]
#[expect(missing_docs, reason = "as in schemas::folder::Folder")]
pub struct FolderChange {
    pub name: Option<String>,
    pub description: Option<Option<String>>,
    pub color: Option<String>,
    pub icon: Option<String>,
    pub order: Option<i64>,
}

/// The result of deleting a folder.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Deleted {
    /// It is deleted, and its conversations have moved.
    Done,
    /// It is a default folder, which cannot be deleted.
    System,
    /// There is no such folder.
    NotThere,
    /// The folder to move its conversations to does not exist.
    NoTarget,
}

impl<'a> Folders<'a> {
    /// Queries of the rows of `user`.
    pub fn new(database: &'a Database, user: &'a str) -> Self {
        Self { database, user }
    }
}

impl Folders<'_> {
    /// All folders in their order, with how many conversations are in each.
    pub async fn list(&self) -> Result<Vec<Folder>> {
        let mut folders = self.all().await?;
        self.count(&mut folders).await?;
        Ok(folders)
    }

    /// The folders that a conversation can be filed in, in their order; a user who has not the first set is given it.
    pub async fn list_or_create(&self) -> Result<Vec<Folder>> {
        let folders = self.all().await?;
        if folders.iter().any(|folder| folder.is_system) {
            return Ok(folders);
        }
        self.create_defaults().await?;
        self.all().await
    }

    /// The names of all folders, by their ids.
    pub async fn names(&self) -> Result<HashMap<String, String>> {
        Ok(self.all().await?.into_iter().map(|folder| (folder.id, folder.name)).collect())
    }

    /// The id of the folder that takes in what no other one does.
    pub async fn default_id(&self) -> Result<String> {
        let default = self.list_or_create().await?.into_iter().find(|folder| folder.is_default);
        Ok(default.map_or_else(|| DEFAULT.to_owned(), |folder| folder.id))
    }

    /// The folder called `id`.
    pub async fn get(&self, id: &str) -> Result<Option<Folder>> {
        self.counted("SELECT * FROM $id", Params::new().with("id", self.record(id))).await
    }

    /// Makes a folder, last in the list; `None` when the user has as many as they can have.
    pub async fn create(&self, new: NewFolder) -> Result<Option<Folder>> {
        self.create_defaults().await?;
        let row = FolderRow::new(self.user, new);
        let statements = "BEGIN;
            UPSERT $lock SET at = $now;
            LET $there = (SELECT is_system, place FROM folder:[$user, NONE]..=[$user, {}]);
            IF count($there.filter(|$row| !$row.is_system)) < $max {
                CREATE $id CONTENT $row;
                UPDATE $id SET place = array::max($there.place) + 1;
            };
            SELECT * FROM $id;
            COMMIT;";
        let params = self.lock().with("id", self.record(&row.fid)).with("max", MAX_FOLDERS).with("row", row);
        let mut rows: Vec<FolderRow> = self.database.run(statements, params).await?.take(4)?;
        Ok(rows.pop().map(Folder::from))
    }

    /// Changes a folder; `None` when it does not exist.
    pub async fn change(&self, id: &str, change: FolderChange) -> Result<Option<Folder>> {
        let params = Params::new().with("id", self.record(id)).with("change", merged(change));
        self.counted("UPDATE $id MERGE $change", params).await
    }

    /// Puts these folders first, in this order; the others stay behind them as they were. Gives the ids that are not
    /// there; with any of those, nothing is changed.
    pub async fn reorder(&self, ids: &[String]) -> Result<Vec<String>> {
        let folders = self.all().await?;
        let is_there = |id: &&String| folders.iter().any(|folder| folder.id == **id);
        let unknown: Vec<String> = ids.iter().filter(|id| !is_there(id)).cloned().collect();
        if !unknown.is_empty() {
            return Ok(unknown);
        }
        let others = folders.iter().map(|folder| &folder.id).filter(|id| !ids.contains(id));
        let ordered: Vec<RecordId> = ids.iter().chain(others).map(|id| self.record(id)).collect();
        let statements = "BEGIN;
            UPSERT $lock SET at = $now;
            FOR $place IN 0..count($ids) {
                LET $id = $ids[$place];
                UPDATE $id SET place = $place, updated_at = IF place = $place { updated_at } ELSE { $now };
            };
            COMMIT;";
        self.database.run(statements, self.lock().with("ids", ordered)).await?;
        Ok(unknown)
    }

    /// Deletes a folder; its conversations move to the folder `to`, or to the default one.
    pub async fn delete(&self, id: &str, to: Option<&str>) -> Result<Deleted> {
        if to.is_none() {
            self.create_defaults().await?;
        }
        let to = to.unwrap_or(DEFAULT);
        let statements = "BEGIN;
            UPSERT $lock SET at = $now;
            LET $old = (SELECT is_system FROM ONLY $id);
            LET $has_target = (SELECT VALUE fid FROM ONLY $target) != NONE;
            IF $old.is_system = false AND $has_target {
                UPDATE conversation SET folder_id = $to, updated_at = $now
                    WHERE user = $user AND folder_id = $fid RETURN NONE;
                DELETE $id;
            };
            RETURN { is_system: $old.is_system, has_target: $has_target };
            COMMIT;";
        let params = self.lock().with("id", self.record(id)).with("fid", id);
        let params = params.with("target", self.record(to)).with("to", to);
        let found: Deletion = self.database.run(statements, params).await?.take(5)?;
        Ok(match found {
            Deletion { is_system: None, .. } => Deleted::NotThere,
            Deletion { is_system: Some(true), .. } => Deleted::System,
            Deletion { has_target: false, .. } => Deleted::NoTarget,
            Deletion { .. } => Deleted::Done,
        })
    }

    /// Puts conversations into a folder, or takes them out; returns how many of them are there. `None` when the folder is
    /// not.
    pub async fn move_conversations(&self, conversations: &[String], folder: Option<&str>) -> Result<Option<u64>> {
        let statements = "BEGIN;
            UPSERT $lock SET at = $now;
            LET $is_there = $folder = NONE OR (SELECT VALUE fid FROM ONLY $folder) != NONE;
            LET $moved = IF $is_there {
                (UPDATE $conversations SET folder_id = $fid, updated_at = $now RETURN VALUE cid)
            } ELSE { [] };
            RETURN { is_there: $is_there, moved: count($moved) };
            COMMIT;";
        let mut distinct = conversations.to_vec();
        distinct.sort_unstable();
        distinct.dedup();
        let records: Vec<RecordId> = distinct.iter().map(|id| record("conversation", self.user, id)).collect();
        let params = self
            .lock()
            .with("conversations", records)
            .with("folder", folder.map(|id| self.record(id)))
            .with("fid", folder.map(str::to_owned));
        let filed: Filed = self.database.run(statements, params).await?.take(4)?;
        Ok(filed.is_there.then(|| filed.moved.unsigned_abs()))
    }

    /// Writes those folders of the first set that are not there. Their ids are the same for every user, so that two who
    /// come at once write one set, and so that folders keep their ids from one server to another.
    async fn create_defaults(&self) -> Result<()> {
        let value = |row: FolderRow| database::row(self.record(&row.fid), row);
        let rows: Vec<Value> = FolderRow::defaults(self.user).into_iter().map(value).collect();
        self.database.run("INSERT IGNORE INTO folder $rows", Params::new().with("rows", rows)).await.map(drop)
    }

    /// All folders in their order, without counts.
    async fn all(&self) -> Result<Vec<Folder>> {
        let statement = "SELECT * FROM folder:[$user, NONE]..=[$user, {}]";
        let params = Params::new().with("user", self.user);
        let rows: Vec<FolderRow> = self.database.run(statement, params).await?.take(0)?;
        let mut folders: Vec<Folder> = rows.into_iter().map(Folder::from).collect();
        folders.sort_by(|a, b| (a.order, a.created_at, &a.id).cmp(&(b.order, b.created_at, &b.id)));
        Ok(folders)
    }

    /// The folder that a statement returns, with its count.
    async fn counted(&self, statement: &str, params: Params) -> Result<Option<Folder>> {
        let rows: Vec<FolderRow> = self.database.run(statement, params).await?.take(0)?;
        let mut folders: Vec<Folder> = rows.into_iter().map(Folder::from).collect();
        self.count(&mut folders).await?;
        Ok(folders.pop())
    }

    async fn count(&self, folders: &mut [Folder]) -> Result<()> {
        let statement = "SELECT folder_id, count() AS n FROM conversation WITH INDEX conversation_filed
            WHERE user = $user AND discarded = false AND folder_id IN $ids GROUP BY folder_id";
        let ids: Vec<String> = folders.iter().map(|folder| folder.id.clone()).collect();
        let params = Params::new().with("user", self.user).with("ids", ids);
        let counted: Vec<Counted> = self.database.run(statement, params).await?.take(0)?;
        let counts: HashMap<String, i64> = counted.into_iter().map(|row| (row.folder_id, row.n)).collect();
        for folder in folders {
            folder.conversation_count = counts.get(&folder.id).map_or(0, |n| n.unsigned_abs());
        }
        Ok(())
    }

    /// The parameters of every transaction that changes folders. All of them write the row `$lock`, so that concurrent ones
    /// conflict and no conversation moves to a folder that is being deleted.
    fn lock(&self) -> Params {
        let lock = RecordId::new("folder_turn", self.user);
        Params::new().with("lock", lock).with("user", self.user).with("now", crate::now())
    }

    fn record(&self, id: &str) -> RecordId {
        record("folder", self.user, id)
    }
}

/// Export and import.
impl Folders<'_> {
    /// All folders, in the order of their ids.
    pub async fn export(&self) -> Result<Vec<Folder>> {
        let mut folders = self.list().await?;
        folders.sort_by(|a, b| a.id.cmp(&b.id));
        Ok(folders)
    }

    /// Writes a folder unchanged. An existing id is not overwritten; returns whether this one is new.
    pub async fn import(&self, folder: Folder) -> Result<bool> {
        let fields = database::row(self.record(&folder.id), FolderRow::of(self.user, folder));
        let statement = "RETURN count((INSERT IGNORE INTO folder $row)) > 0";
        self.database.run(statement, Params::new().with("row", fields)).await?.take(0)
    }
}

#[derive(SurrealValue)]
struct Deletion {
    is_system: Option<bool>,
    has_target: bool,
}

#[derive(SurrealValue)]
struct Filed {
    is_there: bool,
    moved: i64,
}

#[derive(SurrealValue)]
struct Counted {
    folder_id: String,
    n: i64,
}

/// The fields that a change touches.
fn merged(change: FolderChange) -> Object {
    let mut fields = Object::new();
    fields.insert("updated_at", crate::now());
    let columns = [
        ("name", change.name.map(SurrealValue::into_value)),
        ("description", change.description.map(SurrealValue::into_value)),
        ("color", change.color.map(SurrealValue::into_value)),
        ("icon", change.icon.map(SurrealValue::into_value)),
        ("place", change.order.map(SurrealValue::into_value)),
    ];
    fields.extend(columns.into_iter().filter_map(|(name, value)| Some((name.to_owned(), value?))));
    fields
}
