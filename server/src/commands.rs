//! The commands of the command line.

pub(crate) mod clients;
pub(crate) mod connect;
pub(crate) mod export;
pub(crate) mod extract_text;
pub(crate) mod import;
pub(crate) mod keys;
pub(crate) mod mcp;
pub(crate) mod models;
pub(crate) mod openapi;
pub(crate) mod reindex;
pub(crate) mod serve;
pub(crate) mod users;

use std::sync::Arc;

use resources::Resources;

use crate::{config::Config, data_folder::DataFolder};

/// The data folder, opened by a command that works on it without a server.
pub(crate) struct OpenDataFolder {
    /// The databases and everything else behind it.
    pub(crate) resources: Arc<Resources>,
    /// The id of the owner.
    pub(crate) owner: String,
    _folder: DataFolder,
}

impl OpenDataFolder {
    /// Opens the configured data folder; in a new one, this makes the owner.
    pub(crate) async fn open(config: &Config) -> anyhow::Result<Self> {
        Self::open_locked(DataFolder::claim(&config.data)?, config).await
    }

    /// The same, in a folder that this process has locked.
    pub(crate) async fn open_locked(folder: DataFolder, config: &Config) -> anyhow::Result<Self> {
        let resources = Resources::open(&config.settings()).await?;
        let owner = match resources.users().owner().await? {
            Some(owner) => owner.id,
            None => {
                let new = resources.users().add("owner").await?;
                eprintln!("Created a new data folder. The owner token, shown only once: {}", new.token);
                new.user.id
            }
        };
        Ok(Self { resources, owner, _folder: folder })
    }
}
