//! Starts child processes that read documents, a few at a time.

use std::{
    collections::HashMap,
    io,
    path::PathBuf,
    process::{ExitStatus, Stdio},
    sync::Arc,
    time::Duration,
};

use parking_lot::Mutex;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    process::{Child, Command},
    sync::{OwnedMutexGuard, Semaphore, SemaphorePermit},
    time::timeout,
};

use crate::pdf::{MAX_PAGES, Page, PdfError};

/// How many documents are read at a time.
const MAX_PROCESSES: usize = 2;

/// How long a document waits for its turn.
const QUEUE_TIMEOUT: Duration = Duration::from_secs(60);

/// How long a child process may run. Its own limits are lower; this holds where a system has none.
const PROCESS_TIMEOUT: Duration = Duration::from_secs(30);

/// The exit code of a Rust program that panics.
const PANICKED: i32 = 101;

/// Reads documents in child processes: two at a time, and one for each user.
pub struct Extractor {
    program: PathBuf,
    slots: Semaphore,
    users: Mutex<HashMap<String, Arc<tokio::sync::Mutex<()>>>>,
}

/// Why a document was not read.
#[derive(Debug, thiserror::Error)]
pub enum ExtractorError {
    /// The document is at fault.
    #[error(transparent)]
    Pdf(#[from] PdfError),
    /// Other documents took too long.
    #[error("other documents are being read")]
    Busy,
    /// The child process cannot be started, or does not do what it should.
    #[error("the process that reads documents failed: {0}")]
    Failed(#[from] io::Error),
}

impl Extractor {
    /// Child processes run `program`, which is this one unless another is named.
    pub fn new(program: Option<PathBuf>) -> Self {
        // The link leads to the running program even when an update has replaced its file.
        let running = || match cfg!(target_os = "linux") {
            true => PathBuf::from("/proc/self/exe"),
            false => std::env::current_exe().unwrap_or_default(),
        };
        let program = program.unwrap_or_else(running);
        Self { program, slots: Semaphore::new(MAX_PROCESSES), users: Mutex::default() }
    }

    /// The pages of a PDF, whose text may have `max_chars` characters. The child is killed when the call is dropped.
    ///
    /// # Errors
    /// As [`ExtractorError`] says.
    pub async fn read_pdf(&self, user: &str, bytes: &[u8], max_chars: usize) -> Result<Vec<Page>, ExtractorError> {
        let _turn = timeout(QUEUE_TIMEOUT, self.wait_for_turn(user)).await.map_err(|_| ExtractorError::Busy)?;
        let mut command = Command::new(&self.program);
        command.args(["extract-text", "--kind", "pdf", "--max-chars", &max_chars.to_string()]);
        // Its environment holds the secrets of the configuration.
        command.env_clear().stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::null()).kill_on_drop(true);
        let mut child = command.spawn()?;
        let Ok(ended) = timeout(PROCESS_TIMEOUT, talk(&mut child, bytes, max_output(max_chars))).await else {
            child.kill().await?;
            return Err(PdfError::TooSlow.into());
        };
        let (output, status) = ended?;
        if !status.success() {
            tracing::warn!("a PDF of {} bytes was not read: {status}", bytes.len());
        }
        read_outcome(&output, status)
    }

    async fn wait_for_turn(&self, user: &str) -> (OwnedMutexGuard<()>, SemaphorePermit<'_>) {
        let lock = {
            let mut users = self.users.lock();
            // A lock that only the map knows is neither held nor waited for.
            users.retain(|_, lock| Arc::strong_count(lock) > 1);
            Arc::clone(users.entry(user.to_owned()).or_default())
        };
        (lock.lock_owned().await, self.slots.acquire().await.expect("the semaphore is never closed"))
    }
}

/// Writes a document to the child, and reads what it answers.
async fn talk(child: &mut Child, bytes: &[u8], max_output: u64) -> io::Result<(Vec<u8>, ExitStatus)> {
    let (Some(mut input), Some(output)) = (child.stdin.take(), child.stdout.take()) else {
        return Err(io::Error::other("the child has no standard input or output"));
    };
    let send = async {
        // A child that ends early reads no further.
        let _ = input.write_all(bytes).await;
        drop(input);
    };
    let receive = async {
        let mut answer = Vec::new();
        output.take(max_output).read_to_end(&mut answer).await.map(|_| answer)
    };
    let ((), answer) = tokio::join!(send, receive);
    Ok((answer?, child.wait().await?))
}

/// The maximum size of the answer, in bytes: JSON writes a character in at most six.
fn max_output(max_chars: usize) -> u64 {
    (max_chars * 6 + MAX_PAGES * 64) as u64
}

fn read_outcome(output: &[u8], status: ExitStatus) -> Result<Vec<Page>, ExtractorError> {
    if status.success() {
        let pages: Result<Vec<Page>, PdfError> = serde_json::from_slice(output).map_err(io::Error::other)?;
        return Ok(pages?);
    }
    match status.code() {
        Some(PANICKED) => Err(PdfError::Damaged.into()),
        Some(_) => Err(io::Error::other(status.to_string()).into()),
        None => Err(stopped_by_signal(status).into()),
    }
}

/// Why the system ended the child: for its time, or else for its memory, in which an allocation that fails aborts.
fn stopped_by_signal(status: ExitStatus) -> PdfError {
    #[cfg(unix)]
    {
        use std::os::unix::process::ExitStatusExt;
        if status.signal() == Some(rustix::process::Signal::XCPU.as_raw()) {
            return PdfError::TooSlow;
        }
    }
    #[cfg(not(unix))]
    let _ = status;
    PdfError::TooMuchMemory
}
