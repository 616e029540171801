//! Export and import of a user\'s folders.

use schemas::folder::Folder;

use super::{Folders, row::FolderRow};
use crate::{
    Result,
    database::{Params, row},
};

impl Folders<'_> {
    /// All folders, in the order of their ids.
    pub async fn export(&self) -> Result<Vec<Folder>> {
        let mut folders = self.list().await?;
        folders.sort_by(|a, b| a.id.cmp(&b.id));
        Ok(folders)
    }

    /// Writes a folder unchanged. One whose id is there already is not changed; returns whether this one is new.
    pub async fn import(&self, folder: Folder) -> Result<bool> {
        let fields = row(self.record(&folder.id), FolderRow::of(self.user, folder));
        let statement = "RETURN count((INSERT IGNORE INTO folder $row)) > 0";
        self.database.run(statement, Params::new().with("row", fields)).await?.take(0)
    }
}

impl FolderRow {
    /// The row of a folder that was made elsewhere.
    fn of(user: &str, folder: Folder) -> Self {
        Self {
            fid: folder.id,
            user: user.to_owned(),
            name: folder.name,
            description: folder.description,
            color: folder.color,
            icon: folder.icon,
            created_at: folder.created_at,
            updated_at: folder.updated_at,
            place: folder.order,
            is_default: folder.is_default,
            is_system: folder.is_system,
        }
    }
}
