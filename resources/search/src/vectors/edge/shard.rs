//! The engine's files, and the locks around them.

use std::collections::HashMap;
use std::fs::{self, File, TryLockError};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};

use parking_lot::{Mutex, RwLock};
use qdrant_edge::{
    CountRequest, CreateIndex, Distance, EdgeConfig, EdgeOptimizersConfig, EdgeShard, EdgeSparseVectorParams,
    EdgeVectorParams, FieldIndexOperations, HnswIndexConfig, IntegerIndexParams, KeywordIndexParams, OperationResult,
    PayloadFieldSchema, PayloadSchemaParams, UpdateOperation,
};

use super::filter::field;
use super::migrations;
use crate::vectors::index_model::IndexMetadata;
use crate::vectors::point::{DENSE, HNSW_M, TENANT, WORDS, full_scan_threshold, kibibytes};
use crate::{Error, Result};

/// The file of the index's metadata.
const METADATA_FILE: &str = "model.json";
/// The folder of the engine's own files.
const ENGINE_FOLDER: &str = "engine";
/// The lock file that keeps other processes out.
const LOCK_FILE: &str = "lock";
/// The minimum number of vectors that a graph is built for: a full scan of fewer takes a millisecond or two.
const MIN_GRAPH_VECTORS: usize = 10_000;
/// Graphs are built again once one point in so many has been written: a large graph is not extended for every few points.
const OPTIMIZE_SHARE: u64 = 8;
/// Up to how many records within a filter each is read, and not the sparse index's posting lists.
const SPARSE_FULL_SCAN_THRESHOLD: usize = 500;
/// More threads than this, working on one graph, make it a worse one.
const MAX_GRAPH_THREADS: usize = 8;
/// How long the write-ahead log may grow, in files of 32 MiB, before the engine is opened anew without it.
const MAX_LOG_FILES: usize = 8;

/// The number of points written before this process, which is not known: more than any index holds.
const UNKNOWN_WRITES: u64 = u64::MAX / 2;

/// The engine and its folder.
pub(super) struct Shard {
    folder: PathBuf,
    /// None only after an attempt to empty or reopen the engine failed half-way.
    engine: RwLock<Option<EdgeShard>>,
    /// Held while writing: the engine panics when it is flushed during a write.
    writing: Mutex<()>,
    /// Held while flushing, optimising or replacing the engine's files, which exclude each other. Lock order:
    /// this, `engine`, `writing`.
    maintenance: Mutex<()>,
    /// How many points were written, or deleted, since the engine was last optimised. The engine's own count is of
    /// no use: it takes every point with terms for indexed.
    written: AtomicU64,
    _lock: File,
}

impl Shard {
    /// Opens the folder, and creates a new index there if it holds none.
    pub(super) fn open(folder: PathBuf, metadata: IndexMetadata) -> Result<Self> {
        let lock = lock(&folder)?;
        let files = folder.join(ENGINE_FOLDER);
        let engine = if files.exists() {
            let recorded = read_metadata(&folder)?;
            prune_log(&files).map_err(|error| damaged(&folder, error))?;
            let engine = EdgeShard::load(&files, Some(config(recorded.dimension)));
            let engine = engine.map_err(|error| damaged(&folder, error))?;
            migrations::migrate(&engine)
                .and_then(|()| index_fields(&engine))
                .map_err(|error| damaged(&folder, error))?;
            engine
        } else {
            create(&folder, &metadata)?
        };
        Ok(Self::of(folder, lock, engine))
    }

    /// Creates a new index in the folder, whatever it holds.
    pub(super) fn recreate(folder: PathBuf, metadata: IndexMetadata) -> Result<Self> {
        let lock = lock(&folder)?;
        remove(&folder.join(ENGINE_FOLDER))?;
        let engine = create(&folder, &metadata)?;
        Ok(Self::of(folder, lock, engine))
    }

    fn of(folder: PathBuf, lock: File, engine: EdgeShard) -> Self {
        Self {
            folder,
            engine: RwLock::new(Some(engine)),
            writing: Mutex::default(),
            maintenance: Mutex::default(),
            written: AtomicU64::new(UNKNOWN_WRITES),
            _lock: lock,
        }
    }

    /// Reads what the index records of its model.
    pub(super) fn metadata(&self) -> Result<IndexMetadata> {
        read_metadata(&self.folder)
    }

    /// Changes what the index records of its model.
    pub(super) fn set_metadata(&self, metadata: &IndexMetadata) -> Result<()> {
        write_metadata(&self.folder, metadata)
    }

    /// Calls the engine.
    pub(super) fn read<T>(&self, call: impl FnOnce(&EdgeShard) -> OperationResult<T>) -> Result<T> {
        let engine = self.engine.read();
        let engine = engine.as_ref().ok_or_else(|| Error::internal("the vector index is closed"))?;
        call(engine).map_err(Error::internal)
    }

    /// Changes so many `points` of the engine.
    pub(super) fn update(&self, operation: UpdateOperation, points: usize) -> Result<()> {
        self.written.fetch_add(points as u64, Ordering::Relaxed);
        self.read(|engine| {
            let _writing = self.writing.lock();
            engine.update(operation)
        })
    }

    /// The number of points.
    pub(super) fn count(&self) -> Result<u64> {
        self.read(|engine| engine.count(CountRequest { filter: None, exact: true })).map(|count| count as u64)
    }

    /// Writes everything to the disk.
    pub(super) fn flush(&self) -> Result<()> {
        let _maintenance = self.maintenance.lock();
        self.read(|engine| {
            let _writing = self.writing.lock();
            engine.flush();
            Ok(())
        })?;
        let files = self.folder.join(ENGINE_FOLDER);
        if closed_logs(&files).map_err(Error::internal)?.len() > MAX_LOG_FILES {
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
        Ok(count.min(written) >= MIN_GRAPH_VECTORS as u64
            && written >= count / OPTIMIZE_SHARE
            && self.maintenance.try_lock().is_some())
    }

    /// Builds graphs over the vectors and drops deleted points; searches and writes go on meanwhile.
    pub(super) fn optimize(&self) -> Result<()> {
        let _maintenance = self.maintenance.lock();
        self.written.store(0, Ordering::Relaxed);
        self.read(EdgeShard::optimize).map(drop)
    }

    /// Empties the index and records `metadata`.
    pub(super) fn clear(&self, metadata: &IndexMetadata) -> Result<()> {
        let _maintenance = self.maintenance.lock();
        self.replace(|| {
            remove(&self.folder.join(ENGINE_FOLDER))?;
            create(&self.folder, metadata)
        })
    }

    /// Closes the engine and opens another in its place. The caller holds `maintenance`.
    fn replace(&self, open: impl FnOnce() -> Result<EdgeShard>) -> Result<()> {
        let mut engine = self.engine.write();
        drop(engine.take());
        *engine = Some(open()?);
        Ok(())
    }
}

/// Creates the folder and keeps other processes out of it.
fn lock(folder: &Path) -> Result<File> {
    let unusable = |error| Error::Setting(format!("the vector index cannot be kept in {}: {error}", folder.display()));
    fs::create_dir_all(folder).map_err(unusable)?;
    let lock = File::create(folder.join(LOCK_FILE)).map_err(unusable)?;
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

fn read_metadata(folder: &Path) -> Result<IndexMetadata> {
    let json = fs::read(folder.join(METADATA_FILE)).map_err(|error| damaged(folder, error))?;
    serde_json::from_slice(&json).map_err(|error| damaged(folder, error))
}

fn write_metadata(folder: &Path, metadata: &IndexMetadata) -> Result<()> {
    let json = serde_json::to_vec(metadata).map_err(Error::internal)?;
    let new = folder.join(format!("{METADATA_FILE}.new"));
    fs::write(&new, json).and_then(|()| fs::rename(&new, folder.join(METADATA_FILE))).map_err(Error::internal)
}

fn remove(files: &Path) -> Result<()> {
    if files.exists() { fs::remove_dir_all(files).map_err(Error::internal) } else { Ok(()) }
}

/// Creates an empty engine under another name and renames it when it is complete, so that a crash leaves either no
/// engine or a whole one.
fn create(folder: &Path, metadata: &IndexMetadata) -> Result<EdgeShard> {
    let (files, new) = (folder.join(ENGINE_FOLDER), folder.join(format!("{ENGINE_FOLDER}.new")));
    remove(&new)?;
    fs::create_dir_all(&new).map_err(Error::internal)?;
    write_metadata(folder, metadata)?;
    let engine = EdgeShard::new(&new, config(metadata.dimension)).map_err(Error::internal)?;
    index_fields(&engine).map_err(Error::internal)?;
    drop(engine);
    fs::rename(&new, &files).map_err(Error::internal)?;
    EdgeShard::load(&files, None).map_err(Error::internal)
}

/// Creates the indexes of the fields that are filtered by, as far as they are missing: an older release had fewer.
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
        full_scan_threshold: Some(SPARSE_FULL_SCAN_THRESHOLD),
        on_disk: None,
        modifier: None,
        datatype: None,
    };
    EdgeConfig {
        on_disk_payload: false,
        vectors: HashMap::from([(DENSE.into(), dense)]),
        sparse_vectors: HashMap::from([(WORDS.into(), words)]),
        optimizers: EdgeOptimizersConfig {
            indexing_threshold: Some(kibibytes(MIN_GRAPH_VECTORS, dimension)),
            ..EdgeOptimizersConfig::default()
        },
        hnsw_config: HnswIndexConfig {
            max_indexing_threads: graph_threads(),
            full_scan_threshold: full_scan_threshold(dimension),
            m: 0,
            payload_m: Some(HNSW_M),
            ..HnswIndexConfig::default()
        },
        ..EdgeConfig::default()
    }
}

/// How many threads build graphs: one core is left to searches.
fn graph_threads() -> usize {
    std::thread::available_parallelism().map_or(1, |cores| (cores.get() - 1).clamp(1, MAX_GRAPH_THREADS))
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

/// Removes what the engine never reads again: it only ever continues the numbering of its log's last file, but keeps all
/// the files for good.
fn prune_log(files: &Path) -> std::io::Result<()> {
    let mut logs = closed_logs(files)?;
    logs.pop();
    logs.iter().try_for_each(fs::remove_file)
}
