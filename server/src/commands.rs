//! What the command line can do, one file each.

pub(crate) mod clients;
pub(crate) mod connect;
pub(crate) mod export;
pub(crate) mod import;
pub(crate) mod keys;
pub(crate) mod mcp;
pub(crate) mod models;
pub(crate) mod openapi;
pub(crate) mod reindex;
pub(crate) mod serve;
pub(crate) mod users;

use std::sync::Arc;

use resources::{Resources, Settings};

use crate::config::Config;
use crate::data_folder::DataFolder;
use crate::progress::download_progress;

/// The data folder, opened by a command that works on it without a server.
pub(crate) struct Opened {
    /// What is in it.
    pub(crate) resources: Arc<Resources>,
    /// The id of the user it belongs to.
    pub(crate) owner: String,
    _folder: DataFolder,
}

impl Opened {
    /// Opens the data folder that `config` names; in a new one, this makes the owner.
    pub(crate) async fn open(config: &Config) -> anyhow::Result<Self> {
        Self::within(DataFolder::claim(&config.data)?, config).await
    }

    /// The same, in a folder that is held already.
    pub(crate) async fn within(folder: DataFolder, config: &Config) -> anyhow::Result<Self> {
        let settings = Settings { download_progress: download_progress(), ..config.settings() };
        let resources = Resources::open(&settings).await?;
        let owner = match resources.users().owner().await? {
            Some(owner) => owner.id,
            None => {
                let new = resources.users().add("owner").await?;
                eprintln!("A new data folder. Its owner signs in with this token, shown once: {}", new.token);
                new.user.id
            }
        };
        Ok(Self { resources, owner, _folder: folder })
    }
}
