//! The thread that runs a model in the process, on all cores.
//!
//! Queued texts are embedded in batches of similar length, as padding costs as much as text. Queries go before
//! documents, and a batch of documents is small, so that a query never waits for long.

use std::collections::VecDeque;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::thread;

use parking_lot::{Condvar, Mutex};
use tokio::sync::oneshot;

use super::embedding::Embedding;
use super::encoder::Encoder;
use super::folder::ModelFolder;
use crate::{Error, Result};

/// The maximum number of texts in a batch. The model gains little from more.
const MAX_BATCH_TEXTS: usize = 8;

/// The maximum size of a batch in bytes, counted with padding, unless a single text is longer: two or three sentences a text.
const MAX_BATCH_BYTES: usize = 2048;

/// How many queries are sorted by length at a time. Sorting them all could starve a long one.
const QUERY_WINDOW: usize = 32;

/// A model and its thread, which ends when this is dropped.
pub(super) struct Local {
    queue: Arc<Queue>,
}

/// The order in which texts are embedded.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Priority {
    /// First: a caller waits for the result.
    Query,
    /// After all queries: indexing in the background.
    Document,
}

impl Local {
    /// Loads a model and starts its thread.
    pub(super) async fn start(folder: ModelFolder) -> Result<Self> {
        let loading = tokio::task::spawn_blocking(move || {
            let unusable = |error| Error::Setting(format!("cannot use {}: {error:#}", folder.files.model.display()));
            Encoder::load(&folder).map_err(unusable)
        });
        let encoder = loading.await.map_err(Error::internal)??;
        let queue = Arc::new(Queue::default());
        let worker = queue.clone();
        let thread = thread::Builder::new().name("embedder".to_owned());
        thread.spawn(move || worker.work(&encoder)).map_err(Error::internal)?;
        Ok(Self { queue })
    }

    /// The embeddings of texts, in their order. Texts whose caller was cancelled are skipped.
    pub(super) async fn embed(&self, texts: Vec<String>, priority: Priority) -> Result<Vec<Embedding>> {
        let mut embeddings = Vec::with_capacity(texts.len());
        for reply in self.queue.push(texts, priority) {
            embeddings.push(reply.await.map_err(Error::internal)??);
        }
        Ok(embeddings)
    }
}

impl Drop for Local {
    fn drop(&mut self) {
        self.queue.jobs.lock().closed = true;
        self.queue.changed.notify_one();
    }
}

#[derive(Default)]
struct Queue {
    jobs: Mutex<Jobs>,
    changed: Condvar,
}

#[derive(Default)]
struct Jobs {
    /// Queries in the order of their arrival.
    queries: VecDeque<Job>,
    /// The queries to be embedded next, by length.
    window: VecDeque<Job>,
    /// Documents in the order of their arrival, those of one call by length.
    documents: VecDeque<Job>,
    closed: bool,
}

struct Job {
    text: String,
    reply: Reply,
}

type Reply = oneshot::Sender<Result<Embedding>>;

impl Queue {
    fn push(&self, texts: Vec<String>, priority: Priority) -> Vec<oneshot::Receiver<Result<Embedding>>> {
        let jobs = texts.into_iter().map(|text| {
            let (reply, receiver) = oneshot::channel();
            (Job { text, reply }, receiver)
        });
        let (mut jobs, receivers): (Vec<_>, Vec<_>) = jobs.unzip();
        jobs.sort_by_key(|job| job.text.len());
        match priority {
            Priority::Query => self.jobs.lock().queries.extend(jobs),
            Priority::Document => self.jobs.lock().documents.extend(jobs),
        }
        self.changed.notify_one();
        receivers
    }

    /// Embeds queued texts until the queue is closed.
    fn work(&self, encoder: &Encoder) {
        while let Some(batch) = self.next_batch() {
            let (texts, replies): (Vec<_>, Vec<_>) = batch.into_iter().map(|job| (job.text, job.reply)).unzip();
            let texts: Vec<_> = texts.iter().map(String::as_str).collect();
            // A panic in the runtime must cost one batch, not the thread that embeds all later ones.
            let encoding = catch_unwind(AssertUnwindSafe(|| encoder.encode(&texts)));
            send_replies(replies, encoding.unwrap_or_else(|_| Err(anyhow::anyhow!("the embedding model panicked"))));
        }
    }

    /// Waits for texts; [`None`] when the queue is closed.
    fn next_batch(&self) -> Option<Vec<Job>> {
        let mut jobs = self.jobs.lock();
        loop {
            if jobs.closed {
                return None;
            }
            while let Some(batch) = jobs.take_batch() {
                if !batch.is_empty() {
                    return Some(batch);
                }
            }
            self.changed.wait(&mut jobs);
        }
    }
}

impl Jobs {
    /// Takes the next texts; the batch has those whose caller still waits. [`None`] if the queue is empty.
    fn take_batch(&mut self) -> Option<Vec<Job>> {
        if self.window.is_empty() {
            let count = self.queries.len().min(QUERY_WINDOW);
            self.window.extend(self.queries.drain(..count));
            self.window.make_contiguous().sort_by_key(|job| job.text.len());
        }
        let jobs = if self.window.is_empty() { &mut self.documents } else { &mut self.window };
        if jobs.is_empty() {
            return None;
        }
        let mut batch = Vec::new();
        while let Some(job) = jobs.pop_front_if(|job| fits(&batch, job)) {
            if !job.reply.is_closed() {
                batch.push(job);
            }
        }
        Some(batch)
    }
}

/// Whether a text may join a batch: only one of similar length, and only as long as the batch is small.
fn fits(batch: &[Job], job: &Job) -> bool {
    let lengths = || batch.iter().chain([job]).map(|job| job.text.len());
    let (shortest, longest) = (lengths().min().unwrap_or_default(), lengths().max().unwrap_or_default());
    let count = batch.len() + 1;
    batch.is_empty() || count <= MAX_BATCH_TEXTS && 2 * longest <= 3 * shortest && count * longest <= MAX_BATCH_BYTES
}

fn send_replies(replies: Vec<Reply>, encoding: anyhow::Result<Vec<Embedding>>) {
    match encoding {
        Ok(embeddings) => {
            for (reply, embedding) in replies.into_iter().zip(embeddings) {
                // An error means that the caller was cancelled.
                let _ = reply.send(Ok(embedding));
            }
        }
        Err(error) => {
            for reply in replies {
                let _ = reply.send(Err(Error::internal(format!("{error:#}"))));
            }
        }
    }
}
