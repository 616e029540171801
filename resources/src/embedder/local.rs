//! The thread that runs a model in the process, on all cores.
//!
//! Texts that wait are embedded together, in groups of similar length, as padding costs as much as text. Queries go
//! before documents, and a group of documents is small, so that a query never waits for long.

use std::collections::VecDeque;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread;

use tokio::sync::oneshot;

use super::Meaning;
use super::encoder::Encoder;
use super::folder::ModelFolder;
use crate::{Error, Result};

/// The most texts of a group. The model gains little from more.
const GROUP_TEXTS: usize = 8;

/// The most bytes of a group, counted with padding, unless a single text is longer: two or three sentences a text.
const GROUP_BYTES: usize = 2048;

/// How many queries are sorted by length at a time. Sorting them all could keep a long one waiting for ever.
const QUERY_WINDOW: usize = 32;

/// A model and its thread, which ends when this is dropped.
pub(super) struct Local {
    queue: Arc<Queue>,
}

/// How soon a text must be embedded.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Urgency {
    /// Somebody waits for the answer.
    Query,
    /// The index catches up in the background.
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

    /// What texts mean, in their order. Texts whose caller has gone away are skipped.
    pub(super) async fn embed(&self, texts: Vec<String>, urgency: Urgency) -> Result<Vec<Meaning>> {
        let mut meanings = Vec::with_capacity(texts.len());
        for reply in self.queue.push(texts, urgency) {
            meanings.push(reply.await.map_err(Error::internal)??);
        }
        Ok(meanings)
    }
}

impl Drop for Local {
    fn drop(&mut self) {
        self.queue.lock().closed = true;
        self.queue.changed.notify_one();
    }
}

#[derive(Default)]
struct Queue {
    waiting: Mutex<Waiting>,
    changed: Condvar,
}

#[derive(Default)]
struct Waiting {
    /// Queries as they came.
    queries: VecDeque<Job>,
    /// The queries to be embedded next, by length.
    window: VecDeque<Job>,
    /// Documents as they came, those of one call by length.
    documents: VecDeque<Job>,
    closed: bool,
}

struct Job {
    text: String,
    reply: Reply,
}

type Reply = oneshot::Sender<Result<Meaning>>;

impl Queue {
    fn push(&self, texts: Vec<String>, urgency: Urgency) -> Vec<oneshot::Receiver<Result<Meaning>>> {
        let jobs = texts.into_iter().map(|text| {
            let (reply, receiver) = oneshot::channel();
            (Job { text, reply }, receiver)
        });
        let (mut jobs, receivers): (Vec<_>, Vec<_>) = jobs.unzip();
        jobs.sort_by_key(|job| job.text.len());
        match urgency {
            Urgency::Query => self.lock().queries.extend(jobs),
            Urgency::Document => self.lock().documents.extend(jobs),
        }
        self.changed.notify_one();
        receivers
    }

    /// Embeds what comes until the queue is closed.
    fn work(&self, encoder: &Encoder) {
        while let Some(group) = self.next_group() {
            let (texts, replies): (Vec<_>, Vec<_>) = group.into_iter().map(|job| (job.text, job.reply)).unzip();
            let texts: Vec<_> = texts.iter().map(String::as_str).collect();
            // A panic in the runtime must cost one group, not the thread that embeds all later ones.
            let encoding = catch_unwind(AssertUnwindSafe(|| encoder.encode(&texts)));
            answer(replies, encoding.unwrap_or_else(|_| Err(anyhow::anyhow!("the embedding model panicked"))));
        }
    }

    /// Waits for texts; [`None`] when the queue is closed.
    fn next_group(&self) -> Option<Vec<Job>> {
        let mut waiting = self.lock();
        loop {
            if waiting.closed {
                return None;
            }
            while let Some(group) = waiting.take_group() {
                if !group.is_empty() {
                    return Some(group);
                }
            }
            waiting = self.changed.wait(waiting).unwrap_or_else(PoisonError::into_inner);
        }
    }

    /// No code panics while it holds the lock, so that a poisoned one is sound.
    fn lock(&self) -> MutexGuard<'_, Waiting> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Waiting {
    /// Takes the next texts; the group has those that somebody still wants. [`None`] if nothing waits.
    fn take_group(&mut self) -> Option<Vec<Job>> {
        if self.window.is_empty() {
            let count = self.queries.len().min(QUERY_WINDOW);
            self.window.extend(self.queries.drain(..count));
            self.window.make_contiguous().sort_by_key(|job| job.text.len());
        }
        let jobs = if self.window.is_empty() { &mut self.documents } else { &mut self.window };
        if jobs.is_empty() {
            return None;
        }
        let mut group = Vec::new();
        while let Some(job) = jobs.pop_front_if(|job| fits(&group, job)) {
            if !job.reply.is_closed() {
                group.push(job);
            }
        }
        Some(group)
    }
}

/// Whether a text may join a group: only one of similar length, and only as long as the group is small.
fn fits(group: &[Job], job: &Job) -> bool {
    let lengths = || group.iter().chain([job]).map(|job| job.text.len());
    let (shortest, longest) = (lengths().min().unwrap_or_default(), lengths().max().unwrap_or_default());
    let count = group.len() + 1;
    group.is_empty() || count <= GROUP_TEXTS && 2 * longest <= 3 * shortest && count * longest <= GROUP_BYTES
}

fn answer(replies: Vec<Reply>, encoding: anyhow::Result<Vec<Meaning>>) {
    match encoding {
        Ok(meanings) => {
            for (reply, meaning) in replies.into_iter().zip(meanings) {
                // An error means that the caller has gone away, which is its right.
                let _ = reply.send(Ok(meaning));
            }
        }
        Err(error) => {
            for reply in replies {
                let _ = reply.send(Err(Error::internal(format!("{error:#}"))));
            }
        }
    }
}
