use std::fs;
use std::sync::Mutex;

use futures::future::join_all;
use serde_json::{Value, json};
use tokio::sync::OnceCell;

use super::*;
use crate::embedding_files::tests::cached_models;
use crate::http::loopback::{self, Request};

async fn open_in(settings: &EmbedderSettings, data: &Path) -> Result<Embedder> {
    Embedder::open(settings, data, &DownloadProgress::default()).await
}

/// One loaded model serves all tests.
async fn minilm() -> Embedder {
    static EMBEDDER: OnceCell<Embedder> = OnceCell::const_new();
    let open = async || {
        let sources = EmbeddingSources { folder: Some(cached_models().await), hub: loopback::closed() };
        let settings = EmbedderSettings { sources, ..EmbedderSettings::default() };
        open_in(&settings, tempfile::tempdir().unwrap().path()).await.unwrap()
    };
    EMBEDDER.get_or_init(open).await.clone()
}

fn cosine(left: &[f32], right: &[f32]) -> f32 {
    left.iter().zip(right).map(|(left, right)| left * right).sum()
}

fn assert_same(left: &[f32], right: &[f32]) {
    let difference = left.iter().zip(right).map(|(left, right)| (left - right).abs()).fold(0.0, f32::max);
    assert!(left.len() == right.len() && difference < 1e-3, "the vectors differ by {difference}");
}

fn sentences(count: usize) -> Vec<String> {
    (0..count).map(|number| format!("Number {number} is {} in words.", "very ".repeat(number % 23))).collect()
}

#[tokio::test]
async fn alike_texts_have_near_vectors() {
    let embedder = minilm().await;
    assert_eq!(embedder.name(), Some("all-MiniLM-L6-v2"));
    assert_eq!(embedder.identity(), Some("all-MiniLM-L6-v2/384"));
    assert_eq!((embedder.dimension(), embedder.unavailable_reason()), (Some(384), None));

    let query = embedder.embed_query("What does she like to eat?").await.unwrap();
    let texts = ["Her favourite food is pizza.", "She has a cat.", "The invoice is due on Friday."].map(str::to_owned);
    let vectors = embedder.embed_documents(texts.to_vec()).await.unwrap();
    let scores: Vec<_> = vectors.iter().map(|vector| cosine(&query, vector)).collect();
    assert!(scores[0] > 0.4 && scores[0] > scores[1] + 0.1 && scores[1] > scores[2], "{scores:?}");
    assert!((cosine(&query, &query) - 1.0).abs() < 1e-4);
}

/// The reference is sentence-transformers' own vector of this text, by the same network in full precision.
#[tokio::test]
async fn vectors_are_those_of_sentence_transformers() {
    let vector = minilm().await.embed_query("This is an example sentence").await.unwrap();
    let reference = [0.0676569, 0.0634959, 0.0487131, 0.0793049, 0.0374480, 0.0026528, 0.0393749, -0.0070985];
    for (value, expected) in vector.iter().zip(reference) {
        assert!((value - expected).abs() < 0.01, "{value} is not {expected}");
    }
}

#[tokio::test]
async fn every_caller_gets_the_vector_of_its_text() {
    let embedder = minilm().await;
    let texts = sentences(60);
    let together = embedder.embed_documents(texts.clone()).await.unwrap();
    let alone = join_all(texts.iter().map(|text| embedder.embed_query(text))).await;
    for (together, alone) in together.iter().zip(alone) {
        assert_same(together, &alone.unwrap());
    }
    assert!(cosine(&together[0], &together[22]) < 0.99, "different texts have different vectors");
}

#[tokio::test]
async fn texts_are_cut_at_256_tokens() {
    let embedder = minilm().await;
    let words = |count: usize, last: &str| format!("{}{last}", "word ".repeat(count));
    // A text has 254 tokens of its own, between the two that mark its start and end.
    let texts = [words(254, "lion"), words(254, "invoice"), words(253, "lion"), words(253, "invoice")];
    let vectors = embedder.embed_documents(texts.to_vec()).await.unwrap();
    assert_same(&vectors[0], &vectors[1]);
    assert!(cosine(&vectors[2], &vectors[3]) < 0.9999, "the last word that fits is read");
}

#[tokio::test]
async fn a_caller_that_goes_away_harms_no_other() {
    let embedder = minilm().await;
    let leaving = tokio::spawn({
        let embedder = embedder.clone();
        async move { embedder.embed_documents(sentences(2_000)).await }
    });
    tokio::time::sleep(Duration::from_millis(30)).await;
    leaving.abort();
    assert!(leaving.await.unwrap_err().is_cancelled());
    let start = std::time::Instant::now();
    let vectors = embedder.embed_documents(vec!["still here".to_owned()]).await.unwrap();
    assert_same(&vectors[0], &embedder.embed_query("still here").await.unwrap());
    assert!(start.elapsed().as_secs() < 2, "what nobody waits for is skipped");
}

#[tokio::test]
async fn a_folder_may_hold_another_model() {
    let files = cached_models().await.join(MINILM);
    let folder = tempfile::tempdir().unwrap();
    let put = |name: &str, text: &str| {
        fs::create_dir_all(folder.path().join(name).parent().unwrap()).unwrap();
        fs::write(folder.path().join(name), text).unwrap();
    };
    let settings = EmbedderSettings { folder: Some(folder.path().to_owned()), ..EmbedderSettings::default() };
    let open = async || open_in(&settings, folder.path()).await;
    let Err(Error::Setting(reason)) = open().await else { panic!("an empty folder is no model") };
    assert!(reason.ends_with("has no model.onnx"), "{reason}");

    put("onnx/readme", "");
    fs::copy(files.join("model.onnx"), folder.path().join("onnx/model.onnx")).unwrap();
    fs::copy(files.join("tokenizer.json"), folder.path().join("tokenizer.json")).unwrap();
    put("sentence_bert_config.json", r#"{"max_seq_length": 8}"#);
    let mean = open().await.unwrap();
    assert_eq!(mean.identity(), Some("all-MiniLM-L6-v2/384"), "the same file is the same model");
    let texts = ["one two three four five six seven", "one two three four five six"].map(str::to_owned);
    let vectors = mean.embed_documents(texts.to_vec()).await.unwrap();
    assert_same(&vectors[0], &vectors[1]);

    put("1_Pooling/config.json", r#"{"pooling_mode_cls_token": true, "pooling_mode_mean_tokens": false}"#);
    let cls = open().await.unwrap();
    assert_eq!(cls.dimension(), Some(384));
    assert!(cls.identity().unwrap().starts_with("cls-"), "{:?}", cls.identity());
    let vector = cls.embed_query("one two three four five six").await.unwrap();
    assert!(cosine(&vector, &vectors[1]) < 0.99);

    put("1_Pooling/config.json", r#"{"pooling_mode_max_tokens": true}"#);
    assert!(matches!(open().await, Err(Error::Setting(_))));
}

fn refuse() -> (u16, Vec<u8>) {
    (401, br#"{"error": {"message": "wrong key"}}"#.to_vec())
}

/// Answers like an embeddings endpoint, out of order: the vector of a text is its length and 1.
fn respond(request: Request) -> (u16, Vec<u8>) {
    if !request.head.contains("authorization: bearer secret") {
        return refuse();
    }
    let body: Value = serde_json::from_str(&request.body).unwrap();
    let inputs = body["input"].as_array().unwrap().iter().enumerate().rev();
    let data = inputs.map(
        |(index, text)| json!({"object": "embedding", "index": index, "embedding": [text.as_str().unwrap().len(), 1]}),
    );
    let usage = json!({"prompt_tokens": 1, "total_tokens": 1});
    let data: Vec<_> = data.collect();
    (200, json!({"object": "list", "model": body["model"], "data": data, "usage": usage}).to_string().into_bytes())
}

fn endpoint(url: String, key: &str) -> EmbedderSettings {
    let (url, key, model) = (Some(url), Some(key.to_owned().into()), Some("tiny".to_owned()));
    EmbedderSettings { url, key, model, ..EmbedderSettings::default() }
}

#[tokio::test]
async fn an_endpoint_replaces_the_local_model() {
    let requests = Arc::new(Mutex::new(0));
    let url = loopback::serve({
        let requests = requests.clone();
        move |request| {
            let mut requests = requests.lock().unwrap();
            *requests += 1;
            if *requests > 5 { refuse() } else { respond(request) }
        }
    });
    let embedder = open_in(&endpoint(format!("{url}/v1/"), "Secret"), Path::new("")).await.unwrap();
    assert_eq!((embedder.name(), embedder.identity()), (Some("tiny"), Some("tiny/2")));
    let texts: Vec<_> = (1..=70).map(|length| "x".repeat(length)).collect();
    let vectors = embedder.embed_documents(texts).await.unwrap();
    for (length, vector) in (1..=70).zip(&vectors) {
        assert!((vector[0] / vector[1] - length as f32).abs() < 1e-3 && (cosine(vector, vector) - 1.0).abs() < 1e-5);
    }
    assert_eq!(*requests.lock().unwrap(), 4, "one to learn the dimension, three batches");
    for _ in 0..2 {
        let asked = tokio::join!(embedder.embed_query("remembered"), embedder.encode_query("remembered"));
        assert_eq!(asked.0.unwrap()[..], asked.1.unwrap().vector);
    }
    assert_eq!(*requests.lock().unwrap(), 5, "an equal query is asked once, even at the same time");
    let revoked = embedder.embed_query("another").await;
    assert!(matches!(revoked, Err(Error::Unavailable(_))), "a key that is revoked later is no wrong setting");
}

#[tokio::test]
async fn wrong_settings_are_told_from_an_absent_model() {
    let refused = [
        endpoint(loopback::serve(respond), "wrong"),
        endpoint("not a url".to_owned(), ""),
        endpoint(loopback::closed(), "line\nbreak"),
        EmbedderSettings { model: None, ..endpoint(loopback::closed(), "") },
        EmbedderSettings { folder: Some(PathBuf::from("/")), ..endpoint(loopback::closed(), "") },
    ];
    for settings in refused {
        let opened = open_in(&settings, Path::new("")).await;
        assert!(matches!(opened, Err(Error::Setting(_))), "{settings:?}");
    }

    let absent = open_in(&endpoint(loopback::closed(), ""), Path::new("")).await.unwrap();
    assert_eq!((absent.name(), absent.identity(), absent.dimension()), (None, None, None));
    assert!(absent.unavailable_reason().unwrap().contains("is unreachable"), "{:?}", absent.unavailable_reason());
    assert!(matches!(absent.embed_query("text").await, Err(Error::Unavailable(_))));
}

#[tokio::test]
async fn a_model_that_comes_late_is_used_without_a_restart() {
    let calls = Mutex::new(0);
    let url = loopback::serve(move |request| {
        *calls.lock().unwrap() += 1;
        if *calls.lock().unwrap() == 1 { (408, b"{}".to_vec()) } else { respond(request) }
    });
    let embedder = Embedder(Arc::new(Shared::new(OnceLock::new(), "it sleeps".to_owned())));
    assert_eq!(embedder.unavailable_reason(), Some("it sleeps"));
    let settings = endpoint(url, "secret");
    retry(Arc::downgrade(&embedder.0), settings, PathBuf::new(), DownloadProgress::default(), Duration::from_millis(1))
        .await;
    assert_eq!((embedder.name(), embedder.unavailable_reason()), (Some("tiny"), None));
    assert_eq!(embedder.embed_query("text").await.unwrap().len(), 2);
}
