//! Downloads from the Hugging Surface hub.

use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::anyhow;
use futures::StreamExt;
use reqwest::Response;
use tokio::fs::File;
use tokio::io::AsyncWriteExt;

use super::artifacts::{Artifact, MINILM};
use super::progress::{Download, DownloadProgress};
use crate::{http, redact_url};

/// How long the hub may take to accept a connection, and how long it may pause in the middle of a file.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(4);
const STALL_TIMEOUT: Duration = Duration::from_secs(10);

/// Downloads one file of the model into the folder `scratch`.
pub(super) async fn download(
    hub: &str,
    artifact: &Artifact,
    scratch: &Path,
    progress: &DownloadProgress,
) -> anyhow::Result<PathBuf> {
    let hub = hub.trim_end_matches('/');
    let url = format!("{hub}/sentence-transformers/{MINILM}/resolve/main/{}", artifact.hub_path);
    let client = http::client().connect_timeout(CONNECT_TIMEOUT).read_timeout(STALL_TIMEOUT).build()?;
    let failed = |error: reqwest::Error| anyhow!("the model hub at {}: {}", redact_url(hub), http::root_cause(&error));
    let response = client.get(url).send().await.and_then(Response::error_for_status).map_err(failed)?;

    let (mut received, total) = (0, response.content_length().unwrap_or_default());
    let path = scratch.join(artifact.name);
    let mut file = File::create(&path).await?;
    let mut body = response.bytes_stream();
    while let Some(bytes) = body.next().await {
        let bytes = bytes.map_err(failed)?;
        file.write_all(&bytes).await?;
        received += bytes.len() as u64;
        progress.report(Download::Receiving { file: artifact.name, received, total });
    }
    file.flush().await?;
    Ok(path)
}
