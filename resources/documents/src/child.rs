//! The child process: it limits itself, reads a document on standard input, and writes its pages on standard output.

use std::{
    io::{self, Read, Write},
    time::{Duration, Instant},
};

use crate::pdf::{self, Budget};

/// The maximum size of a document, in bytes.
const MAX_DOCUMENT: u64 = 64 << 20;

/// How long reading may take.
const READ_TIMEOUT: Duration = Duration::from_secs(20);

/// Reads the PDF on standard input, and writes a `Result<Vec<Page>, PdfError>` as JSON. The text may have `max_chars`
/// characters.
///
/// The process is limited from here on: it can neither open files or connections nor start other processes, and the
/// system ends it when it takes too much memory or processor time.
///
/// # Errors
/// The limits cannot be set, or standard input or output fails.
pub fn extract_pdf(max_chars: usize) -> io::Result<()> {
    #[cfg(unix)]
    limits::apply()?;
    let mut bytes = Vec::new();
    io::stdin().lock().take(MAX_DOCUMENT).read_to_end(&mut bytes)?;
    let budget = Budget { deadline: Instant::now() + READ_TIMEOUT, chars: max_chars };
    let pages = pdf::read(&bytes, budget);
    let mut output = io::stdout().lock();
    serde_json::to_writer(&mut output, &pages)?;
    output.flush()
}

#[cfg(unix)]
mod limits {
    use std::io;

    use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

    use super::READ_TIMEOUT;

    /// How much memory reading may take on top of the program itself, in bytes.
    #[cfg(target_os = "linux")]
    const MAX_MEMORY: u64 = 512 << 20;

    /// How many files may be open: standard input, output and error.
    const MAX_OPEN_FILES: u64 = 3;

    /// Limits this process.
    pub(super) fn apply() -> io::Result<()> {
        // Elsewhere the address space of every program is huge, and the limit has no effect.
        #[cfg(target_os = "linux")]
        limit(Resource::As, address_space()? + MAX_MEMORY, 0)?;
        // The first limit is a signal that says what happened, the second one kills.
        limit(Resource::Cpu, READ_TIMEOUT.as_secs(), 2)?;
        // What is left of a process that fails would contain the document.
        limit(Resource::Core, 0, 0)?;
        limit(Resource::Fsize, 0, 0)?;
        limit(Resource::Nproc, 0, 0)?;
        limit(Resource::Nofile, MAX_OPEN_FILES, 0)
    }

    fn limit(resource: Resource, soft: u64, margin: u64) -> io::Result<()> {
        // A limit that is already lower stays.
        let lowered = |value: u64| Some(getrlimit(resource).maximum.map_or(value, |maximum| maximum.min(value)));
        Ok(setrlimit(resource, Rlimit { current: lowered(soft), maximum: lowered(soft + margin) })?)
    }

    /// The address space that the program takes before it reads anything, in bytes.
    #[cfg(target_os = "linux")]
    fn address_space() -> io::Result<u64> {
        let status = std::fs::read_to_string("/proc/self/status")?;
        let size = status.lines().find_map(|line| line.strip_prefix("VmSize:")?.trim().strip_suffix(" kB"));
        let kib: Option<u64> = size.and_then(|size| size.trim().parse().ok());
        kib.map(|kib| kib << 10).ok_or_else(|| io::Error::other("/proc/self/status has no VmSize"))
    }
}
