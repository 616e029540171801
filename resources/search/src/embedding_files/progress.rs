//! Download progress.

use std::fmt;
use std::sync::Arc;

/// Reports downloads to the user interface; by default they are not reported.
#[derive(Clone, Default)]
pub struct DownloadProgress(Option<Arc<dyn Fn(Download) + Send + Sync>>);

/// The state of a download.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Download {
    /// A file is being downloaded.
    Receiving {
        /// The file's name.
        file: &'static str,
        /// The bytes received so far.
        received: u64,
        /// The size of the download in bytes; 0 if it is not known.
        total: u64,
    },
    /// All downloads have ended.
    Finished,
}

impl DownloadProgress {
    /// Calls `report` as bytes arrive, and when all downloads have ended.
    pub fn new(report: impl Fn(Download) + Send + Sync + 'static) -> Self {
        Self(Some(Arc::new(report)))
    }

    pub(super) fn report(&self, download: Download) {
        if let Some(report) = &self.0 {
            report(download);
        }
    }
}

impl fmt::Debug for DownloadProgress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("DownloadProgress")
    }
}
