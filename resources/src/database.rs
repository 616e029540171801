//! SurrealDB: opened from a folder or by URL, migrated at start, and queried in batches of statements.

mod remote;
#[cfg(test)]
mod tests;
mod value;

use std::{fs, path::Path, sync::Arc, time::Duration};

use serde::Deserialize;
use surrealdb::{
    IndexedResults, Surreal,
    engine::any::{self, Any},
    types::{Array, Object, RecordId, SurrealValue, Value, Variables},
};

use crate::{Error, Result, Secret};
use remote::Remote;
pub(crate) use value::{Json, name_of, value_of};

/// Where the database is and how much memory the embedded one may take.
#[derive(Debug, Clone, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct DatabaseSettings {
    /// A SurrealDB server (`ws://` or `wss://`); none means the embedded engine, in the data folder.
    pub url: Option<String>,
    /// The root user of that server.
    pub user: Option<String>,
    /// That user's password.
    pub password: Option<Secret>,
    /// The namespace.
    pub namespace: String,
    /// The database in the namespace.
    pub name: String,
    /// The embedded engine's block cache, in MiB.
    pub cache_mib: u64,
    /// The embedded engine's write buffer, in MiB.
    pub write_buffer_mib: u64,
    /// Seconds after which a request to a database server counts as failed.
    pub timeout_seconds: u64,
}

impl Default for DatabaseSettings {
    fn default() -> Self {
        Self {
            url: None,
            user: None,
            password: None,
            namespace: "recollect".into(),
            name: "recollect".into(),
            cache_mib: 64,
            write_buffer_mib: 32,
            timeout_seconds: 5,
        }
    }
}

/// The migrations, oldest first; each is applied once, in a transaction.
const MIGRATIONS: &[&str] = &[
    include_str!("migrations/0001_memories.surql"),
    include_str!("migrations/0002_conversations.surql"),
    include_str!("migrations/0003_action_items.surql"),
    include_str!("migrations/0004_goals_people_folders.surql"),
    include_str!("migrations/0005_processing.surql"),
    include_str!("migrations/0006_daily_summaries_webhooks.surql"),
    include_str!("migrations/0007_chat.surql"),
    include_str!("migrations/0008_chat_files.surql"),
    include_str!("migrations/0009_users.surql"),
    include_str!("migrations/0010_grants.surql"),
    include_str!("migrations/0011_audit.surql"),
    include_str!("migrations/0012_limits.surql"),
    include_str!("migrations/0013_rename_tables.surql"),
    include_str!("migrations/0014_process_mode.surql"),
    include_str!("migrations/0015_key_creation.surql"),
    include_str!("migrations/0016_share_links.surql"),
];

/// The number of attempts for a transaction that conflicts with another one.
const MAX_ATTEMPTS: u32 = 8;

/// A connection, cheap to clone.
#[derive(Clone)]
pub struct Database {
    engine: Engine,
}

#[derive(Clone)]
enum Engine {
    Embedded(Surreal<Any>),
    Server(Arc<Remote>),
}

impl Database {
    /// Opens the database and brings its schema up to date.
    ///
    /// # Errors
    /// [`Error::Setting`] when the folder is locked by another process or cannot be written, or a setting is wrong;
    /// [`Error::Unavailable`] when a server does not answer.
    pub async fn open(settings: &DatabaseSettings, folder: &Path) -> Result<Self> {
        let engine = match &settings.url {
            Some(url) => Engine::Server(Arc::new(Remote::open(url, settings).await?)),
            None => Engine::Embedded(open_folder(settings, folder).await?),
        };
        let database = Self { engine };
        database.migrate(MIGRATIONS).await?;
        Ok(database)
    }

    /// Whether the engine runs in this process, so that no other process writes.
    pub fn is_embedded(&self) -> bool {
        matches!(self.engine, Engine::Embedded(_))
    }

    /// The keys of all rows that `user` has in `table`, in their order; `field` is where a row keeps its key.
    pub(crate) async fn keys(&self, table: &str, field: &str, user: &str) -> Result<Vec<String>> {
        let statement = format!("SELECT VALUE {field} FROM {table}:[$user, NONE]..=[$user, {{}}]");
        self.run(&statement, Params::new().with("user", user)).await?.take(0)
    }

    /// Runs a batch of statements; a transaction that conflicts with another one is retried.
    pub(crate) async fn run(&self, statements: &str, params: Params) -> Result<QueryResults> {
        let mut attempt = 0;
        loop {
            attempt += 1;
            match self.attempt(statements, params.clone()).await {
                Err(error) if attempt < MAX_ATTEMPTS && is_conflict(&error) => {
                    tokio::time::sleep(Duration::from_millis(1 << attempt.min(5))).await;
                }
                Err(error) => return Err(self.explain(error)),
                Ok(answers) => return Ok(QueryResults(answers)),
            }
        }
    }

    async fn attempt(&self, statements: &str, params: Params) -> surrealdb::Result<IndexedResults> {
        first_cause(match &self.engine {
            Engine::Embedded(client) => client.query(statements).bind(params.0).await?,
            Engine::Server(remote) => remote.query(statements, params.0).await?,
        })
    }

    /// What a server fails with is the caller's to retry: it, or its own storage, may be away. What the embedded engine
    /// fails with is a defect.
    fn explain(&self, error: surrealdb::Error) -> Error {
        match &self.engine {
            Engine::Embedded(_) => Error::internal(format!("database: {error}")),
            Engine::Server(_) if error.is_connection() => Error::unavailable(error),
            Engine::Server(_) => Error::Unavailable(format!("the database failed: {error}")),
        }
    }

    async fn migrate(&self, migrations: &[&str]) -> Result<()> {
        let statements = "DEFINE TABLE IF NOT EXISTS schema; SELECT VALUE version FROM ONLY schema:current";
        let version: Option<i64> = self.run(statements, Params::new()).await?.take(1)?;
        for (done, migration) in (0i64..).zip(migrations).skip(usize::try_from(version.unwrap_or(0)).unwrap_or(0)) {
            let record = "UPSERT schema:current SET version = $version, applied_at = time::now()";
            let statements = format!("BEGIN; {migration}; {record}; COMMIT;");
            self.run(&statements, Params::new().with("version", done + 1)).await?;
        }
        Ok(())
    }
}

/// The parameters of a batch of statements, `$name`.
#[derive(Debug, Clone, Default)]
pub(crate) struct Params(Variables);

impl Params {
    pub(crate) fn new() -> Self {
        Self::default()
    }

    pub(crate) fn with(mut self, name: &str, value: impl SurrealValue) -> Self {
        self.0.insert(name, value);
        self
    }
}

/// The results of a batch of statements, by statement.
pub(crate) struct QueryResults(IndexedResults);

impl QueryResults {
    /// Takes the result of the statement at `index` (BEGIN counts) as `T`.
    pub(crate) fn take<T: SurrealValue>(&mut self, index: usize) -> Result<T> {
        let value: Value = self.0.take(index).map_err(|error| Error::internal(format!("database: {error}")))?;
        T::from_value(value).map_err(|error| Error::internal(format!("a row of the database: {error}")))
    }
}

/// The id of a row of `user`.
pub(crate) fn record(table: &str, user: &str, key: &str) -> RecordId {
    RecordId::new(table, Array::from(vec![user.to_owned(), key.to_owned()]))
}

/// The fields of a row, with its id.
pub(crate) fn row(id: RecordId, fields: impl SurrealValue) -> Value {
    let mut object = match fields.into_value() {
        Value::Object(object) => object,
        _ => Object::new(),
    };
    object.insert("id", id);
    Value::Object(object)
}

async fn open_folder(settings: &DatabaseSettings, folder: &Path) -> Result<Surreal<Any>> {
    let place = folder.display();
    fs::create_dir_all(folder).map_err(|error| Error::Setting(format!("cannot write to {place}: {error}")))?;
    // The defaults of the engine take half of the machine's memory.
    let address = format!(
        "surrealkv://{place}?surrealkv_max_memtable_size={}&surrealkv_block_cache_capacity={}",
        settings.write_buffer_mib << 20,
        settings.cache_mib << 20,
    );
    let client = any::connect(address).await.map_err(|error| {
        let text = error.to_string();
        if text.to_lowercase().contains("lock") {
            Error::Setting(format!("another process has the data folder open: {place}"))
        } else {
            Error::Setting(format!("cannot open the database in {place}: {text}"))
        }
    })?;
    client.use_ns(&settings.namespace).use_db(&settings.name).await.map_err(Error::internal)?;
    Ok(client)
}

fn is_conflict(error: &surrealdb::Error) -> bool {
    let text = error.to_string();
    text.contains("onflict") || text.contains("can be retried")
}

/// In a failed transaction every statement reports a failure, most of them only that another one failed.
fn first_cause(mut answers: IndexedResults) -> surrealdb::Result<IndexedResults> {
    let mut errors: Vec<_> = answers.take_errors().into_iter().collect();
    errors.sort_by_key(|(index, error)| (error.to_string().contains("not executed"), *index));
    match errors.into_iter().next() {
        Some((_, error)) => Err(error),
        None => Ok(answers),
    }
}
