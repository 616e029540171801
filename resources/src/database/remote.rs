//! The database on a server: a connection that is made anew when it was lost.

use std::sync::{Arc, Mutex as SyncMutex, PoisonError};
use std::time::{Duration, Instant};

use surrealdb::{
    IndexedResults, Surreal,
    engine::any::{self, Any},
    opt::auth::Root,
    types::Variables,
};
use tokio::{
    runtime::{self, Runtime},
    sync::Mutex,
    task::JoinHandle,
};

use super::DatabaseSettings;
use crate::{Error, Result, http, redact_url};

/// How long a connection may be silent before it is tried, so that nothing of worth is sent into a dead one.
const SILENCE: Duration = Duration::from_secs(1);
/// How long it may take to answer then.
const TRIAL: Duration = Duration::from_secs(2);
/// How long a server that did not answer is left alone: whoever asks meanwhile is told at once.
const PAUSE: Duration = Duration::from_millis(500);

/// A server.
pub(super) struct Remote {
    settings: DatabaseSettings,
    url: String,
    timeout: Duration,
    state: Mutex<State>,
}

enum State {
    Connected { connection: Arc<Connection>, used: Instant },
    Away { since: Instant, reason: String },
}

struct Connection {
    client: Surreal<Any>,
    runtime: OwnRuntime,
}

/// What a client runs on. Left to itself a client reconnects for ever and then sends what it still holds, long after
/// the caller was told that it failed; with its runtime all of that ends.
struct OwnRuntime(SyncMutex<Option<Runtime>>);

impl OwnRuntime {
    fn new() -> Result<Self> {
        let runtime = runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build();
        runtime.map(|runtime| Self(SyncMutex::new(Some(runtime)))).map_err(Error::internal)
    }

    fn spawn<T: Send + 'static>(&self, work: impl Future<Output = T> + Send + 'static) -> JoinHandle<T> {
        let runtime = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        runtime.as_ref().expect("it has not ended").spawn(work)
    }

    fn end(&self) {
        let runtime = self.0.lock().unwrap_or_else(PoisonError::into_inner).take();
        runtime.into_iter().for_each(Runtime::shutdown_background);
    }
}

impl Drop for OwnRuntime {
    fn drop(&mut self) {
        self.end();
    }
}

impl Remote {
    /// Connects, signs in and chooses the database.
    pub(super) async fn open(url: &str, settings: &DatabaseSettings) -> Result<Self> {
        let timeout = Duration::from_secs(settings.timeout_seconds);
        let connection = Arc::new(connect(url, settings, timeout).await?);
        let state = Mutex::new(State::Connected { connection, used: Instant::now() });
        Ok(Self { settings: settings.clone(), url: url.to_owned(), timeout, state })
    }

    /// Runs a batch of statements. Fails with an error of the connection while the server is away; the next batch
    /// tries to reach it again.
    pub(super) async fn query(&self, statements: &str, params: Variables) -> surrealdb::Result<IndexedResults> {
        let connection = self.connection().await.map_err(|reason| surrealdb::Error::connection(reason, None))?;
        let answer = tokio::time::timeout(self.timeout, connection.client.query(statements).bind(params)).await;
        let (reason, is_lost) = match answer {
            Ok(Ok(answers)) => return Ok(answers),
            Ok(Err(error)) => (error.to_string(), error.is_connection()),
            Err(_) => ("no answer in time".to_owned(), false),
        };
        let reason = silent(&self.url, &reason);
        // One batch that fails or takes too long is no reason to fail those of others.
        if is_lost || !connection.answers().await {
            self.lost(&connection, &reason).await;
        }
        Err(surrealdb::Error::connection(reason, None))
    }

    /// The connection, tried if it was silent, or a new one in the place of one that was lost.
    async fn connection(&self) -> Result<Arc<Connection>, String> {
        let mut state = self.state.lock().await;
        match &mut *state {
            State::Connected { connection, used } => {
                if used.elapsed() < SILENCE || connection.answers().await {
                    *used = Instant::now();
                    return Ok(Arc::clone(connection));
                }
                connection.runtime.end();
            }
            State::Away { since, reason } if since.elapsed() < PAUSE => return Err(reason.clone()),
            State::Away { .. } => {}
        }
        match connect(&self.url, &self.settings, self.timeout).await {
            Ok(connection) => {
                let connection = Arc::new(connection);
                *state = State::Connected { connection: Arc::clone(&connection), used: Instant::now() };
                tracing::info!("connected to the database at {} again", redact_url(&self.url));
                Ok(connection)
            }
            Err(error) => {
                let reason = error.to_string();
                *state = State::Away { since: Instant::now(), reason: reason.clone() };
                Err(reason)
            }
        }
    }

    /// Gives a connection up, with all that others have sent through it, unless somebody has done so already.
    async fn lost(&self, lost: &Arc<Connection>, reason: &str) {
        lost.runtime.end();
        let mut state = self.state.lock().await;
        if matches!(&*state, State::Connected { connection, .. } if Arc::ptr_eq(connection, lost)) {
            tracing::warn!("{reason}");
            *state = State::Away { since: Instant::now(), reason: reason.to_owned() };
        }
    }
}

impl Connection {
    async fn answers(&self) -> bool {
        matches!(tokio::time::timeout(TRIAL, self.client.query("RETURN 1")).await, Ok(Ok(_)))
    }
}

async fn connect(url: &str, settings: &DatabaseSettings, timeout: Duration) -> Result<Connection> {
    http::install_crypto_provider();
    let runtime = OwnRuntime::new()?;
    let connecting = runtime.spawn(sign_in(url.to_owned(), settings.clone()));
    let late = |_| Error::Unavailable(silent(url, "no answer in time"));
    let client = tokio::time::timeout(timeout, connecting).await.map_err(late)?.map_err(Error::internal)??;
    Ok(Connection { client, runtime })
}

async fn sign_in(url: String, settings: DatabaseSettings) -> Result<Surreal<Any>> {
    let away = |error: surrealdb::Error| Error::Unavailable(silent(&url, &error.to_string()));
    let client = any::connect(&url).await.map_err(away)?;
    if let (Some(username), Some(password)) = (&settings.user, &settings.password) {
        let root = Root { username: username.clone(), password: password.expose().to_owned() };
        let refused =
            |error| Error::Setting(format!("the database at {} refuses database.user: {error}", redact_url(&url)));
        client.signin(root).await.map_err(refused)?;
    }
    client.use_ns(&settings.namespace).use_db(&settings.name).await.map_err(away)?;
    Ok(client)
}

fn silent(url: &str, reason: &str) -> String {
    format!("the database at {} does not answer: {reason}", redact_url(url))
}
