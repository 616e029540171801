//! The one error of everything below the tools.

/// Why a resource could not do what it was asked.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// A setting or a file is wrong; the sentence says what to change.
    #[error("{0}")]
    Setting(String),
    /// An engine, a model or a network is unavailable; a later attempt may succeed.
    #[error("{0}")]
    Unavailable(String),
    /// A rate limit is exceeded.
    #[error(transparent)]
    RateLimited(RateLimited),
    /// A defect, here or in an engine.
    #[error(transparent)]
    Internal(#[from] anyhow::Error),
}

/// A rate limit that is exceeded.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("Rate limit exceeded. Try again in {retry_after}s.")]
pub struct RateLimited {
    /// Requests allowed in a window, mostly an hour.
    pub limit: u32,
    /// Seconds until the next request is allowed.
    pub retry_after: u64,
}

/// The result of everything below the tools.
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
