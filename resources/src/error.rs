//! What can go wrong below the tools.

use crate::limits::Exceeded;

/// Why a resource could not do what it was asked.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// A setting or a file is wrong; the sentence tells a person what to change.
    #[error("{0}")]
    Setting(String),
    /// An engine, a model or a network is away; asking again later may work.
    #[error("{0}")]
    Unavailable(String),
    /// Somebody tries this too often.
    #[error(transparent)]
    TooOften(Exceeded),
    /// Everything else: a defect of ours or of an engine.
    #[error(transparent)]
    Internal(#[from] anyhow::Error),
}

/// The result of every resource.
pub type Result<T, E = Error> = std::result::Result<T, E>;

impl Error {
    /// An [`Error::Unavailable`] from anything that can be printed.
    pub fn unavailable(reason: impl std::fmt::Display) -> Self {
        Self::Unavailable(reason.to_string())
    }

    /// An [`Error::Internal`] from anything that can be printed.
    pub fn internal(reason: impl std::fmt::Display) -> Self {
        Self::Internal(anyhow::anyhow!("{reason}"))
    }
}
