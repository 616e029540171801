//! The vector index behaves the same in the process and on a server.

use std::path::Path;
use std::time::Duration;

use resources::vectors::{Document, Query, Vectors, VectorsSettings};
use resources::{Error, Secret};
use tempfile::TempDir;

use super::vector_behaviour::{assert_behaviour, found, ids, memory, model, query};
use crate::support::qdrant::Qdrant;

/// What holds for the record of the model on every engine; `settings` and `folder` lead to a new index.
async fn assert_model_is_checked(settings: &VectorsSettings, folder: &Path) {
    let open = async |model| Vectors::open(settings, folder, model).await;
    drop(open(None).await.unwrap());
    // An empty index follows the model; one that has words but no vectors takes a model of its dimension.
    drop(open(model("small", 4)).await.unwrap());
    let vectors = open(model("big", 6)).await.unwrap();
    vectors.upsert(&[Document { dense: Some(vec![1.0; 6]), ..memory("model", "1", "Tea") }]).await.unwrap();
    vectors.flush().await.unwrap();
    drop(vectors);
    for other in [model("small", 4), model("other", 6), model("big", 7)] {
        let Err(Error::Setting(reason)) = open(other).await else { panic!("another model was accepted") };
        assert!(reason.contains("recollect reindex") && reason.contains("big"), "{reason}");
    }
    let vectors = open(None).await.unwrap();
    assert_eq!(found(&vectors, "model", "tea").await, ["1"]);
    drop(vectors);
    assert_eq!(open(model("big", 6)).await.unwrap().count().await.unwrap(), 1);
    let vectors = Vectors::recreate(settings, folder, model("small", 4)).await.unwrap();
    assert_eq!(vectors.count().await.unwrap(), 0);
    drop(vectors);
    drop(open(model("small", 4)).await.unwrap());
}

#[tokio::test]
async fn embedded_behaves() {
    let folder = TempDir::new().unwrap();
    assert_behaviour(&Vectors::open(&VectorsSettings::default(), folder.path(), model("m", 4)).await.unwrap()).await;
}

#[tokio::test]
async fn embedded_keeps_to_its_model() {
    let folder = TempDir::new().unwrap();
    assert_model_is_checked(&VectorsSettings::default(), folder.path()).await;
}

#[tokio::test]
async fn embedded_words_come_before_any_model() {
    let (settings, folder) = (VectorsSettings::default(), TempDir::new().unwrap());
    let vectors = Vectors::open(&settings, folder.path(), None).await.unwrap();
    vectors.upsert(&[memory("early", "1", "Tea")]).await.unwrap();
    vectors.flush().await.unwrap();
    drop(vectors);
    let vectors = Vectors::open(&settings, folder.path(), model("first", 384)).await.unwrap();
    assert_eq!(found(&vectors, "early", "tea").await, ["1"]);
    drop(vectors);
    assert!(matches!(Vectors::open(&settings, folder.path(), model("second", 384)).await, Err(Error::Setting(_))));
}

/// What was flushed is there when the folder as it then was is opened again: a copy of it is what kill -9 leaves.
#[tokio::test]
async fn embedded_survives_a_crash_after_a_flush() {
    let (settings, folder, copy) = (VectorsSettings::default(), TempDir::new().unwrap(), TempDir::new().unwrap());
    let vectors = Vectors::open(&settings, folder.path(), model("m", 4)).await.unwrap();
    let dense = Some(vec![0.0, 1.0, 0.0, 0.0]);
    vectors.upsert(&[Document { dense: dense.clone(), ..memory("crash", "1", "Tea") }]).await.unwrap();
    vectors.flush().await.unwrap();
    let copied = std::process::Command::new("cp").arg("-r").arg(folder.path().join(".")).arg(copy.path()).status();
    assert!(copied.unwrap().success());
    let reopened = Vectors::open(&settings, copy.path(), model("m", 4)).await.unwrap();
    assert_eq!(found(&reopened, "crash", "tea").await, ["1"]);
    let by_meaning = Query { dense: dense.as_deref(), ..query("crash", "unknown") };
    assert_eq!(ids(&reopened.search(&by_meaning).await.unwrap()), ["1"]);
    reopened.upsert(&[memory("crash", "1", "Coffee")]).await.unwrap();
    assert!(found(&reopened, "crash", "tea").await.is_empty());
}

/// The engine keeps all of its write-ahead log for good; an index that lives long must not.
#[tokio::test]
async fn embedded_sheds_its_log() {
    let (settings, folder) = (VectorsSettings::default(), TempDir::new().unwrap());
    let vectors = Vectors::open(&settings, folder.path(), model("m", 4096)).await.unwrap();
    let logs = || {
        let files = std::fs::read_dir(folder.path().join("engine/wal")).unwrap();
        files.filter(|file| file.as_ref().unwrap().file_name().to_str().unwrap().starts_with("closed-")).count()
    };
    let write = async |id: &str, text: &str| {
        let one = Document { dense: Some(vec![0.1; 4096]), ..memory("log", id, text) };
        vectors.upsert(&vec![one; 100]).await.unwrap();
    };
    for _ in 0..200 {
        write("1", "Tea").await;
    }
    assert!(logs() > 8, "{} files of the log", logs());
    vectors.flush().await.unwrap();
    assert!(logs() <= 1, "{} files of the log", logs());
    // What is written after that must not be taken for older than what was written before.
    write("1", "Coffee").await;
    assert_eq!(found(&vectors, "log", "coffee").await, ["1"]);
    assert!(found(&vectors, "log", "tea").await.is_empty());
    vectors.flush().await.unwrap();
    drop(vectors);
    let vectors = Vectors::open(&settings, folder.path(), model("m", 4096)).await.unwrap();
    assert_eq!(found(&vectors, "log", "coffee").await, ["1"]);
}

#[tokio::test]
async fn embedded_says_what_is_wrong_with_a_folder() {
    let (settings, folder) = (VectorsSettings::default(), TempDir::new().unwrap());
    let vectors = Vectors::open(&settings, folder.path(), model("m", 4)).await.unwrap();
    let Err(Error::Setting(reason)) = Vectors::open(&settings, folder.path(), None).await else {
        panic!("opened twice")
    };
    assert!(reason.contains("in use"), "{reason}");
    vectors.upsert(&[memory("folder", "1", "Tea")]).await.unwrap();
    drop(vectors);
    for segment in std::fs::read_dir(folder.path().join("engine/segments")).unwrap() {
        std::fs::write(segment.unwrap().path().join("segment.json"), "{").unwrap();
    }
    let Err(Error::Setting(reason)) = Vectors::open(&settings, folder.path(), None).await else {
        panic!("opened damage")
    };
    assert!(reason.contains("recollect reindex"), "{reason}");
    assert_eq!(Vectors::recreate(&settings, folder.path(), None).await.unwrap().count().await.unwrap(), 0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn embedded_takes_searches_writes_and_flushes_at_once() {
    let folder = TempDir::new().unwrap();
    let vectors = Vectors::open(&VectorsSettings::default(), folder.path(), model("m", 4)).await.unwrap();
    let vectors = std::sync::Arc::new(vectors);
    let tasks: Vec<_> = (0..16)
        .map(|task| {
            let vectors = std::sync::Arc::clone(&vectors);
            tokio::spawn(async move {
                for n in 0..50 {
                    let id = format!("{task}-{n}");
                    vectors.upsert(&[memory("busy", &id, &format!("Errand {task} number {n}"))]).await.unwrap();
                    assert!(!found(&vectors, "busy", "errand").await.is_empty());
                    if n % 10 == 0 {
                        vectors.flush().await.unwrap();
                    }
                }
            })
        })
        .collect();
    for task in tasks {
        task.await.unwrap();
    }
    assert_eq!(vectors.count().await.unwrap(), 800);
}

#[tokio::test]
async fn remote_behaves() {
    let (qdrant, folder) = (Qdrant::start().await, TempDir::new().unwrap());
    assert_behaviour(&Vectors::open(&qdrant.settings(), folder.path(), model("m", 4)).await.unwrap()).await;
}

#[tokio::test]
async fn remote_keeps_to_its_model() {
    let (qdrant, folder) = (Qdrant::start().await, TempDir::new().unwrap());
    assert_model_is_checked(&qdrant.settings(), folder.path()).await;
}

#[tokio::test]
async fn remote_adapts_an_older_collection() {
    let (qdrant, folder) = (Qdrant::start().await, TempDir::new().unwrap());
    let open = async || Vectors::open(&qdrant.settings(), folder.path(), model("m", 4)).await.unwrap();
    open().await.upsert(&[memory("older", "1", "Tea"), memory("other", "2", "Tea")]).await.unwrap();
    qdrant.age();
    for _ in 0..2 {
        let vectors = open().await;
        assert_eq!(found(&vectors, "older", "tea").await, ["1"]);
        assert_eq!(found(&vectors, "other", "tea").await, ["2"]);
    }
}

#[tokio::test]
async fn a_remote_index_restarts() {
    let (mut qdrant, folder) = (Qdrant::start().await, TempDir::new().unwrap());
    let vectors = Vectors::open(&qdrant.settings(), folder.path(), model("m", 4)).await.unwrap();
    vectors.upsert(&[memory("away", "1", "Tea")]).await.unwrap();
    qdrant.stop().await;
    for error in [
        vectors.search(&query("away", "tea")).await.unwrap_err(),
        vectors.upsert(&[memory("away", "2", "Coffee")]).await.unwrap_err(),
        Vectors::open(&qdrant.settings(), folder.path(), None).await.err().unwrap(),
    ] {
        assert!(matches!(&error, Error::Unavailable(reason) if reason.contains("vector index")), "{error:?}");
    }
    qdrant.resume().await;
    let healed = async {
        while vectors.search(&query("away", "tea")).await.is_err() {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    tokio::time::timeout(Duration::from_secs(10), healed).await.expect("the index heals by itself");
    assert_eq!(found(&vectors, "away", "tea").await, ["1"]);
    vectors.upsert(&[memory("away", "2", "Coffee")]).await.unwrap();
    assert_eq!(found(&vectors, "away", "coffee").await, ["2"]);
}

/// The same against a real Qdrant server, where there is one.
#[tokio::test]
async fn a_real_qdrant_behaves() {
    let Ok(url) = std::env::var("RECOLLECT_TEST_QDRANT_URL") else {
        return;
    };
    let folder = TempDir::new().unwrap();
    let settings = |what| VectorsSettings {
        url: Some(url.clone()),
        key: std::env::var("RECOLLECT_TEST_QDRANT_KEY").ok().map(Secret::from),
        collection: format!("recollect-test-{what}"),
    };
    drop(Vectors::recreate(&settings("model"), folder.path(), None).await.unwrap());
    assert_model_is_checked(&settings("model"), folder.path()).await;
    assert_behaviour(&Vectors::recreate(&settings("suite"), folder.path(), model("m", 4)).await.unwrap()).await;
}
