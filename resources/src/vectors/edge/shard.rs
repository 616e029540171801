//! The engine's files, and who may do what to them at the same time.

use std::collections::HashMap;
use std::fs::{self, File, TryLockError};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError, RwLock};

use qdrant_edge::{
    CountRequest, CreateIndex, Distance, EdgeConfig, EdgeOptimizersConfig, EdgeShard, EdgeSparseVectorParams,
    EdgeVectorParams, FieldIndexOperations, HnswIndexConfig, IntegerIndexParams, KeywordIndexParams, OperationResult,
    PayloadFieldSchema, PayloadSchemaParams, UpdateOperation,
};

use super::filter::field;
use super::older;
use crate::vectors::engine::{DENSE, LINKS, TENANT, WORDS, kibibytes, scanned};
use crate::vectors::model::Record;
use crate::{Error, Result};

/// Where the record of the model lies.
const RECORD: &str = "model.json";
/// Where the engine's own files lie.
const ENGINE: &str = "engine";
/// The lock that tells a second process to stay away.
const LOCK: &str = "lock";
/// From how many vectors on a graph is built: a full scan of fewer takes a millisecond or two.
const GRAPH_FROM: usize = 10_000;
/// The share of all points that must have been written before graphs are built again: a large one is not extended for
/// every few points.
const GROWN: u64 = 8;
/// From how many records within a filter on the words' own lists are read, not each of the records.
const WORD_LISTS_FROM: usize = 500;
/// More threads than this, working on one graph, make it a worse one.
const MOST_BUILDERS: usize = 8;
/// How long the write-ahead log may grow, in files of 32 MiB, before the engine is opened anew without it.
const LOG_FILES: usize = 8;

/// More than any index holds.
const UNKNOWN: u64 = u64::MAX / 2;

/// The engine and its folder.
pub(super) struct Shard {
    folder: PathBuf,
    /// None only after an attempt to empty or reopen the engine failed half-way.
    engine: RwLock<Option<EdgeShard>>,
    /// Held while writing: the engine panics when it is flushed during a write.
    writing: Mutex<()>,
    /// Held while flushing, optimising or replacing the engine's files, which exclude each other. Whoever needs several
    /// takes this first, then `engine`, then `writing`.
    upkeep: Mutex<()>,
    /// How many points were written, or deleted, since the engine was last optimised. It can't be asked: it calls every
    /// point indexed that has words.
    written: AtomicU64,
    _lock: File,
}

impl Shard {
    /// Open the folder, and make a new index there if it holds none.
    pub(super) fn open(folder: PathBuf, record: Record) -> Result<Self> {
        let lock = lock(&folder)?;
        let files = folder.join(ENGINE);
        let engine = if files.exists() {
            let recorded = read_record(&folder)?;
            prune_log(&files).map_err(|error| damaged(&folder, error))?;
            let engine = EdgeShard::load(&files, Some(config(recorded.dimension)));
            let engine = engine.map_err(|error| damaged(&folder, error))?;
            older::adapt(&engine).and_then(|()| index_fields(&engine)).map_err(|error| damaged(&folder, error))?;
            engine
        } else {
            create(&folder, &record)?
        };
        Ok(Self::of(folder, lock, engine))
    }

    /// Make a new index in the folder, whatever it holds.
    pub(super) fn recreate(folder: PathBuf, record: Record) -> Result<Self> {
        let lock = lock(&folder)?;
        remove(&folder.join(ENGINE))?;
        let engine = create(&folder, &record)?;
        Ok(Self::of(folder, lock, engine))
    }

    fn of(folder: PathBuf, lock: File, engine: EdgeShard) -> Self {
        Self {
            folder,
            engine: RwLock::new(Some(engine)),
            writing: Mutex::default(),
            upkeep: Mutex::default(),
            // What a process before this one has left undone is not known.
            written: AtomicU64::new(UNKNOWN),
            _lock: lock,
        }
    }

    /// What the index says about itself.
    pub(super) fn record(&self) -> Result<Record> {
        read_record(&self.folder)
    }

    /// Let the index say something else about itself.
    pub(super) fn set_record(&self, record: &Record) -> Result<()> {
        write_record(&self.folder, record)
    }

    /// Call the engine for something that does not change it.
    pub(super) fn read<T>(&self, call: impl FnOnce(&EdgeShard) -> OperationResult<T>) -> Result<T> {
        let engine = self.engine.read().unwrap_or_else(PoisonError::into_inner);
        let engine = engine.as_ref().ok_or_else(|| Error::internal("the vector index is closed"))?;
        call(engine).map_err(Error::internal)
    }

    /// Change `points` of what the engine holds.
    pub(super) fn update(&self, operation: UpdateOperation, points: usize) -> Result<()> {
        self.written.fetch_add(points as u64, Ordering::Relaxed);
        self.read(|engine| {
            let _writing = held(&self.writing);
            engine.update(operation)
        })
    }

    /// The number of points.
    pub(super) fn count(&self) -> Result<u64> {
        self.read(|engine| engine.count(CountRequest { filter: None, exact: true })).map(|count| count as u64)
    }

    /// Bring everything written so far to the disk.
    pub(super) fn flush(&self) -> Result<()> {
        let _upkeep = held(&self.upkeep);
        self.read(|engine| {
            let _writing = held(&self.writing);
            engine.flush();
            Ok(())
        })?;
        let files = self.folder.join(ENGINE);
        if closed_logs(&files).map_err(Error::internal)?.len() > LOG_FILES {
            self.replace(|| {
                prune_log(&files).map_err(Error::internal)?;
                EdgeShard::load(&files, None).map_err(|error| damaged(&self.folder, error))
            })?;
        }
        Ok(())
    }

    /// Whether so much was written that many vectors may be outside of a graph, and searching all of them slow.
    pub(super) fn needs_optimizing(&self) -> Result<bool> {
        let (written, count) = (self.written.load(Ordering::Relaxed), self.count()?);
        Ok(count.min(written) >= GRAPH_FROM as u64 && written >= count / GROWN && self.upkeep.try_lock().is_ok())
    }

    /// Build graphs over the vectors and drop what was deleted; searches and writes go on meanwhile.
    pub(super) fn optimize(&self) -> Result<()> {
        let _upkeep = held(&self.upkeep);
        self.written.store(0, Ordering::Relaxed);
        self.read(EdgeShard::optimize).map(drop)
    }

    /// Empty the index and let it say `record` about itself.
    pub(super) fn clear(&self, record: &Record) -> Result<()> {
        let _upkeep = held(&self.upkeep);
        self.replace(|| {
            remove(&self.folder.join(ENGINE))?;
            create(&self.folder, record)
        })
    }

    /// Close the engine and put another in its place. The caller holds `upkeep`.
    fn replace(&self, open: impl FnOnce() -> Result<EdgeShard>) -> Result<()> {
        let mut engine = self.engine.write().unwrap_or_else(PoisonError::into_inner);
        drop(engine.take());
        *engine = Some(open()?);
        Ok(())
    }
}

fn held(mutex: &Mutex<()>) -> MutexGuard<'_, ()> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Make the folder and keep other processes out of it.
fn lock(folder: &Path) -> Result<File> {
    let unusable = |error| Error::Setting(format!("the vector index cannot be kept in {}: {error}", folder.display()));
    fs::create_dir_all(folder).map_err(unusable)?;
    let lock = File::create(folder.join(LOCK)).map_err(unusable)?;
    match lock.try_lock() {
        Ok(()) => Ok(lock),
        Err(TryLockError::WouldBlock) => {
            Err(Error::Setting(format!("the vector index in {} is in use by another process", folder.display())))
        }
        Err(TryLockError::Error(error)) => Err(unusable(error)),
    }
}

fn damaged(folder: &Path, reason: impl std::fmt::Display) -> Error {
    Error::Setting(format!(
        "the vector index in {} cannot be read ({reason}): run `recollect reindex` to rebuild it",
        folder.display()
    ))
}

fn read_record(folder: &Path) -> Result<Record> {
    let json = fs::read(folder.join(RECORD)).map_err(|error| damaged(folder, error))?;
    serde_json::from_slice(&json).map_err(|error| damaged(folder, error))
}

fn write_record(folder: &Path, record: &Record) -> Result<()> {
    let json = serde_json::to_vec(record).map_err(Error::internal)?;
    let new = folder.join(format!("{RECORD}.new"));
    fs::write(&new, json).and_then(|()| fs::rename(&new, folder.join(RECORD))).map_err(Error::internal)
}

fn remove(files: &Path) -> Result<()> {
    if files.exists() { fs::remove_dir_all(files).map_err(Error::internal) } else { Ok(()) }
}

/// Make an empty engine. It grows under another name and is renamed when it is complete, so that a crash leaves either
/// no engine or a whole one.
fn create(folder: &Path, record: &Record) -> Result<EdgeShard> {
    let (files, new) = (folder.join(ENGINE), folder.join(format!("{ENGINE}.new")));
    remove(&new)?;
    fs::create_dir_all(&new).map_err(Error::internal)?;
    write_record(folder, record)?;
    let engine = EdgeShard::new(&new, config(record.dimension)).map_err(Error::internal)?;
    index_fields(&engine).map_err(Error::internal)?;
    drop(engine);
    fs::rename(&new, &files).map_err(Error::internal)?;
    EdgeShard::load(&files, None).map_err(Error::internal)
}

/// Make the indexes of the fields that are filtered by, as far as they are missing: an older release had fewer.
fn index_fields(engine: &EdgeShard) -> OperationResult<()> {
    for (name, schema) in indexes() {
        let index =
            CreateIndex { field_name: field(name), field_schema: Some(PayloadFieldSchema::FieldParams(schema)) };
        engine.update(UpdateOperation::FieldIndexOperation(FieldIndexOperations::CreateIndex(index)))?;
    }
    Ok(())
}

fn config(dimension: usize) -> EdgeConfig {
    let dense = EdgeVectorParams {
        size: dimension,
        distance: Distance::Cosine,
        on_disk: None,
        multivector_config: None,
        datatype: None,
        quantization_config: None,
        hnsw_config: None,
    };
    let words = EdgeSparseVectorParams {
        full_scan_threshold: Some(WORD_LISTS_FROM),
        on_disk: None,
        modifier: None,
        datatype: None,
    };
    EdgeConfig {
        on_disk_payload: false,
        vectors: HashMap::from([(DENSE.into(), dense)]),
        sparse_vectors: HashMap::from([(WORDS.into(), words)]),
        optimizers: EdgeOptimizersConfig {
            indexing_threshold: Some(kibibytes(GRAPH_FROM, dimension)),
            ..EdgeOptimizersConfig::default()
        },
        hnsw_config: HnswIndexConfig {
            max_indexing_threads: builders(),
            full_scan_threshold: scanned(dimension),
            m: 0,
            payload_m: Some(LINKS),
            ..HnswIndexConfig::default()
        },
        ..EdgeConfig::default()
    }
}

/// How many threads build graphs: one core is left to those who search meanwhile.
fn builders() -> usize {
    std::thread::available_parallelism().map_or(1, |cores| (cores.get() - 1).clamp(1, MOST_BUILDERS))
}

/// The fields that are filtered by; the tenant decides how the data is laid out and linked, as every search is within
/// one.
fn indexes() -> [(&'static str, PayloadSchemaParams); 4] {
    let enable_hnsw = Some(false);
    let keyword = PayloadSchemaParams::Keyword(KeywordIndexParams { enable_hnsw, ..KeywordIndexParams::default() });
    let tenant =
        PayloadSchemaParams::Keyword(KeywordIndexParams { is_tenant: Some(true), ..KeywordIndexParams::default() });
    let time = PayloadSchemaParams::Integer(IntegerIndexParams {
        lookup: Some(false),
        range: Some(true),
        enable_hnsw,
        ..Default::default()
    });
    [(TENANT, tenant), ("category", keyword.clone()), ("labels", keyword), ("at", time)]
}

/// The finished files of the engine's write-ahead log, oldest first.
fn closed_logs(files: &Path) -> std::io::Result<Vec<PathBuf>> {
    let mut logs = Vec::new();
    for entry in fs::read_dir(files.join("wal"))? {
        let path = entry?.path();
        let start = path.file_name().and_then(|name| name.to_str()?.strip_prefix("closed-")?.parse::<u64>().ok());
        logs.extend(start.map(|start| (start, path)));
    }
    logs.sort();
    Ok(logs.into_iter().map(|(_, path)| path).collect())
}

/// Remove what the engine never reads again: it only ever continues the numbering of its log's last file, but keeps all
/// the files for good.
fn prune_log(files: &Path) -> std::io::Result<()> {
    let mut logs = closed_logs(files)?;
    logs.pop();
    logs.iter().try_for_each(fs::remove_file)
}
